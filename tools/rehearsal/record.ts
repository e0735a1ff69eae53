/** What the emulator wrote down about each resource, and what can be read off it. */

/** How a type is made: by MiniStack, by a handler of this project, or as checked properties only. */
export type Way = 'native' | 'stand-in' | 'stub';

export interface Entry {
  readonly event: 'create' | 'update' | 'replace' | 'delete';
  readonly stack: string;
  readonly type: string;
  readonly logicalId: string;
  readonly physicalId: string;
  readonly way: Way;
  /** Why nothing comes of the type in the emulator; null if something does. */
  readonly noEffect: string | null;
  /** What is missing of a type of which something does come; null if nothing is. */
  readonly lacking: string | null;
  /** Names of the changed properties, of an update or a replacement. */
  readonly changed: readonly string[] | null;
}

/** Of CDK's own bootstrapping, which is there before and after a rehearsal. */
const BOOTSTRAP = 'CDKToolkit';

/** The entries about the app's own stacks. */
export function parseRecord(text: string): Entry[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Entry)
    .filter(({ stack }) => stack !== BOOTSTRAP);
}

export interface TypeRow {
  readonly type: string;
  /** How many. */
  readonly count: number;
  /** Whether something comes of it in the emulator. */
  readonly outcome: 'created' | 'accepted without effect';
  /** Who made it, and what it lacks of AWS. */
  readonly how: string;
}

const WAYS: Readonly<Record<Way | 'custom', string>> = {
  native: 'by MiniStack',
  'stand-in': "by this project's handler",
  custom: 'by its function',
  stub: 'properties checked against the schema, nothing more',
};

/** A row a type, by name. Custom resources that the stacks' own functions handle are told apart. */
export function rowsOf(entries: readonly Entry[]): TypeRow[] {
  const rows = new Map<string, TypeRow>();
  for (const { event, type, way, noEffect, lacking } of entries) {
    if (event !== 'create') continue;
    const custom = way === 'native' && !type.startsWith('AWS::');
    const made = WAYS[custom ? 'custom' : way];
    rows.set(type, {
      type,
      count: (rows.get(type)?.count ?? 0) + 1,
      outcome: way === 'stub' || noEffect !== null ? 'accepted without effect' : 'created',
      how: [made, noEffect ?? lacking].filter((part) => part !== null).join('; '),
    });
  }
  return [...rows.values()].sort((a, b) => (a.type < b.type ? -1 : 1));
}

/** What was created, or came in another's place, and was not deleted. */
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
