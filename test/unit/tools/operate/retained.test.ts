import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { retainedIn, retainedText } from '../../../../tools/assembly/retained';
import { synthesized } from '../../../support/synth';
import { temporaryFolder } from '../../../support/temporary';
import { ROOT } from '../../../../tools/kit/root';

test('dev leaves nothing', () => {
  expect(retainedIn(synthesized({ stage: 'dev' }).stacks)).toEqual([]);
  expect(retainedText([])).toBe('cdk destroy leaves nothing.');
}, 60_000);

test('prod leaves what holds data, each with a reason and the command that deletes it', () => {
  const list = retainedIn(synthesized({ stage: 'prod', kms: 'customer' }).stacks);
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
  expect(retainedText(list)).toContain(`cdk destroy leaves ${list.length} resources`);
}, 60_000);

test('as a command it reads the assembly of a synth, and names the command to run if there is none', () => {
  const assembly = temporaryFolder('retained');
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
  const name = 'pinterest-prod-storage';
  const properties = { templateFile: `${name}.template.json` };
  writeFileSync(
    join(assembly, 'manifest.json'),
    JSON.stringify({ artifacts: { [name]: { type: 'aws:cloudformation:stack', properties } } }),
  );
  writeFileSync(
    join(assembly, properties.templateFile),
    JSON.stringify({ Resources: { Lake: { Type: 'AWS::S3::Bucket', DeletionPolicy: 'Retain' } } }),
  );
  expect(run('--stage', 'prod').stdout).toContain('pinterest-prod-storage/Lake (AWS::S3::Bucket): the posts');
}, 60_000);
