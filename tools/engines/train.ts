/**
 * Makes the class archive of an engine: the engine does what it does in most runs, and its JVM archives the loaded classes when it
 * ends, which halves the next starts of Kafka and Spark. The installer runs `tsx train.ts ENGINE FILE`.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startCassandra } from './cassandra';
import { startKafka } from './kafka';
import { startS3 } from './s3';
import { sparkCommand } from './spark';

const TRAININGS: Readonly<Record<string, (dir: string, archiveTo: string) => Promise<void>>> = {
  kafka: async (dir, archiveTo) => {
    const kafka = await startKafka({ dir, archiveTo });
    await kafka.createTopic('train', 1);
    await kafka.stop();
  },
  cassandra: async (dir, archiveTo) => {
    const cassandra = await startCassandra({ dir, persistent: false, region: 'us-east-1', archiveTo });
    const id = { ColumnName: 'id', ColumnType: 'text' };
    const table = { KeyspaceName: 'train', TableName: 'rows', PartitionKeyColumns: [id] };
    await cassandra.applySchema([{ KeyspaceName: 'train' }], [table]);
    await cassandra.stop();
  },
  spark: async (dir, archiveTo) => {
    const s3 = await startS3({ dir: join(dir, 's3'), persistent: false });
    try {
      await s3.createBucket('train');
      const { command, args, env } = sparkCommand({ s3Endpoint: s3.endpoint, workDir: dir, archiveTo });
      const job = [join(__dirname, 'spark-train.py'), 's3://train'];
      await promisify(execFile)(command, [...args, ...job], { cwd: dir, env, maxBuffer: 1 << 26 });
    } finally {
      await s3.stop();
    }
  },
};

async function main(engine: string, file: string): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), `train-${engine}-`));
  try {
    const unfinished = `${file}.unfinished`;
    await TRAININGS[engine](dir, unfinished);
    renameSync(unfinished, file);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

main(process.argv[2], process.argv[3]).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
