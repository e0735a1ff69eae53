/**
 * Mutations of the real templates, one by one: synth finds each, by name. They are of the kind that a deployment would find after
 * half an hour, or nobody would.
 */
import { reviewer, type Review } from '../../../support/review';
import { AIRFLOW_AND_SPARK } from './mutations/airflow-and-spark';
import { EVENT_SOURCES } from './mutations/event-sources';
import { FUNCTIONS_AND_APIS } from './mutations/functions-and-apis';
import { KAFKA } from './mutations/kafka';
import { extras, KNOWN } from './mutations/known';
import { NETWORK } from './mutations/network';
import { ROLES } from './mutations/roles';
import { STORES } from './mutations/stores';

const MORE = [AIRFLOW_AND_SPARK, EVENT_SOURCES, FUNCTIONS_AND_APIS, KAFKA, NETWORK, ROLES, STORES].flat();

let review: Review;
beforeAll(() => {
  review = reviewer({ stage: 'dev', viewsEngine: 'spark' });
}, 60_000);

test('nothing is found without a mutation', () => {
  expect(review(() => undefined)).toEqual([]);
  expect(review(extras)).toEqual([]);
});

test.each(KNOWN)('%d, %s, is found by %s', (_, __, by, mutate) => {
  const found = review((drafts) => {
    extras(drafts);
    mutate(drafts);
  });
  expect([...new Set(found.map(({ rule, at }) => `${rule} at ${at}`))].join(', ')).toBe(by);
});

test.each(MORE)('%s, is found by %s', (_, by, mutate) => {
  expect([...new Set(review(mutate).map(({ rule, at }) => `${rule} at ${at}`))].join(', ')).toBe(by);
});
