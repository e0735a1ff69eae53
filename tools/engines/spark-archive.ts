/**
 * Makes Spark's class archive: runs a training job against a temporary S3 and lets the JVM archive the loaded classes, which
 * halves the start time of Spark. The installer runs `tsx spark-archive.ts FILE`.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startS3 } from './s3';
import { sparkCommand } from './spark';

async function main(file: string): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'spark-archive-'));
  const s3 = await startS3({ dir: join(dir, 's3'), persistent: false });
  try {
    await s3.createBucket('train');
    const unfinished = `${file}.unfinished`;
    const { command, args, env } = sparkCommand({ s3Endpoint: s3.endpoint, workDir: dir, archiveTo: unfinished });
    const job = [join(__dirname, 'spark-train.py'), 's3://train'];
    await promisify(execFile)(command, [...args, ...job], { cwd: dir, env, maxBuffer: 1 << 26 });
    renameSync(unfinished, file);
  } finally {
    await s3.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

main(process.argv[2]).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
