/** What has been started and has to be ended. */
export interface Stoppable {
  stop(): Promise<void>;
}

/** Ends all, the latest first: what came later may need what was there before it. The list is empty afterwards. */
export async function stopAll(started: Stoppable[]): Promise<void> {
  for (let next = started.pop(); next; next = started.pop()) await next.stop();
}
