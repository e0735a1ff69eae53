import { synthesize, type Templates } from '../../support/synth';
import { typesWhere } from '../../../lib/rules/resource-types';
import { STATEFUL_IDS } from './stateful-ids';

const STATEFUL: readonly string[] = typesWhere(({ state }) => state === 'data' || state === 'mixed');

let prod: Templates;
let own: Templates;
beforeAll(() => {
  prod = synthesize({ stage: 'prod' });
  own = synthesize({ stage: 'prod', kms: 'customer' });
}, 120_000);

type Ids = Readonly<Record<string, string>>;

interface Retained {
  readonly Type: string;
  readonly DeletionPolicy?: string;
}

/** The types of the resources that a stack retains, by logical id. */
function retained(templates: Templates, stack: 'network' | 'storage' | 'processing' | 'orchestration'): Ids {
  const { Resources } = templates[stack].toJSON() as { Resources: Record<string, Retained> };
  return Object.fromEntries(
    Object.entries(Resources)
      .filter(([, { Type, DeletionPolicy }]) => STATEFUL.includes(Type) && DeletionPolicy === 'Retain')
      .map(([id, { Type }]) => [id, Type]),
  );
}

/** What a deployment would do, one line per resource. Empty if the lists are equal. */
export function consequences(stack: string, expected: Ids, found: Ids): string[] {
  const gone = Object.keys(expected).filter((id) => !(id in found));
  const added = Object.keys(found).filter((id) => !(id in expected));
  const retyped = Object.keys(expected).filter((id) => id in found && found[id] !== expected[id]);
  return [
    ...gone.map((id) => {
      const heir = added.find((other) => found[other] === expected[id]);
      return heir
        ? `${stack}: ${expected[id]} ${id} would be left behind and an empty one created as ${heir}: give the construct its old id, or set the logical id with overrideLogicalId('${id}')`
        : `${stack}: ${expected[id]} ${id} would leave the stack, retained but no longer updated: restore it, or remove it from test/unit/lib/stateful-ids.ts together with a step in docs/upgrades-and-teardown.md`;
    }),
    ...retyped.map((id) => `${stack}: ${id} would become ${found[id]} instead of ${expected[id]}: use another id`),
    ...added
      .filter((id) => !gone.some((old) => expected[old] === found[id]))
      .map((id) => `${stack}: ${found[id]} ${id} is new: add it to test/unit/lib/stateful-ids.ts`),
  ];
}

test.each(['network', 'storage', 'processing', 'orchestration'] as const)(
  'resources that hold data retain their logical ids in %s',
  (stack) => {
    expect(consequences(stack, STATEFUL_IDS[stack] ?? {}, retained(prod, stack))).toEqual([]);
  },
);

test('the key of a deployment retains its logical id, because without the key nobody can read the data', () => {
  expect(consequences('network', { Key9BCD29C7: 'AWS::KMS::Key' }, retained(own, 'network'))).toEqual([]);
});

describe('the message states what would happen to', () => {
  const bucket = { OldBucket: 'AWS::S3::Bucket' };

  test('a resource with another id', () => {
    expect(consequences('storage', bucket, { NewBucket: 'AWS::S3::Bucket' })).toEqual([
      expect.stringMatching(
        /^storage: AWS::S3::Bucket OldBucket would be left behind and an empty one created as NewBucket: .*overrideLogicalId\('OldBucket'\)$/,
      ),
    ]);
  });

  test('a resource that no longer exists', () => {
    expect(consequences('storage', bucket, {})[0]).toContain('would leave the stack, retained but no longer updated');
  });

  test('a resource of another type', () => {
    expect(consequences('storage', bucket, { OldBucket: 'AWS::Glue::Table' })).toEqual([
      'storage: OldBucket would become AWS::Glue::Table instead of AWS::S3::Bucket: use another id',
    ]);
  });

  test('a resource that is new', () => {
    expect(consequences('storage', {}, bucket)).toEqual([
      'storage: AWS::S3::Bucket OldBucket is new: add it to test/unit/lib/stateful-ids.ts',
    ]);
  });
});
