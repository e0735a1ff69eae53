/**
 * Mistakes that people make in such templates, planted one by one into the real ones: each is found by synth, by name. They
 * are of the kind that a deployment would find after half an hour, or nobody would.
 */
import { reviewer, type Review } from '../../../support/review';
import { AIRFLOW_AND_SPARK } from './mistakes/airflow-and-spark';
import { EVENT_SOURCES } from './mistakes/event-sources';
import { FUNCTIONS_AND_APIS } from './mistakes/functions-and-apis';
import { KAFKA } from './mistakes/kafka';
import { extras, MISTAKES } from './mistakes/known';
import { NETWORK } from './mistakes/network';
import { ROLES } from './mistakes/roles';
import { STORES } from './mistakes/stores';

const MORE = [AIRFLOW_AND_SPARK, EVENT_SOURCES, FUNCTIONS_AND_APIS, KAFKA, NETWORK, ROLES, STORES].flat();

let review: Review;
beforeAll(() => {
  review = reviewer({ stage: 'dev' });
}, 60_000);

test('nothing is found where nothing is planted', () => {
  expect(review(() => undefined)).toEqual([]);
  expect(review(extras)).toEqual([]);
});

test.each(MISTAKES)('%d, %s, is found by %s', (_, __, by, plant) => {
  const found = review((drafts) => {
    extras(drafts);
    plant(drafts);
  });
  expect([...new Set(found.map(({ rule, at }) => `${rule} at ${at}`))].join(', ')).toBe(by);
});

test.each(MORE)('%s, is found by %s', (_, by, plant) => {
  expect([...new Set(review(plant).map(({ rule, at }) => `${rule} at ${at}`))].join(', ')).toBe(by);
});
