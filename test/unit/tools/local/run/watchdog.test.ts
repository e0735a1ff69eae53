import { watch } from '../../../../../tools/local/run/watchdog';

describe('the watchdog', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  test('restarts an engine once, even if its start takes longer than several checks', async () => {
    let alive = false;
    const restart = jest.fn(async () => {
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      alive = true;
    });
    const watchdog = watch({ kafka: { running: () => alive, restart } }, () => undefined);
    await jest.advanceTimersByTimeAsync(5_000);
    watchdog.stop();
    expect(restart).toHaveBeenCalledTimes(1);
    expect(watchdog.restarts).toEqual({ kafka: 1 });
  });

  test('tries again after a failed start, and prints the reason', async () => {
    const lines: string[] = [];
    const restart = jest.fn().mockRejectedValue(new Error('port 9092 is in use'));
    const watchdog = watch({ kafka: { running: () => false, restart } }, (line) => lines.push(line));
    await jest.advanceTimersByTimeAsync(1_200);
    watchdog.stop();
    expect(restart.mock.calls.length).toBeGreaterThan(1);
    expect(lines).toContain('kafka did not come back: port 9092 is in use');
  });
});
