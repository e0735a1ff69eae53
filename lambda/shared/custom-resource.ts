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

/**
 * What is done for a request.
 * @returns the physical id of the resource: another one than before tells CloudFormation to delete the one before
 * @throws Error whose message CloudFormation shows as the reason of the failure
 */
export type Work = (request: CustomResourceRequest, context: InvocationContext) => Promise<string>;

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

/**
 * A handler that does the work and answers `SUCCESS` or `FAILED` with the reason.
 * @throws Error if the answer can't be sent: Lambda then invokes once more, so the work has to be idempotent
 */
export function customResource(
  work: Work,
  answer: Answer = putAnswer,
): (request: CustomResourceRequest, context: InvocationContext) => Promise<void> {
  return async (request, context) => {
    const { RequestType, LogicalResourceId, RequestId, StackId } = request;
    const about = { request: RequestType, resource: LogicalResourceId };
    let result: { Status: 'SUCCESS' | 'FAILED'; Reason?: string; PhysicalResourceId: string };
    try {
      result = { Status: 'SUCCESS', PhysicalResourceId: await work(request, context) };
      log.info('done', about);
    } catch (error) {
      log.error('failed', error, about);
      result = {
        Status: 'FAILED',
        Reason: (error instanceof Error ? error.message : String(error)).slice(0, LONGEST_REASON),
        // A failed answer must name one, too. The id of a failed creation comes back with its deletion.
        PhysicalResourceId: request.PhysicalResourceId ?? RequestId,
      };
    }
    await answer(request.ResponseURL, JSON.stringify({ ...result, StackId, RequestId, LogicalResourceId }));
  };
}
