import { type AggregateStore } from '../../../../lambda/aws/keyspaces/store';
import { deleteChain } from '../../../../tools/operate/delete-chain/delete-chain';
import { parseDeleteChainOptions } from '../../../../tools/operate/delete-chain/options';
import { memoryStore, speedCounts } from '../../../support/memory-store';
import { lambdaEvent, toRecord } from '../../../support/posts-log';
import { aggregateOver } from '../../../support/speed-layer';

const HOUR = 3_600_000;
const KEY = { topic: 'posts', partition: 0 };
const TOPIC = { topic: 'posts', partitions: 2, intervalMinutes: 60 };

const post = (offset: number, { hour = 7, partition = 0, variant = 0 } = {}) =>
  toRecord({ kind: 'post', timestamp: hour * HOUR + 5, index: offset, variant, pin: true }, partition, offset);
const write = (store: AggregateStore, ...records: ReturnType<typeof post>[]) =>
  aggregateOver(store, { limits: { deltas: 2, bytes: 1e6, fewest: 1, runs: 2, ms: 60_000 } })(
    lambdaEvent('posts', records),
  );

/** Partition 0 with folds, deltas and two intervals, over the end of a segment; partition 1 beside it. */
async function chains() {
  const store = memoryStore();
  const far = 2 ** 21;
  for (const offset of [0, 1, 2, 3, far, far + 1, far + 2]) {
    await write(store, post(offset, { hour: offset < 2 ? 7 : 8 }), post(offset, { partition: 1 }));
  }
  return { store, newest: far + 2 };
}

describe('deleting the chain of a partition', () => {
  it('changes nothing unless it is to', async () => {
    const { store, newest } = await chains();
    const { writes } = store;
    await expect(deleteChain(store, KEY, false)).resolves.toEqual({ rows: 7, to: newest });
    expect(store.writes).toBe(writes);
  });

  it('lets it begin anew at offset 0 with other records, and leaves the others alone', async () => {
    const { store, newest } = await chains();
    const other = store.logs.get('posts-1')!;
    const anew = [0, 1, 2, 3, 4].map((offset) => post(offset, { hour: 9, variant: 1 }));
    await expect(write(store, ...anew)).rejects.toThrow('is of another log');
    await expect(deleteChain(store, KEY, true)).resolves.toEqual({ rows: 7, to: newest });
    for (const record of anew) await write(store, record);
    const counts = await speedCounts(store, TOPIC);
    expect(counts.get(`posts_by_category|${9 * HOUR}|0`)).toEqual(new Map([['travel', 5]]));
    expect(counts.get(`posts_by_category|${7 * HOUR}|1`)).toEqual(new Map([['art', 7]]));
    expect(store.logs.get('posts-1')).toEqual(other);
  });

  it('goes on where it was interrupted', async () => {
    for (let dies = 0; dies < 8; dies++) {
      const { store } = await chains();
      const first = store.writes;
      store.beforeWrite = (number) => {
        if (number - first === dies) throw new Error('interrupted');
      };
      await expect(deleteChain(store, KEY, true)).rejects.toThrow('interrupted');
      store.beforeWrite = () => undefined;
      await deleteChain(store, KEY, true);
      expect([store.logs.get('posts-0'), store.heads.has('posts-0')]).toEqual([[], false]);
    }
  });

  it('takes its options', () => {
    const given = ['--region', 'eu-west-1', '--keyspace', 'k', '--partition', '3'];
    const options = { region: 'eu-west-1', keyspace: 'k', topic: 'posts', partition: 3 };
    expect(parseDeleteChainOptions(given)).toEqual({ ...options, change: false });
    expect(parseDeleteChainOptions([...given, '--yes'])).toEqual({ ...options, change: true });
    expect(() => parseDeleteChainOptions([...given, '--yes', '--dry-run'])).toThrow('exclude each other');
    expect(() => parseDeleteChainOptions(given.slice(2))).toThrow('--region must be');
  });
});
