import { type CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { type EMRServerlessClient } from '@aws-sdk/client-emr-serverless';
import { type CustomResourceRequest } from '../../../../../lambda/runtime/custom-resource';
import { type ApplicationState } from '../../../../../lambda/provision/emr-stopper/core';
import { awsApplications, stopperOf, type Applications } from '../../../../../lambda/provision/emr-stopper/handler';

const BEFORE: CustomResourceRequest = {
  RequestType: 'Update',
  ResponseURL: 'https://response.example/signed',
  StackId: 'stack',
  RequestId: 'request',
  LogicalResourceId: 'BeforeUpdate',
  PhysicalResourceId: 'before-update-of-Spark',
  ResourceProperties: { LogicalId: 'Spark' },
};
const AFTER: CustomResourceRequest = {
  ...BEFORE,
  RequestType: 'Delete',
  PhysicalResourceId: 'app',
  ResourceProperties: { ApplicationId: 'app' },
};

beforeEach(() => void jest.spyOn(process.stdout, 'write').mockReturnValue(true));
afterEach(() => jest.restoreAllMocks());

/**
 * An application that changes to the next state with each read, and remains in the last; and a clock that sleeping moves.
 */
function fixture(states: readonly (ApplicationState | undefined)[], jobs: readonly (readonly string[])[] = [[]]) {
  const done: string[] = [];
  let reads = 0;
  let slept = 0;
  const at = <T>(list: readonly T[], index: number): T => list[Math.min(index, list.length - 1)];
  const applications: Applications = {
    idOf: async (stack, logicalId) => (stack === 'stack' && logicalId === 'Spark' ? 'app' : undefined),
    state: async (id) => {
      if (id !== 'app') throw new Error(`unexpected application ${id}`);
      return at(states, reads++);
    },
    jobs: async () => at(jobs, reads - 1),
    stop: async () => {
      done.push('stop');
      return undefined;
    },
    cancel: async (_id, job) => void done.push(`cancel ${job}`),
  };
  return {
    done,
    applications,
    reads: () => reads,
    run: async (request: CustomResourceRequest, minutes = 14) => {
      const sleep = async (milliseconds: number) => void (slept += milliseconds);
      const { identify, work } = stopperOf({ applications, sleep });
      await work(request, { getRemainingTimeInMillis: () => minutes * 60_000 - slept });
      return identify(request);
    },
  };
}

describe('before an update', () => {
  test('stops a started application once, and waits for it', async () => {
    const { run, done, reads } = fixture(['STARTED', 'STOPPING', 'STOPPING', 'STOPPED']);
    await expect(run(BEFORE)).resolves.toBe('before-update-of-Spark');
    expect(done).toEqual(['stop']);
    expect(reads()).toBe(4);
  });

  test('waits for a starting application before it stops it', async () => {
    const { run, done } = fixture(['STARTING', 'STARTED', 'STOPPING', 'STOPPED']);
    await run(BEFORE);
    expect(done).toEqual(['stop']);
  });

  test.each<[ApplicationState]>([['STOPPED'], ['CREATED'], ['TERMINATED']])(
    'leaves an application that is %s unchanged',
    async (state) => {
      const { run, done, reads } = fixture([state]);
      await run(BEFORE);
      expect({ done, reads: reads() }).toEqual({ done: [], reads: 1 });
    },
  );

  test('does not wait for an application that the stack does not have yet', async () => {
    const { run, reads } = fixture(['STARTED']);
    await run({ ...BEFORE, RequestType: 'Create', ResourceProperties: { LogicalId: 'Other' } });
    expect(reads()).toBe(0);
  });

  test('regards a deleted application as stopped', async () => {
    const { run, done } = fixture([undefined]);
    await run(BEFORE);
    expect(done).toEqual([]);
  });

  test('waits for its jobs and never cancels them', async () => {
    const { run, done } = fixture(['STARTED', 'STARTED', 'STARTED', 'STOPPED'], [['job'], ['job'], []]);
    await run(BEFORE);
    expect(done).toEqual(['stop']);
  });

  test('a job that outlasts the function fails the update with its id', async () => {
    const { run, done } = fixture(['STARTED'], [['job-1']]);
    await expect(run(BEFORE)).rejects.toThrow(
      'application app has not stopped in time: 1 job(s) are running (job-1): wait for them or cancel them; then retry',
    );
    expect(done).toEqual([]);
  });

  test('an application that never stops fails in time with its last state', async () => {
    const { run, reads } = fixture(['STOPPING']);
    await expect(run(BEFORE, 1)).rejects.toThrow('application app has not stopped in time: it is STOPPING; then retry');
    expect(reads()).toBeLessThanOrEqual(60 / 5);
  });

  test('a stop that is rejected because of a new job is retried, and the reason is in the error', async () => {
    const { run, applications } = fixture(['STARTED']);
    const rejected = jest.fn().mockResolvedValue('there are running jobs');
    Object.assign(applications, { stop: rejected });
    await expect(run(BEFORE, 1)).rejects.toThrow('has not stopped in time: there are running jobs');
    expect(rejected.mock.calls.length).toBeGreaterThan(1);
  });
});

describe('before the deletion', () => {
  test('cancels the jobs, whose results are not used, and stops the application', async () => {
    const { run, done } = fixture(['STARTED', 'STARTED', 'STOPPING', 'STOPPED'], [['a', 'b'], []]);
    await expect(run(AFTER)).resolves.toBe('app');
    expect(done).toEqual(['cancel a', 'cancel b', 'stop']);
  });

  test('reads nothing while the application is created or changed', async () => {
    const { run, reads } = fixture(['STARTED']);
    await run({ ...AFTER, RequestType: 'Create' });
    await run({ ...AFTER, RequestType: 'Update' });
    await run({ ...BEFORE, RequestType: 'Delete' });
    expect(reads()).toBe(0);
  });
});

describe('AWS', () => {
  /** Clients that return these responses, one after the other, and record their requests. */
  function clients(...replies: readonly unknown[]) {
    const requests: [string, unknown][] = [];
    const rest = [...replies];
    const send = async (command: { constructor: { name: string }; input: unknown }) => {
      requests.push([command.constructor.name, command.input]);
      if (rest.length === 0) throw new Error('unexpected call');
      const reply = rest.shift();
      if (reply instanceof Error) throw reply;
      return reply;
    };
    const client = { send } as unknown;
    return { requests, applications: awsApplications(client as EMRServerlessClient, client as CloudFormationClient) };
  }
  const error = (name: string, message = 'no') => Object.assign(new Error(message), { name });

  test('finds the id by stack and logical id', async () => {
    const { applications, requests } = clients({ StackResourceDetail: { PhysicalResourceId: '00abc' } });
    await expect(applications.idOf('stack', 'Spark')).resolves.toBe('00abc');
    expect(requests).toEqual([['DescribeStackResourceCommand', { StackName: 'stack', LogicalResourceId: 'Spark' }]]);
  });

  test.each([
    ['does not exist yet', error('ValidationError', 'Resource Spark does not exist for stack stack')],
    ['has no id yet', { StackResourceDetail: { PhysicalResourceId: '' } }],
    ['was rolled back', { StackResourceDetail: { PhysicalResourceId: 'x', ResourceStatus: 'DELETE_COMPLETE' } }],
  ])('returns no id for a resource that %s', async (_name, reply) => {
    await expect(clients(reply).applications.idOf('stack', 'Spark')).resolves.toBeUndefined();
  });

  test('returns the state, or that the application does not exist', async () => {
    await expect(clients({ application: { state: 'STARTED' } }).applications.state('app')).resolves.toBe('STARTED');
    await expect(clients(error('ResourceNotFoundException')).applications.state('app')).resolves.toBeUndefined();
  });

  test('lists unfinished jobs', async () => {
    const { applications, requests } = clients({ jobRuns: [{ id: 'a' }, { id: 'b' }] });
    await expect(applications.jobs('app')).resolves.toEqual(['a', 'b']);
    expect(requests[0][1]).toMatchObject({
      applicationId: 'app',
      states: expect.arrayContaining(['RUNNING', 'QUEUED']),
    });
    expect((requests[0][1] as { states: string[] }).states).not.toContain('SUCCESS');
  });

  test('may reject a stop while jobs run, which is not an error', async () => {
    await expect(clients({}).applications.stop('app')).resolves.toBeUndefined();
    await expect(clients(error('ValidationException', 'jobs run')).applications.stop('app')).resolves.toBe('jobs run');
  });

  test('may report that a job has finished already', async () => {
    await expect(clients(error('ValidationException')).applications.cancel('app', 'job')).resolves.toBeUndefined();
  });

  test.each(['idOf', 'state', 'stop', 'cancel'] as const)('may deny access: %s fails', async (method) => {
    const { applications } = clients(error('AccessDeniedException', 'not authorized'));
    await expect(applications[method]('app', 'job')).rejects.toThrow('not authorized');
  });
});
