/** Several engines as one: started together, ended in reverse. */

/** What has been started and must be ended. */
export interface Stoppable {
  stop(): Promise<void>;
}

/**
 * All results, or the first error once all promises are settled: what started beside a failure can then be ended as well.
 * @throws what the first of the rejected promises threw
 */
export async function settled<T extends readonly unknown[]>(promises: { [K in keyof T]: Promise<T[K]> }): Promise<T> {
  const results = await Promise.allSettled(promises);
  const failure = results.find((result) => result.status === 'rejected');
  if (failure) throw failure.reason;
  return results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as unknown as T;
}

/** Ends all, the latest first, since it may need what was started before it. The list is empty afterwards. */
export async function stopAll(started: Stoppable[]): Promise<void> {
  for (let next = started.pop(); next; next = started.pop()) await next.stop();
}
