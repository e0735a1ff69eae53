/** The tables of the store, as `lib/constructs/view-store.ts` names them. */
export const TABLES = ['speed_views', 'speed_state', 'batch_views', 'boundary'] as const;
