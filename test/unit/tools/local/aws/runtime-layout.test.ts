import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { layOut, type Host } from '../../../../../tools/local/aws/runtime-layout';
import { temporaryFolder } from '../../../../support/temporary';

function packageIn(modules: string, name: string): void {
  mkdirSync(join(modules, '@duckdb', name), { recursive: true });
  writeFileSync(join(modules, '@duckdb', name, 'index.js'), '');
}

/** A function with the layer of Lambda on arm64, and a machine for which these native packages are installed. */
function laidOut(host: Omit<Host, 'modules'>, installed: readonly string[]) {
  const folder = temporaryFolder('layout');
  const [task, layer, modules] = ['task', 'layer', 'modules'].map((name) => join(folder, name));
  for (const each of [task, layer, modules]) mkdirSync(each);
  const layered = join(layer, 'nodejs', 'node_modules');
  for (const name of ['node-bindings', 'node-bindings-linux-arm64']) packageIn(layered, name);
  for (const name of installed) packageIn(modules, name);
  const layout = layOut({ directory: task, layers: [layer] }, { ...host, modules });
  const found = readdirSync(join(layout.nodePath.split(':')[0], '@duckdb')).sort();
  layout.remove();
  expect(existsSync(layout.task)).toBe(false);
  return found;
}

test.each([
  ['darwin', 'arm64'],
  ['darwin', 'x64'],
  ['linux', 'x64'],
])("on %s-%s, a function finds DuckDB for that machine beside the layer's", (platform, arch) => {
  const own = `node-bindings-${platform}-${arch}`;
  expect(laidOut({ platform, arch }, [own])).toEqual(['node-bindings', own, 'node-bindings-linux-arm64'].sort());
});

test("on a machine like Lambda's, the layer is left as it is", () => {
  expect(laidOut({ platform: 'linux', arch: 'arm64' }, [])).toEqual(['node-bindings', 'node-bindings-linux-arm64']);
});

test('on a machine for which DuckDB is not installed, the package is named', () => {
  expect(() => laidOut({ platform: 'darwin', arch: 'arm64' }, [])).toThrow(
    'the package @duckdb/node-bindings-darwin-arm64 must be installed',
  );
});
