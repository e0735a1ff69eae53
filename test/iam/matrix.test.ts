/**
 * IAM, simulated: the recorded calls of the pipeline are allowed, forbidden calls are denied, and nothing is granted that no call
 * needs. A simulation knows the grammar of policies, not the services: the local run records the calls.
 */
import recorded from './recorded-calls.json';
import { forbiddenCalls } from './forbidden';
import { type Caller, CALLERS, functionOf, FUNCTIONS, NOT_LOCAL, ROLES } from './callers';
import { type Call, covers, type Grant, type Roles, rolesOf } from './roles';
import { serviceCalls } from './service-calls';
import { RESERVED, reservedFor } from './unused';
import { synthesize } from '../support/synth';

const RECORDED = recorded as unknown as readonly Call[];
/** The workflow of MWAA Serverless has the operators of the DAG: their calls were recorded from Airflow. */
const OPERATORS = RECORDED.filter(({ caller }) => caller === 'airflow').map((call): Call => ({
  ...call,
  caller: 'workflow',
}));
/** Where DuckDB is a views engine, compact reads posts, and reads and writes views, with the calls of the Spark job. */
const OF_DUCKDB = RECORDED.filter(
  ({ caller, action, resource }) =>
    caller === 'spark' && /\/(posts|views)\//.test(resource) && /GetObject|PutObject/.test(action),
).map((call): Call => ({ ...call, caller: 'compact' }));
/** Other resources that assume a role, in stages that have them. */
const TAKERS: Readonly<Partial<Record<Caller, string>>> = {
  airflow: 'AirflowEnvironment',
  workflow: 'Workflow',
  grafana: 'GrafanaWorkspace',
};
const decided = ({ notSimulated }: Roles) => [...Object.values<string>(ROLES), ...notSimulated];
const undecided = (roles: Roles, all = Object.keys(roles.all)) => all.filter((role) => !decided(roles).includes(role));
/** A Deny statement grants nothing that could be unused. */
const allows = ({ effect }: Grant) => effect === 'Allow';

interface StageRoles {
  readonly roles: Roles;
  readonly recorded: readonly Call[];
  readonly services: readonly Call[];
  readonly forbidden: readonly Call[];
  /** Resources of `forbidden` that the stage does not have: nothing has to be denied there. */
  readonly lacks: readonly string[];
}

const STAGES = ['dev', 'lean', 'prod'];
const known = new Map<string, StageRoles>();

/** The roles of a stage, synthesized once. */
function stageRoles(stage: string): StageRoles {
  const found = known.get(stage) ?? rolesOfStage({ stage });
  known.set(stage, found);
  return found;
}

function rolesOfStage(overrides: Readonly<Record<string, string>>): StageRoles {
  const templates = synthesize(overrides);
  const roles = rolesOf(templates);
  const cluster = roles.arn('{KafkaCluster.Arn}').split(':cluster/')[1];
  const names = { project: templates.config.project, stage: templates.config.stage, cluster, assets: roles.assets };
  const present = ({ caller }: Call) => ROLES[caller] in roles.all;
  const { viewsEngine } = templates.config;
  const made = [...RECORDED, ...OPERATORS, ...(viewsEngine === 'spark' ? [] : OF_DUCKDB)];
  // Forbidden only where Spark computes all views.
  const isOfDuckdb = ({ caller, action, resource, context }: Call) =>
    caller === 'compact' &&
    (resource.includes('/views/') || context?.['s3:prefix'] === 'views/') &&
    /GetObject|PutObject|ListBucket/.test(action);
  const forbidden = forbiddenCalls(names).filter((call) => viewsEngine === 'spark' || !isOfDuckdb(call));
  return {
    roles,
    recorded: made.filter((call) => present(call) && (viewsEngine !== 'duckdb' || !call.resource.startsWith('{Spark'))),
    services: serviceCalls(names, templates.config).filter(present),
    forbidden: forbidden.filter((call) => present(call) && roles.has(call.resource)),
    lacks: forbidden.map(({ resource }) => resource).filter((resource) => !roles.has(resource)),
  };
}

const named = (roles: Roles, { caller, action, resource, context }: Call) =>
  `${ROLES[caller]}: ${action} on ${resource}${resource === roles.arn(resource) ? '' : ` (${roles.arn(resource)})`}` +
  (context ? ` with ${JSON.stringify(context)}` : '');

