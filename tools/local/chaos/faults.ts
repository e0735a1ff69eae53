/** All faults: `--chaos list` prints them. */
import { type Random, shuffled } from '../../loadgen/random';
import { type Fault } from './fault';
import { BATCH_FAULTS } from './faults/batch';
import { CLIENT_FAULTS } from './faults/clients';
import { ENGINE_FAULTS } from './faults/engines';
import { FUNCTION_FAULTS } from './faults/functions';
import { LAKE_FAULTS } from './faults/lake';
import { TOPIC_FAULTS } from './faults/topic';

export const FAULTS: readonly Fault[] = [
  ...FUNCTION_FAULTS,
  ...ENGINE_FAULTS,
  ...LAKE_FAULTS,
  ...TOPIC_FAULTS,
  ...BATCH_FAULTS,
  ...CLIENT_FAULTS,
];

/** How many faults `random` chooses. */
export const RANDOM_FAULTS = 3;

/** What `--chaos` says: `list`, `all`, `random`, or names with commas between them. */
export type Choice = 'list' | 'all' | 'random' | readonly Fault[];

/** Undefined for what names no fault. */
export function parseChoice(text: string): Choice | undefined {
  if (text === 'list' || text === 'all' || text === 'random') return text;
  const chosen = text.split(',').map((name) => FAULTS.find((fault) => fault.name === name));
  return chosen.every((fault) => fault !== undefined) ? chosen : undefined;
}

/** Those that do not wait for the batch layer, so that a run with them is short. */
const QUICK = FAULTS.filter(({ recovered }) => recovered !== 'published');

export function chosen(choice: Choice, random: Random): readonly Fault[] {
  if (choice === 'all' || choice === 'list') return FAULTS;
  return choice === 'random' ? shuffled(random, QUICK).slice(0, RANDOM_FAULTS) : choice;
}
