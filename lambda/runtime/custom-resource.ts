/**
 * A CloudFormation custom resource without a framework: the function receives the request and puts its response at the
 * URL in the request. Without a response CloudFormation waits until the resource's timeout, so the handler always sends
 * one.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
 */
import { log, type Invocation } from './log';

export interface CustomResourceRequest {
  readonly RequestType: 'Create' | 'Update' | 'Delete';
  /** Where to put the response; a signed URL, hence never logged. */
  readonly ResponseURL: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
  /** From the response to `Create`; absent on `Create`. */
  readonly PhysicalResourceId?: string;
  /** As in the template; every scalar is a string. */
  readonly ResourceProperties: Readonly<Record<string, unknown>>;
}

export type InvocationContext = Pick<Invocation, 'getRemainingTimeInMillis'>;

/** A custom resource. */
export interface CustomResource {
  /**
   * The physical id for a creation or an update. If it differs from the previous one, CloudFormation deletes the
   * previous resource. It must be known before the work starts, so that the remains of a failed creation can be deleted
   * by it.
   * @throws Error naming what is wrong with the request
   */
  identify(request: CustomResourceRequest): string;
  /**
   * Does the requested work.
   * @returns attributes for `Fn::GetAtt`, if the resource has any
   * @throws Error whose message CloudFormation shows as the reason of the failure
   */
  work(request: CustomResourceRequest, context: InvocationContext): Promise<Attributes | void>;
}

export type Attributes = Readonly<Record<string, string>>;

/** Sends the response. */
export type SendResponse = (url: string, body: string) => Promise<void>;

/** CloudFormation accepts 4,096 bytes for the whole response. */
const LONGEST_REASON = 1_000;

/** Puts the response at its URL. @throws Error with the status, if CloudFormation does not accept it */
export const putResponse: SendResponse = async (url, body) => {
  // The URL is signed without a content type.
  const response = await fetch(url, { method: 'PUT', headers: { 'content-type': '' }, body });
  if (!response.ok) throw new Error(`PUT of the custom resource's response must return 200, got ${response.status}`);
};

/** The id in the response when the request's resource cannot be identified; a creation has none yet. */
function fallbackId({ PhysicalResourceId, RequestId }: CustomResourceRequest): string {
  return PhysicalResourceId ?? RequestId;
}

/**
 * A handler that does the work and responds with `SUCCESS`, or with `FAILED` and the reason.
 * @throws Error if the response cannot be sent: Lambda then retries the invocation, so the work must be idempotent
 */
export function customResource(
  { identify, work }: CustomResource,
  send: SendResponse = putResponse,
): (request: CustomResourceRequest, context: InvocationContext) => Promise<void> {
  return async (request, context) => {
    const { RequestType, LogicalResourceId, RequestId, StackId } = request;
    let id = fallbackId(request);
    let result: { Status: 'SUCCESS'; Data?: Attributes } | { Status: 'FAILED'; Reason: string };
    try {
      // A deletion applies to what was created, whatever the properties are now.
      if (RequestType !== 'Delete') id = identify(request);
      result = { Status: 'SUCCESS', Data: (await work(request, context)) ?? undefined };
      log.info('done', { request: RequestType, resource: LogicalResourceId, id });
    } catch (error) {
      log.error('failed', error, { request: RequestType, resource: LogicalResourceId, id });
      const reason = error instanceof Error ? error.message : String(error);
      result = { Status: 'FAILED', Reason: reason.slice(0, LONGEST_REASON) };
    }
    const about = { PhysicalResourceId: id, StackId, RequestId, LogicalResourceId };
    await send(request.ResponseURL, JSON.stringify({ ...result, ...about }));
  };
}
