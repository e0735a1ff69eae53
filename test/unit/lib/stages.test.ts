import { type Template } from 'aws-cdk-lib/assertions';
import { STAGES, type Stage } from '../../../lib/config';
import { ANY_RESOURCE } from '../../../lib/rules/actions';
import { typesWhere } from '../../../lib/rules/resource-types';
import { synthesize, type Templates } from '../../support/synth';
import { grants, resources, type Resource } from '../../support/templates';
import { STATEFUL_IDS } from './stateful-ids';

const templates = {} as Record<Stage, Templates>;
beforeAll(() => {
  for (const stage of STAGES) templates[stage] = synthesize({ stage });
}, 120_000);

const STACKS = ['network', 'storage', 'processing', 'orchestration', 'observability'] as const;

/** All resources of a stage with a given type, as `stack:logical id` without hash. */
function everywhere(stage: Stage, type: string): [string, Resource][] {
  return STACKS.flatMap((stack) =>
    Object.entries(resources(templates[stage][stack], type)).map(
      ([id, found]) => [`${stack}:${id}`, found] as [string, Resource],
    ),
  );
}

/** Types of resources with data in the storage stack. */
const STORED = [...new Set(Object.values(STATEFUL_IDS.storage))];

describe('removal', () => {
  test.each<[Stage, string]>([
    ['dev', 'Delete'],
    ['local', 'Delete'],
    ['lean', 'Retain'],
    ['prod', 'Retain'],
  ])(
    'in %s: resources with data have the policy %s, also L1 resources, on deletion and on replacement',
    (stage, policy) => {
      for (const type of STORED) {
        const found = Object.entries(resources(templates[stage].storage, type));
        expect(found.length).toBeGreaterThan(0);
        for (const [id, { DeletionPolicy, UpdateReplacePolicy }] of found) {
          expect({ id, DeletionPolicy, UpdateReplacePolicy }).toEqual({
            id,
            DeletionPolicy: policy,
            UpdateReplacePolicy: policy,
          });
        }
      }
    },
  );

  test.each(STAGES)('in %s: disposable resources are deleted with their stack', (stage) => {
    for (const type of typesWhere(({ state }) => state === 'disposable')) {
      for (const [id, { DeletionPolicy, UpdateReplacePolicy }] of everywhere(stage, type)) {
        expect({ id, DeletionPolicy, UpdateReplacePolicy }).toEqual({
          id,
          DeletionPolicy: 'Delete',
          UpdateReplacePolicy: 'Delete',
        });
      }
    }
  });

  test('buckets are emptied before deletion, but not those of the lake in prod', () => {
    expect(everywhere('dev', 'Custom::S3AutoDeleteObjects').map(([id]) => id)).toEqual([
      expect.stringMatching(/^storage:LakeAccessLogs/),
      expect.stringMatching(/^storage:LakeBucket/),
      expect.stringMatching(/^orchestration:AirflowBucket/),
    ]);
    expect(everywhere('prod', 'Custom::S3AutoDeleteObjects').map(([id]) => id)).toEqual([
      expect.stringMatching(/^orchestration:AirflowBucket/),
      expect.stringMatching(/^observability:GrafanaLakeResults/),
    ]);
  });
});

describe('logs', () => {
  test.each<[Stage, number]>([
    ['dev', 7],
    ['lean', 30],
    ['prod', 90],
    ['local', 1],
  ])('of %s expire after %d days, in every group', (stage, days) => {
    const groups = everywhere(stage, 'AWS::Logs::LogGroup');
    expect(groups.length).toBeGreaterThan(15);
    expect(groups.filter(([, { Properties }]) => Properties.RetentionInDays !== days)).toEqual([]);
  });

  test('every function has its group, also those that CDK adds', () => {
    const without = everywhere('dev', 'AWS::Lambda::Function')
      .filter(([, { Properties }]) => Properties.LoggingConfig === undefined)
      .map(([id]) => id);
    expect(without).toEqual([]);
  });
});

