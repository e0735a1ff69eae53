import { mapConcurrently } from '../../../../lambda/runtime/concurrent';

const turn = () => new Promise((resolve) => setTimeout(resolve, 1));

describe('concurrent work', () => {
  it('is done for at most so many items at once, with results in their order', async () => {
    let running = 0;
    let most = 0;
    const results = await mapConcurrently([3, 1, 2, 5], 2, async (item) => {
      most = Math.max(most, ++running);
      for (let i = 0; i < item; i++) await turn();
      running--;
      return 10 * item;
    });
    expect(results).toEqual([30, 10, 20, 50]);
    expect(most).toBe(2);
  });

  it('that fails begins nothing more, and ends with the first error when nothing is in flight any more', async () => {
    const ended: number[] = [];
    const work = mapConcurrently([0, 1, 2, 3], 2, async (item) => {
      for (let i = 0; i < (item === 0 ? 9 : 1); i++) await turn();
      ended.push(item);
      throw new Error(`item ${item}`);
    });
    await expect(work).rejects.toThrow('item 1');
    expect(ended).toEqual([1, 0]);
  });
});
