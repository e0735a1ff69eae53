/**
 * CloudWatch's GetMetricData in its JSON protocol. The SDK's client would be the largest module that the query function
 * loads, for one request that the existing signer can sign.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
 */
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { SignatureV4 } from '@smithy/signature-v4';
import { credentialsFromEnvironment, regionFromEnvironment } from '../aws/auth/credentials';
import { Sha256 } from '../aws/auth/sha256';

export const GET_METRIC_DATA = 'GraniteServiceVersion20100801.GetMetricData';

/** CloudWatch's limit per request. */
const QUERIES_PER_REQUEST = 500;
/** The page also works without metrics, so no reader waits long for them. */
const TIMEOUT_MS = 4_000;

export type Statistic = 'Sum' | 'Maximum';

export interface MetricQuery {
  /** A lower-case letter, then letters, digits and underscores. */
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: Statistic;
}

export interface MetricRange {
  /** ms, start of a period */
  readonly from: number;
  /** ms, exclusive */
  readonly to: number;
  readonly periodSeconds: number;
}

/** Start of a period (ms) → value; periods without data are left out. */
export type MetricPoints = ReadonlyMap<number, number>;

export interface MetricReader {
  /**
   * @returns the points of each query by its id
   * @throws MetricsUnavailableError if CloudWatch does not respond, or rejects the request
   */
  read(queries: readonly MetricQuery[], range: MetricRange): Promise<ReadonlyMap<string, MetricPoints>>;
}

export class MetricsUnavailableError extends Error {
  override readonly name = 'MetricsUnavailableError';
}

/** Instants are seconds since the epoch in this protocol. */
export interface GetMetricDataRequest {
  readonly MetricDataQueries: readonly {
    readonly Id: string;
    readonly MetricStat: {
      readonly Metric: {
        readonly Namespace: string;
        readonly MetricName: string;
        readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[];
      };
      readonly Period: number;
      readonly Stat: Statistic;
    };
  }[];
  readonly StartTime: number;
  readonly EndTime: number;
  readonly NextToken?: string;
}

export interface GetMetricDataOutput {
  readonly MetricDataResults: readonly {
    readonly Id: string;
    readonly Timestamps: readonly number[];
    readonly Values: readonly number[];
    readonly StatusCode?: string;
  }[];
  readonly NextToken?: string;
}

/** Sends a request as JSON text, returns the result as JSON text. */
export type SendMetricRequest = (body: string) => Promise<string>;

export function requestOf(queries: readonly MetricQuery[], range: MetricRange): GetMetricDataRequest {
  if (queries.length > QUERIES_PER_REQUEST) {
    throw new Error(`metrics of a request must be at most ${QUERIES_PER_REQUEST}, got ${queries.length}`);
  }
  return {
    MetricDataQueries: queries.map(({ id, namespace, name, dimensions, statistic }) => ({
      Id: id,
      MetricStat: {
        Metric: {
          Namespace: namespace,
          MetricName: name,
          Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
        },
        Period: range.periodSeconds,
        Stat: statistic,
      },
    })),
    StartTime: range.from / 1000,
    EndTime: range.to / 1000,
  };
}

export function metricReader(send: SendMetricRequest): MetricReader {
  return {
    async read(queries, range) {
      const points = new Map<string, Map<number, number>>(queries.map(({ id }) => [id, new Map()]));
      let request = requestOf(queries, range);
      for (;;) {
        const output = JSON.parse(await send(JSON.stringify(request))) as GetMetricDataOutput;
        for (const { Id, Timestamps, Values } of output.MetricDataResults) {
          Timestamps.forEach((at, i) => points.get(Id)?.set(at * 1000, Values[i]));
        }
        if (!output.NextToken) return points;
        request = { ...request, NextToken: output.NextToken };
      }
    },
  };
}

/** Sends to CloudWatch in the function's region, signed with the function's role. */
export function sendSigned(environment: NodeJS.ProcessEnv = process.env): SendMetricRequest {
  const region = regionFromEnvironment(environment);
  const endpoint = new URL(environment.AWS_ENDPOINT_URL_CLOUDWATCH ?? `https://monitoring.${region}.amazonaws.com`);
  const signer = new SignatureV4({
    service: 'monitoring',
    region,
    credentials: () => Promise.resolve(credentialsFromEnvironment()),
    sha256: Sha256,
  });
  return async (body) => {
    const { headers } = await signer.sign({
      method: 'POST',
      protocol: endpoint.protocol,
      hostname: endpoint.hostname,
      path: '/',
      headers: { host: endpoint.host, 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': GET_METRIC_DATA },
      body,
    });
    return post(endpoint, headers, body);
  };
}

function post(endpoint: URL, headers: Readonly<Record<string, string>>, body: string): Promise<string> {
  const send = endpoint.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => reject(new MetricsUnavailableError(`CloudWatch ${reason}`));
    const options = { method: 'POST', headers, signal: AbortSignal.timeout(TIMEOUT_MS) };
    const request = send(endpoint, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', (error) => fail(error.message));
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        if (response.statusCode === 200) resolve(text);
        else fail(`responded with ${response.statusCode}: ${text.slice(0, 200)}`);
      });
    });
    request.once('error', (error) => fail(`did not respond: ${error.message}`));
    request.end(body);
  });
}
