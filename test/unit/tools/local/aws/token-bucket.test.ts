import { tokenBucket } from '../../../../../tools/local/aws/token-bucket';

test('accepts a burst, then what the rate refills, and never more than a burst after a pause', () => {
  let now = 1_000;
  const accepts = tokenBucket({ rate: 10, burst: 3 }, () => now);
  const accepted = (requests: number) => Array.from({ length: requests }, accepts).filter(Boolean).length;
  expect(accepted(5)).toBe(3);
  now += 100;
  expect(accepted(5)).toBe(1);
  now += 60_000;
  expect(accepted(5)).toBe(3);
});
