import { parseExpression, type PeriodValues } from '../../../../../tools/local/alarms/expression';

const valueOf = (text: string, values: PeriodValues) => parseExpression(text, Object.keys(values))(values);

test.each([
  ['errors / requests * 100', { errors: 1, requests: 4 }, 25],
  ['1 + 2 * 3 - 4', {}, 3],
  ['(a + 1) * 2', { a: 3 }, 8],
  ['ABS(a) + ABS(b)', { a: -2, b: 3 }, 5],
  ['IF(received >= 100, 100 * bad / received, 0)', { received: 200, bad: 20 }, 10],
  ['IF(received >= 100, 100 * bad / received, 0)', { received: 99, bad: 99 }, 0],
  ['100 * errors / MAX([requests, 1])', { errors: 3, requests: 0 }, 300],
  ['100 * errors / MAX([requests, 1])', { errors: 1, requests: 50 }, 2],
  ['MAX(METRICS())', { a: 3, b: 7, c: undefined }, 7],
])('%s of %j is %d', (text, values, result) => {
  expect(valueOf(text, values)).toBe(result);
});

test.each([
  ['a missing value is 0 beside a metric that has one', 'a + b', { a: undefined, b: 2 }, 2],
  ['without any metric there is no value', 'a + b', { a: undefined, b: undefined }, undefined],
  ['a number alone makes no value', '100 * a', { a: undefined }, undefined],
  ['nor in an array', 'MAX([a, 1])', { a: undefined }, undefined],
  ['FILL makes one', 'FILL(a, 0) + FILL(b, 0)', { a: undefined, b: undefined }, 0],
  ['FILL leaves existing values', 'FILL(a, 9)', { a: 2 }, 2],
  ['what is divided by 0 is dropped', 'a / b', { a: 1, b: 0 }, undefined],
  ['a condition without data has no branch', 'IF(a > 1, 2, 3)', { a: undefined }, undefined],
])('%s', (_rule, text, values, result) => {
  expect(valueOf(text, values)).toBe(result);
});

test.each([
  ['a + c', "there is no metric 'c'"],
  ['RATE(a)', 'function RATE is not evaluated here'],
  ['a ^ 2', 'operator ^ is not evaluated here'],
  ['a AND b', 'Compound is not evaluated here'],
  ["FILL(a, 'x')", "'x' is no number"],
  ['MAX(a)', 'MAX must be of an array'],
])('%s is rejected', (text, problem) => {
  expect(() => parseExpression(text, ['a', 'b'])).toThrow(problem);
});
