/** What has to happen until an EMR Serverless application is stopped. */

/** @see https://docs.aws.amazon.com/emr-serverless/latest/APIReference/API_Application.html */
export type ApplicationState = 'CREATING' | 'CREATED' | 'STARTING' | 'STARTED' | 'STOPPING' | 'STOPPED' | 'TERMINATED';

/** What is done about jobs that are under way: they are waited for, or cancelled as nothing will come of them. */
export type Jobs = 'wait' | 'cancel';

export type Step =
  /** It may be updated and deleted. */
  | { readonly kind: 'done' }
  /** Ask it to stop. */
  | { readonly kind: 'stop' }
  /** Cancel these jobs. */
  | { readonly kind: 'cancel'; readonly jobs: readonly string[] }
  /** Look again later; `reason` says what for. */
  | { readonly kind: 'wait'; readonly reason: string };

/** What a request of CloudFormation is about. */
export type Task =
  | { readonly kind: 'stop'; readonly application: Application; readonly jobs: Jobs; readonly physicalId: string }
  | { readonly kind: 'nothing'; readonly physicalId: string };

/** An application is known by its id, or by its logical id in the stack of the request, where it may not be yet. */
export type Application = { readonly id: string } | { readonly logicalId: string };

/** Names listed in a reason. */
const SHOWN_JOBS = 3;

/**
 * The next step.
 * @param state undefined if there is no such application
 * @param jobs ids of those that are not over
 */
export function nextStep(state: ApplicationState | undefined, jobs: readonly string[], mode: Jobs): Step {
  switch (state) {
    case undefined:
    case 'CREATED':
    case 'STOPPED':
    case 'TERMINATED':
      return { kind: 'done' };
    case 'STARTED':
      if (jobs.length === 0) return { kind: 'stop' };
      if (mode === 'cancel') return { kind: 'cancel', jobs };
      return {
        kind: 'wait',
        reason: `${jobs.length} job(s) are under way (${jobs.slice(0, SHOWN_JOBS).join(', ')}): wait for them or cancel them`,
      };
    case 'CREATING':
    case 'STARTING':
    case 'STOPPING':
      return { kind: 'wait', reason: `it is ${state}` };
  }
}

/**
 * Two resources stand around an application: one before it, which names it by its logical id and acts when it is created or
 * updated, and one after it, which names it by its id and acts when it is deleted.
 * @throws Error if the properties name no application
 */
export function taskOf(
  request: 'Create' | 'Update' | 'Delete',
  properties: Readonly<Record<string, unknown>>,
  physicalId: string | undefined,
): Task {
  const { LogicalId: logicalId, ApplicationId: id } = properties;
  if (typeof logicalId === 'string' && logicalId !== '') {
    const name = `before-update-of-${logicalId}`;
    return request === 'Delete'
      ? { kind: 'nothing', physicalId: physicalId ?? name }
      : { kind: 'stop', application: { logicalId }, jobs: 'wait', physicalId: name };
  }
  if (typeof id === 'string' && id !== '') {
    return request === 'Delete'
      ? { kind: 'stop', application: { id }, jobs: 'cancel', physicalId: physicalId ?? id }
      : // Of a replaced application the id is another, so that CloudFormation deletes the one before.
        { kind: 'nothing', physicalId: id };
  }
  throw new Error(`either LogicalId or ApplicationId must be a text, got neither`);
}
