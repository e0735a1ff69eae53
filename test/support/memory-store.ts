/** The aggregate store in memory, with conditions as the real one has them and faults on request. */
import { type AggregateStore, type SpeedRow, type StateRow } from '../../lambda/aws/keyspaces/store';

export interface MemoryStore extends AggregateStore {
  readonly rows: Map<string, SpeedRow>;
  readonly states: Map<string, StateRow>;
  /** Called before each write with its number, counted from 0; may throw, or wait. */
  beforeWrite: (write: number) => Promise<void> | void;
  /** Called after each write that was carried out. */
  afterWrite: (write: number) => void;
  writes: number;
}

export const rowKey = (view: string, interval: number, partition: number) => `${view}|${interval}|${partition}`;

/** @param shared the tables, to give two writers the same ones with faults of their own */
export function memoryStore(shared?: Pick<MemoryStore, 'rows' | 'states'>): MemoryStore {
  const rows = shared?.rows ?? new Map<string, SpeedRow>();
  const states = shared?.states ?? new Map<string, StateRow>();
  async function write<T extends { appliedOffset: number }>(
    table: Map<string, T>,
    key: string,
    expected: number | undefined,
    row: T,
  ): Promise<boolean> {
    const number = store.writes++;
    await store.beforeWrite(number);
    if (table.get(key)?.appliedOffset !== expected) return false;
    table.set(key, row);
    store.afterWrite(number);
    return true;
  }
  const store: MemoryStore = {
    rows,
    states,
    writes: 0,
    beforeWrite: () => undefined,
    afterWrite: () => undefined,
    readSpeedRow: async ({ view, interval, partition }) => rows.get(rowKey(view, interval, partition)),
    casSpeedRow: ({ view, interval, partition }, expected, row) =>
      write(rows, rowKey(view, interval, partition), expected, row),
    readState: async (topic, partition) => states.get(`${topic}-${partition}`),
    casState: (topic, partition, expected, row) => write(states, `${topic}-${partition}`, expected, row),
  };
  return store;
}
