/**
 * The AWS APIs that the pipeline itself calls, on one port: Lambda's Invoke and EMR Serverless' job runs (from the DAG),
 * MSK's GetBootstrapBrokers and CloudWatch's GetMetricData (from functions). Signatures are not checked.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 * @see https://docs.aws.amazon.com/emr-serverless/latest/APIReference/API_StartJobRun.html
 * @see https://docs.aws.amazon.com/msk/1.0/apireference/clusters-clusterarn-bootstrap-brokers.html
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
 */
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { GET_METRIC_DATA, type GetMetricDataOutput, type GetMetricDataRequest } from '../../../lambda/query/cloudwatch';
import { type LocalPlan } from '../../assembly/local-plan';
import { type SparkCommand } from '../../engines';
import { type FunctionError, type FunctionHost, PAYLOAD_LIMIT } from './function-host';
import { JobRuns, ServiceError, type StartJobRun } from './job-runs';
import { listen, readBody, type RunningServer } from './server';

export interface ControlApiOptions {
  /** @default - a free port */
  readonly port?: number;
  readonly plan: Pick<LocalPlan, 'applications' | 'jobRoles' | 'clusters'>;
  readonly functions: Pick<FunctionHost, 'invoke' | 'has'>;
  /** Serves GetMetricData. @throws Error of one line about an invalid request */
  readonly metrics: (request: GetMetricDataRequest) => Promise<GetMetricDataOutput>;
  /** SASL listener of the broker that represents every cluster of the plan. */
  readonly brokers: string;
  /** @default - the plan has no application */
  readonly sparkCommand?: SparkCommand;
  /** Absolute folder for the logs of job runs. */
  readonly logs: string;
}

/** Lambda's limit for requests that it queues, bytes. @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const QUEUED_LIMIT = 1024 * 1024;

interface Response {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
}

interface Request {
  readonly method: string;
  /** Decoded, without empty segments. */
  readonly path: readonly string[];
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const json = (value: unknown, statusCode = 200): Response => ({ statusCode, body: JSON.stringify(value) });

const serviceError = (statusCode: number, type: string, text: string): Response => ({
  statusCode,
  headers: { 'x-amzn-errortype': type },
  body: JSON.stringify({ __type: type, message: text }),
});

const tooLarge = (limit: number) =>
  serviceError(413, 'RequestTooLargeException', `the payload must have at most ${limit} bytes`);

/** @throws Error naming the port if it is taken */
export async function startControlApi(options: ControlApiOptions): Promise<RunningServer> {
  const jobs = new JobRuns(options.plan.applications, options.plan.jobRoles, options.sparkCommand, options.logs);
  const server = await listen('control API', options.port ?? 0, (request, response) => {
    void respond(request, response, options, jobs);
  });
  return {
    ...server,
    stop: async () => {
      await jobs.stop();
      await server.stop();
    },
  };
}

async function respond(request: IncomingMessage, response: ServerResponse, options: ControlApiOptions, jobs: JobRuns) {
  const { statusCode, headers, body } = await route(request, options, jobs).catch((error: Error) =>
    error instanceof ServiceError
      ? serviceError(error.statusCode, error.name, error.message)
      : serviceError(500, 'ServiceException', error.message),
  );
  response.writeHead(statusCode, { 'content-type': 'application/json', ...headers });
  response.end(body);
}

