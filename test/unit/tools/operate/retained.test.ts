import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kept, keptText, type TemplateText } from '../../../../tools/assembly/retained';
import { synthesize, type Templates } from '../../../support/synth';
import { temporaryFolder } from '../../../support/temporary';
import { ROOT } from '../../../../tools/kit/root';

const texts = ({ all }: Templates) =>
  Object.fromEntries(all.map((template, index) => [`stack${index}`, template.toJSON() as TemplateText]));

test('dev leaves nothing', () => {
  expect(kept(texts(synthesize({ stage: 'dev' })))).toEqual([]);
  expect(keptText([])).toBe('cdk destroy leaves nothing.');
}, 60_000);

test('prod leaves what holds data, each with a reason and the command that deletes it', () => {
  const list = kept(texts(synthesize({ stage: 'prod', kms: 'customer' })));
  expect([...new Set(list.map(({ type }) => type))].sort()).toEqual([
    'AWS::Cassandra::Keyspace',
    'AWS::Cassandra::Table',
    'AWS::Glue::Database',
    'AWS::Glue::Table',
    'AWS::KMS::Key',
    'AWS::MSK::Cluster',
    'AWS::MSK::Configuration',
    'AWS::MSK::Topic',
    'AWS::S3::Bucket',
  ]);
  expect(list.filter(({ why, command }) => why.startsWith('its template') || !/^(aws |none)/.test(command))).toEqual(
    [],
  );
  expect(keptText(list)).toContain(`cdk destroy leaves ${list.length} resources`);
}, 60_000);

test('as a command it reads what synth wrote, and says what to run where there is nothing', () => {
  const assembly = temporaryFolder('kept');
  const run = (...options: string[]) =>
    spawnSync(
      join('node_modules', '.bin', 'tsx'),
      [join('tools', 'pipeline.ts'), 'retained', ...options, '--assembly', assembly],
      {
        cwd: ROOT,
        encoding: 'utf8',
      },
    );
  expect(run('--stage', 'prod').stderr).toBe(
    `retained: no templates of stage prod in ${assembly}: run 'npx cdk synth -q -c stage=prod' first\n`,
  );
  expect(run('--stage', 'test').stderr).toMatch(
    /^retained: --stage must be one of dev, lean, prod, local, got 'test'\n$/,
  );
  writeFileSync(
    join(assembly, 'pinterest-prod-storage.template.json'),
    JSON.stringify({ Resources: { Lake: { Type: 'AWS::S3::Bucket', DeletionPolicy: 'Retain' } } }),
  );
  expect(run('--stage', 'prod').stdout).toContain('pinterest-prod-storage/Lake (AWS::S3::Bucket): the posts');
}, 60_000);
