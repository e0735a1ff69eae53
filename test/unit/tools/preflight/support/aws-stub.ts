/** AWS over HTTP, as far as preflight calls it: real SDK clients use each service's own wire format. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';

export interface Reply {
  readonly status?: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Operation → its response; a function gets the request's body. */
export type Replies = Readonly<Record<string, Reply | ((body: string) => Reply)>>;

export interface AwsStub {
  readonly endpoint: string;
  /** Operations in the order of their calls. */
  readonly called: string[];
  close(): Promise<void>;
}

/** Services without an operation in headers or body: by method and path. */
const BY_PATH: Readonly<Record<string, string>> = {
  'GET /2016-08-19/account-settings': 'GetAccountSettings',
  'GET /api/v2/clusters': 'ListClustersV2',
  'GET /v1/kafka-versions': 'ListKafkaVersions',
  'GET /v1/configurations': 'ListConfigurations',
  'GET /versions': 'ListVersions',
  'GET /mwaa/latest/userguide/airflow-versions.md': 'AirflowVersions',
  'POST /GetDataLakeSettings': 'GetDataLakeSettings',
};

function operationOf(request: IncomingMessage, body: string): string | undefined {
  const target = request.headers['x-amz-target'];
  if (typeof target === 'string') return target.split('.').at(-1);
  const path = (request.url ?? '').split('?')[0].replace(/\/$/, '');
  return BY_PATH[`${request.method} ${path}`] ?? new URLSearchParams(body).get('Action') ?? undefined;
}

/** Starts it on a free port. An operation without a reply gets 501, which every client reports as an error. */
export async function awsStub(replies: Replies): Promise<AwsStub> {
  const called: string[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const operation = operationOf(request, body) ?? `${request.method} ${request.url}`;
      called.push(operation);
      const found = replies[operation];
      const reply: Reply =
        typeof found === 'function' ? found(body) : (found ?? { status: 501, body: `no reply for ${operation}` });
      response.writeHead(reply.status ?? 200, reply.headers).end(reply.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    called,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

export const json = (value: unknown): Reply => ({
  body: JSON.stringify(value),
  headers: { 'content-type': 'application/x-amz-json-1.1' },
});

/** An error of a service with the JSON protocol. */
export const jsonError = (name: string, message: string): Reply => ({
  status: 400,
  body: JSON.stringify({ __type: name, message }),
  headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': name },
});

export const xml = (body: string): Reply => ({ body, headers: { 'content-type': 'text/xml' } });

/** An error of a service with the query protocol: IAM, STS, CloudFormation. */
export const xmlError = (code: string, message: string): Reply => ({
  ...xml(
    `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
  ),
  status: 400,
});

/** An error of EC2, which has its own format. */
export const ec2Error = (code: string, message: string): Reply => ({
  ...xml(`<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors></Response>`),
  status: 403,
});

/** A list in EC2's format. */
export const ec2List = (operation: string, list: string, items: readonly string[]): Reply =>
  xml(
    `<${operation}Response><${list}>${items.map((item) => `<item>${item}</item>`).join('')}</${list}></${operation}Response>`,
  );