async function route(request: IncomingMessage, options: ControlApiOptions, jobs: JobRuns): Promise<Response> {
  const body = await readBody(request, PAYLOAD_LIMIT);
  if (!body) return tooLarge(PAYLOAD_LIMIT);
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const parsed: Request = {
    method: request.method ?? 'GET',
    path: pathname.split('/').filter(Boolean).map(decodeURIComponent),
    headers: request.headers,
    body: body.toString('utf8'),
  };
  const { method, path, headers } = parsed;
  if (method === 'POST' && path[0] === '2015-03-31' && path[1] === 'functions' && path[3] === 'invocations') {
    return invoke(parsed, options);
  }
  if (path[0] === 'applications' && path.length > 1) return serverless(parsed, jobs);
  if (method === 'POST' && headers['x-amz-target'] === GET_METRIC_DATA) {
    return json(await options.metrics(JSON.parse(parsed.body) as GetMetricDataRequest));
  }
  if (method === 'GET' && path[0] === 'v1' && path[1] === 'clusters') return bootstrapBrokers(path, options);
  return serviceError(404, 'ResourceNotFoundException', `${method} ${pathname} is not supported here`);
}

async function invoke({ path, headers, body }: Request, { functions }: ControlApiOptions): Promise<Response> {
  const name = path[2];
  if (!functions.has(name)) return serviceError(404, 'ResourceNotFoundException', `function not found: '${name}'`);
  const event = body === '' ? '{}' : body;
  try {
    JSON.parse(event);
  } catch {
    return serviceError(400, 'InvalidRequestContentException', 'could not parse request body into json');
  }
  const type = headers['x-amz-invocation-type'] ?? 'RequestResponse';
  if (type === 'DryRun') return { statusCode: 204, body: '' };
  if (type === 'Event') {
    if (Buffer.byteLength(event) > QUEUED_LIMIT) return tooLarge(QUEUED_LIMIT);
    void functions.invoke(name, event);
    return { statusCode: 202, body: '' };
  }
  const invocation = await functions.invoke(name, event);
  if (invocation.error && invocation.throttled) return throttling(invocation.error);
  const version = { 'x-amz-executed-version': '$LATEST' };
  if (!invocation.error) return { statusCode: 200, headers: version, body: invocation.payload };
  return {
    statusCode: 200,
    headers: { ...version, 'x-amz-function-error': 'Unhandled' },
    body: JSON.stringify(invocation.error),
  };
}

/** @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors */
const throttling = ({ errorType, errorMessage }: FunctionError): Response => ({
  statusCode: 429,
  headers: { 'x-amzn-errortype': errorType },
  body: JSON.stringify({
    Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
    Type: 'User',
    message: errorMessage,
  }),
});

function serverless({ method, path, body }: Request, jobs: JobRuns): Response {
  const [, applicationId, what, jobRunId] = path;
  const { id, arn, name, releaseLabel } = jobs.application(applicationId);
  const request = `${method} ${what ?? ''}${jobRunId === undefined ? '' : '/run'}`;
  switch (request) {
    case 'GET ': {
      // Always started: each job is a process here, so nothing has to be pre-initialized.
      const times = { createdAt: 0, updatedAt: 0 };
      return json({
        application: { applicationId: id, arn, name, releaseLabel, type: 'Spark', state: 'STARTED', ...times },
      });
    }
    case 'POST start':
    case 'POST stop':
      return json({});
    case 'POST jobruns': {
      const run = jobs.start(applicationId, JSON.parse(body) as StartJobRun);
      return json({ applicationId, jobRunId: run.jobRunId, arn: run.arn });
    }
    case 'GET jobruns/run':
      return json({ jobRun: jobs.get(applicationId, jobRunId) });
    case 'DELETE jobruns/run':
      jobs.cancel(applicationId, jobRunId);
      return json({ applicationId, jobRunId });
    default:
      return serviceError(404, 'ResourceNotFoundException', `${method} /${path.join('/')} is not supported here`);
  }
}

/** The ARN contains slashes, which clients may or may not escape. */
function bootstrapBrokers(path: readonly string[], { plan, brokers }: ControlApiOptions): Response {
  const arn = path.slice(2, -1).join('/');
  if (path.at(-1) !== 'bootstrap-brokers' || !plan.clusters.some((cluster) => cluster.arn === arn)) {
    return serviceError(404, 'NotFoundException', `cluster '${arn}' does not exist`);
  }
  return json({ bootstrapBrokerStringSaslIam: brokers });
}
