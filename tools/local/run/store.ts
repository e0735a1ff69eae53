/** The view store of a local run, read and written past the functions. */
import { tableName } from '../../../lambda/aws/keyspaces/cql';
import { connect, type CqlSession } from '../../../lambda/aws/keyspaces/keyspaces';
import { type Store, type Tables } from '../../../lambda/aws/keyspaces/store';
import { keyspacesStore } from '../../../lambda/aws/keyspaces/writer';
import { ENV, type EnvName } from '../../../lambda/runtime/env';
import { REGION } from '../../assembly/local-account';
import { findFunction } from '../../assembly/local-plan';
import { type Running } from './bring-up';

export interface OpenStore {
  readonly store: Store;
  readonly tables: Tables;
  readonly session: CqlSession;
}

/** The tables as the functions that are bound to them know them. */
function tablesOf({ functions }: Running['plan']): Tables {
  const of = (name: string, variable: EnvName) => {
    const { environment } = findFunction(functions, name);
    return tableName(environment[ENV.keyspace], environment[variable]);
  };
  return {
    speedRuns: of('aggregate', ENV.speedRuns),
    speedLog: of('aggregate', ENV.speedLog),
    speedHead: of('aggregate', ENV.speedHead),
    speedPosts: of('aggregate', ENV.speedPosts),
    batchViews: of('publish', ENV.batchViews),
    batchRuns: of('publish', ENV.batchRuns),
    unreferencedRuns: of('publish', ENV.unreferencedRuns),
    boundary: of('publish', ENV.boundary),
  };
}

export async function withStore<T>(
  { cassandra, plan }: Pick<Running, 'cassandra' | 'plan'>,
  use: (open: OpenStore) => Promise<T>,
): Promise<T> {
  const tables = tablesOf(plan);
  const session = connect({ AWS_REGION: REGION, AWS_ENDPOINT_URL_KEYSPACES: cassandra.endpointUrl });
  try {
    return await use({ store: keyspacesStore(session, tables), tables, session });
  } finally {
    await session.shutdown();
  }
}
