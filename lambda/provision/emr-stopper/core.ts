/** Decides the next step towards a stopped EMR Serverless application. */

/** @see https://docs.aws.amazon.com/emr-serverless/latest/APIReference/API_Application.html */
export type ApplicationState = 'CREATING' | 'CREATED' | 'STARTING' | 'STARTED' | 'STOPPING' | 'STOPPED' | 'TERMINATED';

/** What happens to running jobs: wait for them, or cancel them because their results will not be used. */
export type Jobs = 'wait' | 'cancel';

export type Step =
  /** The application can be updated and deleted. */
  | { readonly kind: 'done' }
  /** Request a stop. */
  | { readonly kind: 'stop' }
  /** Cancel these jobs. */
  | { readonly kind: 'cancel'; readonly jobs: readonly string[] }
  /** Check again later; `reason` states what for. */
  | { readonly kind: 'wait'; readonly reason: string };

/** What a CloudFormation request requires. */
export type Task =
  | { readonly kind: 'stop'; readonly application: Application; readonly jobs: Jobs; readonly physicalId: string }
  | { readonly kind: 'nothing'; readonly physicalId: string };

/** An application, by its id or by its logical id in the stack of the request, where it may not exist yet. */
export type Application = { readonly id: string } | { readonly logicalId: string };

/** How many job ids a reason lists. */
const SHOWN_JOBS = 3;

/**
 * The next step.
 * @param state undefined if the application does not exist
 * @param jobs ids of the unfinished jobs
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
        reason: `${jobs.length} job(s) are running (${jobs.slice(0, SHOWN_JOBS).join(', ')}): wait for them or cancel them`,
      };
    case 'CREATING':
    case 'STARTING':
    case 'STOPPING':
      return { kind: 'wait', reason: `it is ${state}` };
  }
}

/**
 * Two resources surround an application: one is ordered before it, names it by logical id and acts on creation and
 * update; the other is ordered after it, names it by id and acts on deletion.
 * @throws Error if the properties do not name an application
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
      : // A replaced application has another id, so CloudFormation deletes the resource of the old one.
        { kind: 'nothing', physicalId: id };
  }
  throw new Error(
    `property LogicalId or ApplicationId must be a non-empty string, got '${String(logicalId)}' and '${String(id)}'`,
  );
}
