/** The emulator's record of each resource, and summaries of it. */
import { type Maker, resourceType } from '../../lib/rules/resource-types';

export interface Entry {
  readonly event: 'create' | 'update' | 'replace' | 'delete';
  readonly stack: string;
  readonly type: string;
  readonly logicalId: string;
  readonly physicalId: string;
  /** What made it, as far as the emulator knows. It cannot distinguish the function of a custom resource from a native type. */
  readonly maker: Exclude<Maker, 'function'>;
  /** Names of the changed properties, of an update or a replacement. */
  readonly changed: readonly string[] | null;
}

/** The stack of CDK's own bootstrapping, which exists before and after a rehearsal. */
const BOOTSTRAP = 'CDKToolkit';

/** The entries about the app's own stacks. */
export function parseRecord(text: string): Entry[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Entry)
    .filter(({ stack }) => stack !== BOOTSTRAP);
}

/** The maker of a resource. The stack's function makes a custom resource without a fake. */
export const makerOf = ({ type, maker }: Entry): Maker =>
  maker === 'native' && !type.startsWith('AWS::') ? 'function' : maker;

export interface TypeRow {
  readonly type: string;
  readonly count: number;
  /** Whether the type has an effect in the emulator. */
  readonly outcome: 'created' | 'accepted without effect';
  /** Its maker, and what it lacks of AWS. */
  readonly how: string;
}

const MADE_BY: Readonly<Record<Maker, string>> = {
  native: 'by MiniStack',
  fake: "by this project's fake",
  function: 'by its function',
  stub: 'properties checked against the schema, nothing more',
};

/** One row per type, by name. */
export function rowsOf(entries: readonly Entry[]): TypeRow[] {
  const rows = new Map<string, TypeRow>();
  for (const entry of entries.filter(({ event }) => event === 'create')) {
    const { type } = entry;
    const { noEffect, lacks } = resourceType(type)?.emulated ?? {};
    rows.set(type, {
      type,
      count: (rows.get(type)?.count ?? 0) + 1,
      outcome: entry.maker === 'stub' || noEffect !== undefined ? 'accepted without effect' : 'created',
      how: [MADE_BY[makerOf(entry)], noEffect ?? lacks].filter((part) => part !== undefined).join('; '),
    });
  }
  return [...rows.values()].sort((a, b) => (a.type < b.type ? -1 : 1));
}

/** The resources that were created, or replaced another one, and were not deleted. */
export function living(entries: readonly Entry[]): Entry[] {
  const alive = new Map<string, Entry>();
  for (const entry of entries) {
    const key = `${entry.stack} ${entry.type} ${entry.physicalId}`;
    if (entry.event === 'delete') alive.delete(key);
    else alive.set(key, entry);
  }
  return [...alive.values()];
}

/** An update as one line: `StepsArchivePosts509880A7 (AWS::Lambda::EventSourceMapping): MaximumBatchingWindowInSeconds`. */
export const describe = ({ event, logicalId, type, changed }: Entry): string =>
  `${event === 'update' ? '' : `${event} `}${logicalId} (${type})${changed ? `: ${changed.join(', ')}` : ''}`;
