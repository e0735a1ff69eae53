/**
 * A CloudFormation custom resource without a framework between: the function gets the request, and answers it at the address
 * that comes with it. Without an answer CloudFormation waits for as long as the resource says, so there always is one.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
 */
import { log } from './log';

export interface CustomResourceRequest {
  readonly RequestType: 'Create' | 'Update' | 'Delete';
  /** Where the answer is to be put; a signed address, hence never logged. */
  readonly ResponseURL: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
  /** What the answer to `Create` said; absent on `Create`. */
  readonly PhysicalResourceId?: string;
  /** As the template has them; every scalar is text. */
  readonly ResourceProperties: Readonly<Record<string, unknown>>;
}

/** What of Lambda's context is used. */
export interface InvocationContext {
  getRemainingTimeInMillis(): number;
}

/** A custom resource. */
export interface CustomResource {
  /**
   * The physical id of what a creation or an update is about: another one than before tells CloudFormation to delete the one before.
   * It has to be known before the work is done, so that what a failed creation left behind is deleted under its name.
   * @throws Error saying what is wrong with the request
   */
  identify(request: CustomResourceRequest): string;
  /**
   * Does what is asked.
   * @returns attributes for `Fn::GetAtt`, if the resource has any
   * @throws Error whose message CloudFormation shows as the reason of the failure
   */
  work(request: CustomResourceRequest, context: InvocationContext): Promise<Attributes | void>;
}

export type Attributes = Readonly<Record<string, string>>;

/** Sends the answer. */
export type Answer = (url: string, body: string) => Promise<void>;

/** CloudFormation cuts longer answers off: 4,096 bytes for all of it. */
const LONGEST_REASON = 1_000;

/** Puts the answer at its address. @throws Error with the status, if it is not taken */
export const putAnswer: Answer = async (url, body) => {
  // The address is signed without a content type.
  const response = await fetch(url, { method: 'PUT', headers: { 'content-type': '' }, body });
  if (!response.ok) throw new Error(`CloudFormation's answer address said ${response.status}`);
};

/** The id to answer with for a request that can't be told which resource it is about; a creation has none yet. */
function fallbackId({ PhysicalResourceId, RequestId }: CustomResourceRequest): string {
  return PhysicalResourceId ?? RequestId;
}

/**
 * A handler that does the work and answers `SUCCESS` or `FAILED` with the reason.
 * @throws Error if the answer can't be sent: Lambda then invokes once more, so the work has to be idempotent
 */
export function customResource(
  { identify, work }: CustomResource,
  answer: Answer = putAnswer,
): (request: CustomResourceRequest, context: InvocationContext) => Promise<void> {
  return async (request, context) => {
    const { RequestType, LogicalResourceId, RequestId, StackId } = request;
    let id = fallbackId(request);
    let result: { Status: 'SUCCESS'; Data?: Attributes } | { Status: 'FAILED'; Reason: string };
    try {
      // A deletion is of what was made, whatever the properties say.
      if (RequestType !== 'Delete') id = identify(request);
      result = { Status: 'SUCCESS', Data: (await work(request, context)) ?? undefined };
      log.info('done', { request: RequestType, resource: LogicalResourceId, id });
    } catch (error) {
      log.error('failed', error, { request: RequestType, resource: LogicalResourceId, id });
      const reason = error instanceof Error ? error.message : String(error);
      result = { Status: 'FAILED', Reason: reason.slice(0, LONGEST_REASON) };
    }
    const about = { PhysicalResourceId: id, StackId, RequestId, LogicalResourceId };
    await answer(request.ResponseURL, JSON.stringify({ ...result, ...about }));
  };
}
