/** One Kafka and one Cassandra for all suites of the test file that imports this, started by its first hook. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CassandraEngine, type KafkaEngine, settled, startCassandra, startKafka } from '../../../tools/engines';

export const REGION = 'us-east-1';

let directory: string;
let kafka: KafkaEngine;
let cassandra: CassandraEngine;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'shared-engines-'));
  const at = (name: string) => ({ dir: join(directory, name), exporter: true });
  await settled([
    startKafka(at('kafka')).then((started) => (kafka = started)),
    startCassandra({ ...at('cassandra'), persistent: false, region: REGION }).then((started) => (cassandra = started)),
  ]);
}, 180_000);

/** For the last hook of the test file: until then, suites close what they opened. */
export async function endSharedEngines(): Promise<void> {
  await Promise.all([kafka?.kill9(), cassandra?.kill9()]);
  rmSync(directory, { recursive: true, force: true });
}

/** They are there from the first hook of a suite on. A suite leaves them running, and uses names of its own for what it makes. */
export const sharedKafka = (): KafkaEngine => kafka;
export const sharedCassandra = (): CassandraEngine => cassandra;
