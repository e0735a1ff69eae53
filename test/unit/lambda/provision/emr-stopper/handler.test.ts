import { type CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { type EMRServerlessClient } from '@aws-sdk/client-emr-serverless';
import { type CustomResourceRequest } from '../../../../../lambda/runtime/custom-resource';
import { type ApplicationState } from '../../../../../lambda/provision/emr-stopper/core';
import { awsApplications, stopperOf, type Applications } from '../../../../../lambda/provision/emr-stopper/handler';

const BEFORE: CustomResourceRequest = {
  RequestType: 'Update',
  ResponseURL: 'https://answer.example/signed',
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

/** An application that goes from state to state with each look, the last one lasting; and a clock that sleeping moves. */
function world(states: readonly (ApplicationState | undefined)[], jobs: readonly (readonly string[])[] = [[]]) {
  const done: string[] = [];
  let looks = 0;
  let slept = 0;
  const at = <T>(list: readonly T[], index: number): T => list[Math.min(index, list.length - 1)];
  const applications: Applications = {
    idOf: async (stack, logicalId) => (stack === 'stack' && logicalId === 'Spark' ? 'app' : undefined),
    state: async (id) => {
      if (id !== 'app') throw new Error(`unexpected application ${id}`);
      return at(states, looks++);
    },
    jobs: async () => at(jobs, looks - 1),
    stop: async () => {
      done.push('stop');
      return undefined;
    },
    cancel: async (_id, job) => void done.push(`cancel ${job}`),
  };
  return {
    done,
    applications,
    looks: () => looks,
    run: async (request: CustomResourceRequest, minutes = 14) => {
      const sleep = async (milliseconds: number) => void (slept += milliseconds);
      const { identify, work } = stopperOf({ applications, sleep });
      await work(request, { getRemainingTimeInMillis: () => minutes * 60_000 - slept });
      return identify(request);
    },
  };
}

describe('before an update', () => {
  test('a started application is asked to stop once, and waited for', async () => {
    const { run, done, looks } = world(['STARTED', 'STOPPING', 'STOPPING', 'STOPPED']);
    await expect(run(BEFORE)).resolves.toBe('before-update-of-Spark');
    expect(done).toEqual(['stop']);
    expect(looks()).toBe(4);
  });

  test('a starting one is waited for before it is asked to stop', async () => {
    const { run, done } = world(['STARTING', 'STARTED', 'STOPPING', 'STOPPED']);
    await run(BEFORE);
    expect(done).toEqual(['stop']);
  });

  test.each<[ApplicationState]>([['STOPPED'], ['CREATED'], ['TERMINATED']])(
    'one that is %s is left as it is',
    async (state) => {
      const { run, done, looks } = world([state]);
      await run(BEFORE);
      expect({ done, looks: looks() }).toEqual({ done: [], looks: 1 });
    },
  );

  test('one that the stack does not have yet is nobody to wait for', async () => {
    const { run, looks } = world(['STARTED']);
    await run({ ...BEFORE, RequestType: 'Create', ResourceProperties: { LogicalId: 'Other' } });
    expect(looks()).toBe(0);
  });

  test('one that is gone is stopped', async () => {
    const { run, done } = world([undefined]);
    await run(BEFORE);
    expect(done).toEqual([]);
  });

  test('its jobs are waited for, never cancelled', async () => {
    const { run, done } = world(['STARTED', 'STARTED', 'STARTED', 'STOPPED'], [['job'], ['job'], []]);
    await run(BEFORE);
    expect(done).toEqual(['stop']);
  });

  test('a job that outlasts the function fails the update and says which', async () => {
    const { run, done } = world(['STARTED'], [['job-1']]);
    await expect(run(BEFORE)).rejects.toThrow(
      'application app has not stopped in time: 1 job(s) are running (job-1): wait for them or cancel them; then retry',
    );
    expect(done).toEqual([]);
  });

  test('one that never stops fails within the time, saying what it last was', async () => {
    const { run, looks } = world(['STOPPING']);
    await expect(run(BEFORE, 1)).rejects.toThrow('application app has not stopped in time: it is STOPPING; then retry');
    expect(looks()).toBeLessThanOrEqual(60 / 5);
  });

  test('that it was rejected to stop, as a job came in between, is tried again and told in the end', async () => {
    const { run, applications } = world(['STARTED']);
    const rejected = jest.fn().mockResolvedValue('there are running jobs');
    Object.assign(applications, { stop: rejected });
    await expect(run(BEFORE, 1)).rejects.toThrow('has not stopped in time: there are running jobs');
    expect(rejected.mock.calls.length).toBeGreaterThan(1);
  });
});

describe('before the deletion', () => {
  test('jobs are cancelled, as nothing comes of them, and the application stopped', async () => {
    const { run, done } = world(['STARTED', 'STARTED', 'STOPPING', 'STOPPED'], [['a', 'b'], []]);
    await expect(run(AFTER)).resolves.toBe('app');
    expect(done).toEqual(['cancel a', 'cancel b', 'stop']);
  });

  test('nothing is looked up while the application is made or changed', async () => {
    const { run, looks } = world(['STARTED']);
    await run({ ...AFTER, RequestType: 'Create' });
    await run({ ...AFTER, RequestType: 'Update' });
    await run({ ...BEFORE, RequestType: 'Delete' });
    expect(looks()).toBe(0);
  });
});

describe('AWS', () => {
  /** Clients that answer with these, one after the other, and note what they were asked. */
  function clients(...replies: readonly unknown[]) {
    const asked: [string, unknown][] = [];
    const rest = [...replies];
    const send = async (command: { constructor: { name: string }; input: unknown }) => {
      asked.push([command.constructor.name, command.input]);
      if (rest.length === 0) throw new Error('unexpected call');
      const reply = rest.shift();
      if (reply instanceof Error) throw reply;
      return reply;
    };
    const client = { send } as unknown;
    return { asked, applications: awsApplications(client as EMRServerlessClient, client as CloudFormationClient) };
  }
  const error = (name: string, message = 'no') => Object.assign(new Error(message), { name });

  test('is asked for the id by stack and logical id', async () => {
    const { applications, asked } = clients({ StackResourceDetail: { PhysicalResourceId: '00abc' } });
    await expect(applications.idOf('stack', 'Spark')).resolves.toBe('00abc');
    expect(asked).toEqual([['DescribeStackResourceCommand', { StackName: 'stack', LogicalResourceId: 'Spark' }]]);
  });

  test.each([
    ['is not there yet', error('ValidationError', 'Resource Spark does not exist for stack stack')],
    ['has no id yet', { StackResourceDetail: { PhysicalResourceId: '' } }],
    ['was rolled back', { StackResourceDetail: { PhysicalResourceId: 'x', ResourceStatus: 'DELETE_COMPLETE' } }],
  ])('says that a resource %s: there is no id', async (_name, reply) => {
    await expect(clients(reply).applications.idOf('stack', 'Spark')).resolves.toBeUndefined();
  });

  test('says the state, or that there is no such application', async () => {
    await expect(clients({ application: { state: 'STARTED' } }).applications.state('app')).resolves.toBe('STARTED');
    await expect(clients(error('ResourceNotFoundException')).applications.state('app')).resolves.toBeUndefined();
  });

  test('is asked for jobs that are not over', async () => {
    const { applications, asked } = clients({ jobRuns: [{ id: 'a' }, { id: 'b' }] });
    await expect(applications.jobs('app')).resolves.toEqual(['a', 'b']);
    expect(asked[0][1]).toMatchObject({ applicationId: 'app', states: expect.arrayContaining(['RUNNING', 'QUEUED']) });
    expect((asked[0][1] as { states: string[] }).states).not.toContain('SUCCESS');
  });

  test('may refuse to stop while jobs run, which is no error', async () => {
    await expect(clients({}).applications.stop('app')).resolves.toBeUndefined();
    await expect(clients(error('ValidationException', 'jobs run')).applications.stop('app')).resolves.toBe('jobs run');
  });

  test('may say that a job is over already', async () => {
    await expect(clients(error('ValidationException')).applications.cancel('app', 'job')).resolves.toBeUndefined();
  });

  test.each(['idOf', 'state', 'stop', 'cancel'] as const)('is not allowed to be asked: %s fails', async (method) => {
    const { applications } = clients(error('AccessDeniedException', 'not authorized'));
    await expect(applications[method]('app', 'job')).rejects.toThrow('not authorized');
  });
});
