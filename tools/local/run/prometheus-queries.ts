/** Asks a Prometheus whether expressions of rules, alerts and dashboards have data. */

interface Answer<T> {
  readonly status: 'success' | 'error';
  readonly error?: string;
  readonly data: T;
}

async function ask<T>(url: string, path: string, parameters: Readonly<Record<string, string>> = {}): Promise<T> {
  const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
  const answer = (await response.json()) as Answer<T>;
  if (answer.status === 'success') return answer.data;
  throw new Error(`Prometheus: ${path} ${JSON.stringify(parameters)}: ${answer.error}`);
}

export interface Rule {
  readonly type: 'recording' | 'alerting';
  readonly name: string;
  readonly query: string;
}

/** The rules that a Prometheus has loaded. */
export async function loadedRules(url: string): Promise<Rule[]> {
  const { groups } = await ask<{ groups: { rules: Rule[] }[] }>(url, 'rules');
  return groups.flatMap(({ rules }) => rules);
}

/**
 * The expression with 0 and 1 where it compares: a comparison drops the series for which it is false, so that an alert which
 * does not fire would look like one without data.
 */
export function unfiltered(expression: string): string {
  let result = '';
  let at = 0;
  while (at < expression.length) {
    // Texts and label matchers as they are; durations and names hold no operators.
    const [token] = /^("(\\.|[^"\\])*"|'(\\.|[^'\\])*'|`[^`]*`|\{("(\\.|[^"\\])*"|'(\\.|[^'\\])*'|[^}"'])*\}|[^])/.exec(
      expression.slice(at),
    )!;
    const comparison = /^(==|!=|>=|<=|>|<)(\s*bool\b)?\s*/.exec(expression.slice(at));
    result += comparison ? `${comparison[1]} bool ` : token;
    at += (comparison?.[0] ?? token).length;
  }
  return result;
}

/** One series of an instant vector. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * What an expression is now; a number alone is one sample without labels.
 * @throws Error with Prometheus' words, if it is no expression
 */
export async function vectorOf(url: string, expression: string): Promise<Sample[]> {
  type Value = readonly [number, string];
  type Found = { readonly metric: Sample['labels']; readonly value: Value };
  const { resultType, result } = await ask<{ resultType: string; result: Found[] | Value }>(url, 'query', {
    query: expression,
  });
  const found = resultType === 'vector' ? (result as Found[]) : [{ metric: {}, value: result as Value }];
  return found.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
}

/**
 * How many series an expression has now. One without a number (0 / 0) counts for nothing.
 * @throws Error with Prometheus' words, if it is no expression
 */
export async function seriesOf(url: string, expression: string): Promise<number> {
  const samples = await vectorOf(url, unfiltered(expression));
  return samples.filter(({ value }) => !Number.isNaN(value)).length;
}

/**
 * Those of the expressions that have no series.
 * @param url of a Prometheus, without a slash at its end
 * @throws Error with Prometheus' words, if one is no expression
 */
export async function expressionsWithoutData(url: string, expressions: readonly string[]): Promise<string[]> {
  const counts = await Promise.all(expressions.map((expression) => seriesOf(url, expression)));
  return expressions.filter((_, index) => counts[index] === 0);
}
