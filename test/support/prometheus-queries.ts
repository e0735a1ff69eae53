/** Queries a Prometheus: whether expressions of rules, alerts and dashboards have data. */

interface ApiResponse<T> {
  readonly status: 'success' | 'error';
  readonly error?: string;
  readonly data: T;
}

async function get<T>(url: string, path: string, parameters: Readonly<Record<string, string>> = {}): Promise<T> {
  const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
  const { status, data, error } = (await response.json()) as ApiResponse<T>;
  if (status === 'success') return data;
  throw new Error(`Prometheus: ${path} ${JSON.stringify(parameters)}: ${error}`);
}

export interface Rule {
  readonly type: 'recording' | 'alerting';
  readonly name: string;
  readonly query: string;
}

/** The rules that a Prometheus has loaded. */
export async function loadedRules(url: string): Promise<Rule[]> {
  const { groups } = await get<{ groups: { rules: Rule[] }[] }>(url, 'rules');
  return groups.flatMap(({ rules }) => rules);
}

/**
 * The expression with comparisons that return 0 or 1. An ordinary comparison drops the series for which it is false, so an
 * alert that does not fire would look like one without data.
 */
export function unfiltered(expression: string): string {
  let result = '';
  let at = 0;
  while (at < expression.length) {
    // Strings and label matchers are copied; durations and names contain no operators.
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
 * The current value of an expression; a scalar is one sample without labels.
 * @throws Error with Prometheus' message, if the expression is invalid
 */
export async function vectorOf(url: string, expression: string): Promise<Sample[]> {
  type Value = readonly [number, string];
  type Found = { readonly metric: Sample['labels']; readonly value: Value };
  const { resultType, result } = await get<{ resultType: string; result: Found[] | Value }>(url, 'query', {
    query: expression,
  });
  const found = resultType === 'vector' ? (result as Found[]) : [{ metric: {}, value: result as Value }];
  return found.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
}

/**
 * The current number of series of an expression. Series with the value NaN (0 / 0) do not count.
 * @throws Error with Prometheus' message, if the expression is invalid
 */
export async function seriesOf(url: string, expression: string): Promise<number> {
  const samples = await vectorOf(url, unfiltered(expression));
  return samples.filter(({ value }) => !Number.isNaN(value)).length;
}

/**
 * The expressions that have no series.
 * @param url of a Prometheus, without a trailing slash
 * @throws Error with Prometheus' message, if an expression is invalid
 */
export async function expressionsWithoutData(url: string, expressions: readonly string[]): Promise<string[]> {
  const counts = await Promise.all(expressions.map((expression) => seriesOf(url, expression)));
  return expressions.filter((_, index) => counts[index] === 0);
}
