import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../../tools/kit/root';

const LAYER = join(ROOT, 'lambda', 'compact', 'layer');
const json = (...path: string[]) => JSON.parse(readFileSync(join(...path), 'utf8'));

describe('the files of the DuckDB layer', () => {
  test.each([['--arch', 'arm'], ['--arch'], ['--arch', 'arm64', 'x64'], ['x64']])(
    'are not fetched for invalid arguments: %s %s %s',
    (...args: string[]) => {
      const { status, stderr } = spawnSync(process.execPath, [join(LAYER, 'fetch.mjs'), ...args.filter(Boolean)], {
        encoding: 'utf8',
      });
      expect(status).toBe(1);
      expect(stderr).toBe(
        `layers: arguments must be none or --arch arm64|x64|host, got '${args.filter(Boolean).join(' ')}'\n`,
      );
    },
  );

  test('are of the version that the tests run with', () => {
    expect(json(LAYER, 'package.json').dependencies['@duckdb/node-api']).toBe(
      json(LAYER, '..', '..', '..', 'package.json').devDependencies['@duckdb/node-api'],
    );
  });

  test('are locked with checksums for both architectures, without addresses', () => {
    const { packages } = json(LAYER, 'package-lock.json');
    for (const arch of ['arm64', 'x64']) {
      expect(packages[`node_modules/@duckdb/node-bindings-linux-${arch}`].integrity).toMatch(/^sha512-/);
    }
    expect(JSON.stringify(packages)).not.toContain('"resolved"');
  });
});