async function denied(roles: Roles, calls: readonly Call[], grants?: readonly Grant[]): Promise<string[]> {
  const decisions = await Promise.all(calls.map((call) => roles.simulate(call, grants)));
  return calls.filter((_, at) => decisions[at] !== 'Allowed').map((call) => named(roles, call));
}

/** Whether one of the calls is denied; those after it are not simulated. */
async function anyDenied(roles: Roles, calls: readonly Call[], grants: readonly Grant[]): Promise<boolean> {
  for (const call of calls) if ((await roles.simulate(call, grants)) !== 'Allowed') return true;
  return false;
}

async function permitted(roles: Roles, calls: readonly Call[], grants?: readonly Grant[]): Promise<string[]> {
  const decisions = await Promise.all(calls.map((call) => roles.simulate(call, grants)));
  return calls.filter((_, at) => decisions[at] === 'Allowed').map((call) => named(roles, call));
}

const uncalled = (grants: readonly Grant[], calls: readonly Call[], roles: Roles) =>
  grants.filter(allows).filter((grant) => !calls.some((call) => covers(grant, call, roles.arn(call.resource))));

const withoutReason = (grants: readonly Grant[]) => grants.filter((grant) => reservedFor(grant) === undefined);

const line = ({ caller, action, resource }: Grant) => `${ROLES[caller]}: ${action} on ${resource}`;

// A busy machine may take longer than Jest's five seconds for a thousand simulations.
jest.setTimeout(30_000);

describe.each(STAGES)('the roles of stage %s', (stage) => {
  let all: StageRoles;

  beforeAll(() => {
    all = stageRoles(stage);
  });

  test('are all simulated, or named with the reason why not', () => {
    expect(undecided(all.roles)).toEqual([]);
  });

  test('are each assumed by AWS services only, by one except for Airflow', () => {
    for (const [role, principals] of Object.entries(all.roles.all)) {
      const unfit = principals.filter((principal) => !/^[a-z-]+\.amazonaws\.com$/.test(principal));
      expect({ role, unfit, services: principals.length }).toEqual({
        role,
        unfit: [],
        services: role === ROLES.airflow ? 2 : 1,
      });
    }
  });

  test('are those of functions, Airflow and Grafana, and have no inline or AWS-managed policy', () => {
    const { taken, elsewhere } = all.roles;
    const takers: Partial<Record<Caller, string>> = {
      ...Object.fromEntries(FUNCTIONS.map((caller) => [caller, functionOf(caller)])),
      ...TAKERS,
    };
    for (const [caller, taker] of Object.entries(takers) as [Caller, string][]) {
      if (ROLES[caller] in all.roles.all) expect(taken).toHaveProperty(taker, ROLES[caller]);
    }
    expect(Object.values(taken).filter((role) => !(role in all.roles.all))).toEqual([]);
    expect(elsewhere).toEqual([]);
  });

  test('allow every call that a local run made', async () => {
    expect(await denied(all.roles, all.recorded)).toEqual([]);
  });

  test('allow the documented calls of AWS services', async () => {
    expect(await denied(all.roles, all.services)).toEqual([]);
  });

  test('deny every forbidden call', async () => {
    expect(await permitted(all.roles, all.forbidden)).toEqual([]);
  });

  test('grant nothing that is neither called nor reserved for a reason', () => {
    const { roles, recorded: calls, services } = all;
    const unused = uncalled(roles.grants, [...calls, ...services], roles);
    expect(withoutReason(unused).map(line)).toEqual([]);
    // A reason without a grant has to be removed.
    const present = (caller: Caller) => ROLES[caller] in roles.all;
    expect(new Set(unused.map(reservedFor))).toEqual(
      new Set(
        RESERVED.filter(({ callers = CALLERS, ofSpark }) => callers.some(present) && (!ofSpark || present('spark'))),
      ),
    );
    console.log(
      `IAM of ${stage}: ${calls.length} recorded and ${services.length} documented calls allowed, ` +
        `${all.forbidden.length} denied, ${unused.length} of ${roles.grants.filter(allows).length} grants unused, each with a reason`,
    );
  });

  test('need each of their grants: without it, role, action and resource are named', async () => {
    const { roles, recorded: seen, services } = all;
    const calls = [...seen, ...services];
    const needless: string[] = [];
    for (const grant of roles.grants.filter(allows)) {
      const covered = calls.filter((call) => covers(grant, call, roles.arn(call.resource)));
      if (covered.length === 0) continue;
      const rest = roles.grants.filter((each) => each !== grant);
      if (!(await anyDenied(roles, covered, rest))) needless.push(line(grant));
    }
    expect(needless).toEqual([]);
  });
});

