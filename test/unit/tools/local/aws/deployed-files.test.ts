import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EnvironmentPlan } from '../../../../../tools/assembly/local-plan';
import { deployedFiles, writeDags } from '../../../../../tools/local/aws/deployed-files';
import { airflowEnvironment } from '../../../../../tools/local/aws/local-cloud';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'deployed-'));
  mkdirSync(join(directory, 'asset', 'lib'), { recursive: true });
  writeFileSync(join(directory, 'asset', 'pipeline.py'), 'url = "<<1>>"');
  writeFileSync(join(directory, 'asset', 'lib', 'raw.bin'), Buffer.from([0, 255, 128]));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const environment: EnvironmentPlan = {
  path: 'stack/Airflow',
  name: 'a',
  bucket: 'b',
  dagPath: 'dags',
  configuration: { 'core.parallelism': '2', 'pipeline.config': '{"a":1}' },
  executionRole: 'arn',
};

const files = (markers: Record<string, string> = {}) =>
  deployedFiles([
    { path: 'stack/D', bucket: 'b', prefix: 'dags', sources: [{ directory: join(directory, 'asset'), markers }] },
  ]);

test('the files of an asset get the prefix; markers are replaced, other bytes unchanged', () => {
  const deployed = files({ '<<1>>': 'http://ü' });
  expect(deployed.map(({ bucket, key }) => [bucket, key])).toEqual([
    ['b', 'dags/lib/raw.bin'],
    ['b', 'dags/pipeline.py'],
  ]);
  expect(deployed[0].body).toEqual(Buffer.from([0, 255, 128]));
  expect(deployed[1].body.toString('utf8')).toBe('url = "http://ü"');
});

test('the DAG folder has the files of the bucket, and files of earlier runs are deleted', () => {
  const folder = join(directory, 'dags');
  mkdirSync(folder);
  writeFileSync(join(folder, 'old.py'), '');
  writeDags(files(), environment, folder);
  expect(readdirSync(folder).sort()).toEqual(['lib', 'pipeline.py']);
  expect(readFileSync(join(folder, 'lib', 'raw.bin'))).toEqual(Buffer.from([0, 255, 128]));
});

test('an environment without files for its DAG folder is an error', () => {
  expect(() => writeDags(files(), { ...environment, bucket: 'other' }, directory)).toThrow(
    'stack/Airflow: no bucket deployment puts a file under other/dags/',
  );
});

test('configuration options become the variables that Airflow reads', () => {
  expect(airflowEnvironment(environment)).toEqual({
    AIRFLOW__CORE__PARALLELISM: '2',
    AIRFLOW__PIPELINE__CONFIG: '{"a":1}',
  });
  expect(() => airflowEnvironment({ ...environment, configuration: { nodot: '1' } })).toThrow(
    "option must be section.key, got 'nodot'",
  );
});
