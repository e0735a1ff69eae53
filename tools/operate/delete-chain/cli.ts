import { LambdaClient } from '@aws-sdk/client-lambda';
import { connect } from '../../../lambda/aws/keyspaces/keyspaces';
import { tableName } from '../../../lambda/aws/keyspaces/cql';
import { type Tables } from '../../../lambda/aws/keyspaces/store';
import { keyspacesStore } from '../../../lambda/aws/keyspaces/writer';
import { TABLES } from '../../../lib/constructs/view-store';
import { type Command } from '../../kit/command';
import { deleteChain } from './delete-chain';
import { OPTIONS, parseDeleteChainOptions } from './options';

async function run(argv: readonly string[]): Promise<void> {
  const { region, keyspace, topic, partition, change } = parseDeleteChainOptions(argv);
  // The credentials of the command line, by the SDK's own chain.
  const credentials = await new LambdaClient({ region }).config.credentials();
  const session = connect({ ...process.env, AWS_REGION: region }, { credentials: () => credentials });
  const names = Object.entries(TABLES).map(([table, { name }]) => [table, tableName(keyspace, name)] as const);
  const store = keyspacesStore(session, Object.fromEntries(names) as Record<keyof Tables, string>);
  try {
    const { rows, to } = await deleteChain(store, { topic, partition }, change);
    process.stdout.write(`${rows} rows up to offset ${to} ${change ? 'deleted' : 'to delete'}\n`);
  } finally {
    await session.shutdown();
  }
}

export const command: Command = { options: OPTIONS, run };
