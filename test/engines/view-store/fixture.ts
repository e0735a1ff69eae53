/** The view store of a suite, in the Cassandra that all suites of a test file share. */
import { type CassandraEngine } from '../../../tools/engines';
import { sharedCassandra } from '../support/shared-engines';
import { createStore, type TestStore } from './tables';

export interface CassandraFixture extends TestStore {
  readonly cassandra: CassandraEngine;
}

/** A keyspace with the tables for the suite that calls this; `current()` is there from the first test on. */
export function useCassandra(keyspace: string): { current(): CassandraFixture } {
  let opened: TestStore;
  beforeAll(async () => {
    opened = await createStore(sharedCassandra(), keyspace);
  }, 120_000);
  afterAll(() => opened?.session.shutdown());
  return { current: () => ({ cassandra: sharedCassandra(), ...opened }) };
}
