/** Something that was started and has to be stopped. */
export interface Stoppable {
  stop(): Promise<void>;
}

/** Stops all, the latest first, as it may need those before it. The list is empty afterwards. */
export async function stopAll(started: Stoppable[]): Promise<void> {
  for (let next = started.pop(); next; next = started.pop()) await next.stop();
}
