/** The table of resource types, against the templates of every stage and of the configurations that add types. */
import { RESOURCE_TYPES, typesWhere } from '../../../../lib/rules/resource-types';
import { locate, outlivesDeletion } from '../../../../lib/templates';
import { synthesized } from '../../../support/synth';

const CONFIGURATIONS = [
  { stage: 'dev' },
  { stage: 'lean' },
  { stage: 'prod' },
  { stage: 'local' },
  { stage: 'prod', kms: 'customer', orchestrator: 'none', alarmEmail: 'alarms@example.com' },
  { stage: 'dev', auth: 'jwt', jwtIssuer: 'https://issuer.example', jwtAudience: 'pipeline' },
];

/** Types that no configuration has: the removal rules hold for them, too, if someone adds one. */
const SPARE = ['AWS::DynamoDB::Table', 'AWS::SQS::Queue'];

const all = CONFIGURATIONS.map((configuration) => ({
  name: JSON.stringify(configuration),
  resources: () => locate(synthesized(configuration).stacks),
}));

test.each(all)(
  'lib/rules/resource-types.ts has every type of $name',
  ({ resources }) => {
    const types = new Set(resources().map(({ resource }) => resource.Type));
    expect([...types].filter((type) => !(type in RESOURCE_TYPES))).toEqual([]);
  },
  120_000,
);

test('lib/rules/resource-types.ts has no other type', () => {
  const used = new Set(all.flatMap(({ resources }) => resources().map(({ resource }) => resource.Type)));
  expect(Object.keys(RESOURCE_TYPES).filter((type) => !used.has(type))).toEqual(SPARE);
}, 120_000);

test('whatever outlives a deletion holds data by the table', () => {
  const retained = all.flatMap(({ resources }) => resources().filter(outlivesDeletion));
  const types = new Set(retained.map(({ resource }) => resource.Type));
  expect(types.size).toBeGreaterThan(5);
  expect(
    [...types].filter(
      (type) => !typesWhere(({ state }) => state === 'data' || state === 'mixed').includes(type as never),
    ),
  ).toEqual([]);
}, 120_000);