/** What S3, Keyspaces and SNS do with the key for a caller. */
const KEY_USE: readonly (readonly [action: string, resource: RegExp, uses: readonly string[]])[] = [
  ['s3:GetObject', /LakeBucket/, ['kms:Decrypt']],
  // S3 decrypts the parts of an upload.
  ['s3:PutObject', /LakeBucket/, ['kms:Decrypt', 'kms:GenerateDataKey']],
  ['cassandra:Select', /Views|keyspace\/(?!system)/, ['kms:Decrypt']],
  ['cassandra:Modify', /Views|keyspace\/(?!system)/, ['kms:Decrypt', 'kms:GenerateDataKey']],
  ['sns:Publish', /AlarmsTopic/, ['kms:Decrypt', 'kms:GenerateDataKey']],
];

describe('with one key of the deployment', () => {
  let roles: Roles;
  let uses: readonly Call[];
  const KEY = '{Key.Arn}';

  beforeAll(() => {
    const all = rolesOfStage({ stage: 'prod', kms: 'customer' });
    ({ roles } = all);
    uses = [...all.recorded, ...all.services].flatMap(({ caller, action, resource }) =>
      KEY_USE.filter(([of, on]) => of === action && on.test(resource)).flatMap(([, , actions]) =>
        actions.map((use): Call => {
          const context = { 'kms:ViaService': `${action.split(':')[0]}.us-east-1.amazonaws.com` };
          return { caller, action: use, resource: KEY, context, by: 'service' };
        }),
      ),
    );
  });

  test('roles use it through every service that they call on encrypted data, and only so', async () => {
    expect(new Set(uses.map(({ caller }) => caller)).size).toBeGreaterThan(7);
    expect(await denied(roles, uses)).toEqual([]);
    const ofKey = roles.grants.filter(({ resource }) => resource === roles.arn(KEY));
    const needless: string[] = [];
    for (const grant of ofKey) {
      if (
        !(await anyDenied(
          roles,
          uses,
          roles.grants.filter((each) => each !== grant),
        ))
      )
        needless.push(line(grant));
    }
    expect([ofKey.length > 10, needless]).toEqual([true, []]);
    const directly = uses.map((call): Call => ({ ...call, context: undefined }));
    expect(await permitted(roles, directly)).toEqual([]);
  });

  const ARNS: Readonly<Record<string, string>> = {
    'cloudwatch.amazonaws.com': 'arn:aws:cloudwatch:us-east-1:ACCOUNT:alarm:pinterest-prod-gap',
    'aps.amazonaws.com': '{PrometheusWorkspace.Arn}',
  };

  test('every service that the topic lets publish may use the key for this account, and for no other', async () => {
    expect([...roles.publishers].sort()).toEqual(Object.keys(ARNS).sort());
    for (const service of roles.publishers) {
      const source = roles.arn(ARNS[service]);
      const account = source.split(':')[4];
      const own = { 'aws:SourceAccount': account, 'aws:SourceArn': source };
      const other = { 'aws:SourceAccount': '111122223333', 'aws:SourceArn': source.replace(account, '111122223333') };
      const calls = [
        { action: 'sns:Publish', resource: '{AlarmsTopic.TopicArn}' },
        { action: 'kms:GenerateDataKey', resource: KEY },
        { action: 'kms:Decrypt', resource: KEY },
      ];
      for (const call of calls) {
        const decide = (context: Record<string, string>) => roles.simulateService(service, { ...call, context });
        expect([service, call.action, await decide(own)]).toEqual([service, call.action, 'Allowed']);
        expect([service, call.action, await decide(other)]).toEqual([service, call.action, 'ImplicitlyDenied']);
      }
    }
  });

  test('a service that does not publish may not use it', async () => {
    const context = { 'aws:SourceAccount': roles.arn(KEY).split(':')[4] };
    const call = { action: 'kms:GenerateDataKey', resource: KEY, context };
    expect(await roles.simulateService('events.amazonaws.com', call)).toBe('ImplicitlyDenied');
  });
});

