/**
 * Starts work at intervals until it is stopped. Calls may overlap, and failures are ignored. The returned function stops it and waits
 * for the calls in flight.
 */
export function repeatedly(everyMs: number, work: () => Promise<unknown>): () => Promise<void> {
  const going = new Set<Promise<unknown>>();
  const timer = setInterval(() => {
    const one = work().catch(() => undefined);
    going.add(one);
    void one.finally(() => going.delete(one));
  }, everyMs);
  return async () => {
    clearInterval(timer);
    await Promise.all(going);
  };
}
