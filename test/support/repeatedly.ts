/**
 * Does something every so often until told to stop; more of it begins while the first still goes on, and what fails is left
 * alone. The answer stops it and waits for what is under way.
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
