/** Waits for the moment at which a fault strikes, and for its end. */
import { setTimeout as sleep } from 'node:timers/promises';

/** What `look` finds, at the first moment at which it finds something. @throws Error naming what was waited for */
export async function waitFor<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
  { within, every }: { readonly within: number; readonly every: number },
): Promise<T> {
  for (const end = Date.now() + within; Date.now() < end; await sleep(every)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`waited ${within / 1000} s for ${what}`);
}