describe('where Spark computes all views', () => {
  test('compact may neither read posts nor touch views, and nothing else is missing or too much', async () => {
    const { roles, recorded: calls, services, forbidden } = rolesOfStage({ stage: 'dev', viewsEngine: 'spark' });
    expect(new Set(OF_DUCKDB.map(({ action }) => action))).toEqual(new Set(['s3:GetObject', 's3:PutObject']));
    expect(await permitted(roles, [...OF_DUCKDB, ...forbidden])).toEqual([]);
    expect(await denied(roles, calls)).toEqual([]);
    expect(withoutReason(uncalled(roles.grants, [...calls, ...services], roles)).map(line)).toEqual([]);
  });
});

describe('the matrix', () => {
  let roles: Roles;
  let calls: readonly Call[];

  beforeAll(() => {
    ({ roles, recorded: calls } = stageRoles('dev'));
  });

  test('has no role that no stage has', () => {
    const all = new Set(STAGES.flatMap((stage) => Object.keys(stageRoles(stage).roles.all)));
    const named = STAGES.flatMap((stage) => decided(stageRoles(stage).roles));
    expect(named.filter((role) => !all.has(role))).toEqual([]);
  });

  test('denies nothing about a resource that no stage has', () => {
    const [first, ...others] = STAGES.map((stage) => stageRoles(stage).lacks);
    expect(first.filter((resource) => others.every((lacks) => lacks.includes(resource)))).toEqual([]);
  });

  test('was recorded from every caller that a local run has', () => {
    const recordable = CALLERS.filter((caller) => !NOT_LOCAL.includes(caller));
    expect(new Set(RECORDED.map(({ caller }) => caller))).toEqual(new Set(recordable));
  });

  test('names role, action and resource of a grant that was removed', async () => {
    const raw = `${roles.arn('{LakeBucket.Arn}')}/raw/*`;
    const dropped = roles.grants.filter(
      ({ caller, action, resource }) => !(caller === 'compact' && action === 's3:GetObject' && resource === raw),
    );
    expect(dropped).toHaveLength(roles.grants.length - 1);
    const missed = await denied(roles, calls, dropped);
    expect(missed.length).toBeGreaterThan(0);
    for (const each of missed) {
      expect(each).toMatch(
        /^StepsCompactRole: s3:GetObject on \{LakeBucket\.Arn\}\/raw\/posts\/partition=.* \(arn:aws:s3:::/,
      );
    }
  });

  test('names a grant that was added, and the call that it allows', async () => {
    const added: Grant = {
      caller: 'query',
      effect: 'Allow',
      action: 'cassandra:*',
      resource: roles.arn('{ViewsBoundary}'),
    };
    const never: Call = { caller: 'query', action: 'cassandra:Modify', resource: '{ViewsBoundary}' };
    expect(await permitted(roles, [never])).toEqual([]);
    expect(await permitted(roles, [never], [...roles.grants, added])).toEqual([
      expect.stringMatching(
        /^StepsQueryRole: cassandra:Modify on \{ViewsBoundary\} \(arn:aws:cassandra:.*\/table\/boundary\)$/,
      ),
    ]);
    const other: Grant = { ...added, action: 's3:GetObject', resource: `${roles.arn('{LakeBucket.Arn}')}/*` };
    expect(withoutReason(uncalled([other], calls, roles)).map(line)).toEqual([
      `StepsQueryRole: s3:GetObject on ${other.resource}`,
    ]);
  });

  test('names a role without a decision', () => {
    expect(undecided(roles, [...Object.keys(roles.all), 'StepsExportRole'])).toEqual(['StepsExportRole']);
  });

  test('recognizes an action that does not exist', async () => {
    const misspelt: Call = { caller: 'seal', action: 's3:GetObjekt', resource: '{LakeBucket.Arn}/seals/x' };
    await expect(roles.simulate(misspelt)).rejects.toThrow('s3:GetObjekt');
  });
});
