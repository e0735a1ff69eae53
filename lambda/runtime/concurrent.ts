/**
 * Calls `use` for each item, at most `limit` at once. Results are in the order of the items.
 * @throws the first error, when all that was started has ended: a function that has responded is frozen, and what it left in flight
 * would go on hours later. No further item is started after it
 */
export async function mapConcurrently<T, R>(
  items: readonly T[],
  limit: number,
  use: (item: T) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const errors: unknown[] = [];
  const worker = async () => {
    while (next < items.length && errors.length === 0) {
      const index = next++;
      try {
        results[index] = await use(items[index]);
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  if (errors.length > 0) throw errors[0];
  return results;
}
