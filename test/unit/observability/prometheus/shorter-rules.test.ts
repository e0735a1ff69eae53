import { readFileSync } from 'node:fs';
import { ruleFiles } from '../../../../tools/local/run/monitoring';
import { shorterRules } from '../../../support/shorter-rules';

test('durations are divided, and nothing else changes', () => {
  const rule = `      - record: broker:kafka_cpu_used:ratio5m
        expr: 1 - avg(rate(node_cpu_seconds_total{mode="idle"}[5m])) > 60 + max_over_time(x[1h])
      - alert: KafkaNodeDown
        for: 5m
        annotations: { summary: 'has not responded for 5m' }`;
  expect(shorterRules(rule, 60)).toBe(`      - record: broker:kafka_cpu_used:ratio5m
        expr: 1 - avg(rate(node_cpu_seconds_total{mode="idle"}[5s])) > 60 + max_over_time(x[60s])
      - alert: KafkaNodeDown
        for: 5s
        annotations: { summary: 'has not responded for 5m' }`);
  expect(shorterRules('for: 1m\n[1m]', 80)).toBe('for: 750ms\n[750ms]');
});

test('every duration of the deployed rules changes', () => {
  for (const file of ruleFiles()) {
    const long = readFileSync(file, 'utf8').split('\n');
    const short = shorterRules(readFileSync(file, 'utf8'), 60).split('\n');
    const timed = long.flatMap((line, i) => (/for: |\[\d/.test(line) ? [[line, short[i]]] : []));
    expect(timed.length).toBeGreaterThan(2);
    for (const [before, after] of timed) expect(after).not.toBe(before);
    expect(short.filter((line, i) => line !== long[i])).toHaveLength(timed.length);
  }
});
