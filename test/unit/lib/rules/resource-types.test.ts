/** The table of resource types, against the templates of every stage and of the configurations that add types. */
import { RESOURCE_TYPES, resourceType } from '../../../../lib/rules/resource-types';
import { locate, type Located, outlivesDeletion } from '../../../../lib/templates';
import { synthesized } from '../../../support/synth';

const CONFIGURATIONS = [
  { stage: 'dev' },
  { stage: 'lean' },
  { stage: 'prod' },
  { stage: 'local' },
  { stage: 'prod', kms: 'customer', orchestrator: 'none', alarmEmail: 'alarms@example.com', schemaRegistry: 'glue' },
  { stage: 'dev', auth: 'jwt', jwtIssuer: 'https://issuer.example', jwtAudience: 'pipeline' },
  { stage: 'dev', slackWorkspace: 'T0123ABCD', slackChannel: 'C0123ABCD', monthlyBudgetUsd: 500 },
];

/** Types that no configuration has: the removal rules hold for them, too, if someone adds one. */
const SPARE = ['AWS::DynamoDB::Table', 'AWS::SQS::Queue'];

const all = () => CONFIGURATIONS.flatMap((configuration) => locate(synthesized(configuration).stacks));
const typesOf = (resources: readonly Located<unknown>[]) => new Set(resources.map(({ resource }) => resource.Type));

test('lib/rules/resource-types.ts has every type of every configuration', () => {
  expect([...typesOf(all())].filter((type) => resourceType(type) === undefined)).toEqual([]);
}, 120_000);

test('lib/rules/resource-types.ts has no other type', () => {
  const used = typesOf(all());
  expect(Object.keys(RESOURCE_TYPES).filter((type) => !used.has(type))).toEqual(SPARE);
}, 120_000);

test('by lib/rules/resource-types.ts, every resource that outlives a deletion holds data', () => {
  const retained = typesOf(all().filter(outlivesDeletion));
  expect(retained.size).toBeGreaterThan(5);
  expect([...retained].filter((type) => resourceType(type)?.retained === undefined)).toEqual([]);
}, 120_000);
