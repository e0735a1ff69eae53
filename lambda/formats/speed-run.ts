/**
 * Runs of the speed layer: what an offset range of a partition adds to a view within an interval.
 *
 * ```
 * speed_runs ((topic, kafka_partition, view_name, tier, rest), interval_start, from_offset, to_offset, chunk)
 *   view_name   name of the view, `-`, fingerprint of its definition
 *   tier        1: of deltas; n + 1: of runs of tier n; 0: all of the interval
 *   rest        0 for the first chunk of a run, 1 for the others: the first ones of many intervals are read at once
 *   from_offset of the first record, to_offset of the last one; both 0 in tier 0
 *   chunks      how many the run has
 *   counts      blob: the rows of a chunk (counts-codec)
 * ```
 *
 * Invariants: what is in a range follows from the log, so a run that is written again has the same rows; the first chunk is written last;
 * a view to which a range adds nothing has no run of it; a run of another definition of the view has another key.
 */
import { fingerprintOf, type View } from '../domain/views';

/** Of the run that is all of an interval. */
export const CLOSED = 0;
/** Of runs of deltas. */
export const FIRST_TIER = 1;

export const storedName = (view: View): string => `${view.name}-${fingerprintOf(view).toString('hex')}`;