describe('wildcards', () => {
  const all = (stage: Stage) =>
    STACKS.flatMap((stack) =>
      Object.keys(resources(templates[stage][stack], 'AWS::IAM::Role')).flatMap((role) =>
        grants(templates[stage][stack] as Template, role, templates[stage].all)
          .filter(({ effect }) => effect === 'Allow')
          .map((grant) => ({ ...grant, role: `${stack}:${role}` })),
      ),
    );

  test.each(STAGES)('in %s, each action on every resource is listed with a reason', (stage) => {
    const any = all(stage).filter(({ resource }) => resource === '*');
    expect(any.filter(({ action }) => !(action in ANY_RESOURCE))).toEqual([]);
  });

  test('the list has no unused entry', () => {
    const used = new Set(
      STAGES.flatMap(all)
        .filter(({ resource }) => resource === '*')
        .map(({ action }) => action),
    );
    expect(Object.keys(ANY_RESOURCE).filter((action) => !used.has(action))).toEqual([]);
  });

  test.each(STAGES)('in %s, the only action with a wildcard generates a data key', (stage) => {
    const wild = all(stage).filter(({ action }) => action.includes('*'));
    expect(wild.filter(({ action }) => action !== 'kms:GenerateDataKey*')).toEqual([]);
  });

  test.each(STAGES)('in %s, of the assets of all apps in the account each upload reads its own', (stage) => {
    const assets = all(stage).filter(({ resource }) => resource.includes('-assets-'));
    expect(assets.map(({ role }) => role)).toEqual([
      // The job, and the list of views.
      ...(stage === 'prod' ? ['job', 'list'].map(() => expect.stringMatching('SparkJobFilesRole') as unknown) : []),
      expect.stringMatching(stage === 'lean' ? 'WorkflowDefinitionRole' : 'AirflowDagsRole'),
      ...(stage === 'prod' ? [expect.stringMatching('GrafanaContentFunctionRole')] : []),
    ]);
    for (const { action, resource } of assets) {
      expect(`${action} ${resource}`).toMatch(/^s3:GetObject .*\/[0-9a-f]{64}\.(zip|json)$/);
    }
  });

  test.each(STAGES)('in %s, nobody but the upload of DAGs deletes objects', (stage) => {
    expect(
      all(stage)
        .filter(({ action }) => action.startsWith('s3:Delete'))
        .map(({ role, resource }) => `${role} ${resource}`),
    ).toEqual(stage === 'lean' ? [] : ['orchestration:AirflowDagsRole {AirflowBucket.Arn}/dags/*']);
  });
});

describe('names', () => {
  test('deployments of different projects share none', () => {
    const named = (deployment: Templates): string[] =>
      JSON.stringify(deployment.all.map((each) => each.toJSON())).match(
        /"(KeyspaceName|DatabaseName|ClusterName|PollerGroupName|ConsumerGroupId|LogGroupName)":"[^"]+"/g,
      ) ?? [];
    const other = new Set(named(synthesize({ stage: 'dev', project: 'other' })));
    expect(other.size).toBeGreaterThan(9);
    expect(named(templates.dev).filter((each) => other.has(each))).toEqual([]);
  });
});

describe('warnings', () => {
  test.each<[Stage, number]>([
    ['dev', 0],
    ['lean', 0],
    ['prod', 0],
    ['local', 2],
  ])('%s has %d', (stage, count) => {
    expect(templates[stage].warnings).toHaveLength(count);
  });

  test('name the API that is open to anyone, and the fix', () => {
    expect(templates.local.warnings[0]).toContain(
      'anyone who reaches Pinterest data pipeline: ingest may call it: set auth to iam or jwt',
    );
  });
});

test('references have one direction: network, storage, processing, orchestration, observability', () => {
  const names: readonly string[] = STACKS;
  templates.dev.all.forEach((template, index) => {
    const used = JSON.stringify(template.toJSON()).match(/"StackName":"pinterest-dev-(\w+)"/g) ?? [];
    const allowed = names.slice(0, index).map((name) => `"StackName":"pinterest-dev-${name}"`);
    expect(used.filter((each) => !allowed.includes(each))).toEqual([]);
  });
});
