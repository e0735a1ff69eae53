/** The engines are a package of their own: one door, and nothing from outside but what its package.json declares. */
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { ROOT } from '../../../../tools/kit/root';

const PACKAGE = join(ROOT, 'tools', 'engines');
const manifest = (folder: string) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
const { dependencies, exports: doors } = manifest(PACKAGE) as Record<string, Record<string, string>>;
const DOORS = [PACKAGE, ...Object.values(doors).map((file) => join(PACKAGE, file))];

interface Import {
  readonly file: string;
  readonly specifier: string;
}

function importsBelow(folder: string): Import[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|[cm]?js)$/.test(name) && !name.includes('node_modules'))
    .flatMap((name) => {
      const file = join(ROOT, folder, name);
      const found = readFileSync(file, 'utf8').matchAll(
        /^(?:import|export)\b[^;]*? from '([^']+)';|\b(?:require|require\.resolve|import)\('([^']+)'\)/gm,
      );
      return [...found].map(([, from, call]) => ({ file, specifier: from ?? call }));
    });
}

const isInside = (path: string) => !relative(PACKAGE, path).startsWith('..');
const isRelative = ({ specifier }: Import) => specifier.startsWith('.');
const target = ({ file, specifier }: Import) => resolve(dirname(file), specifier);
const text = (found: Import) => `${relative(ROOT, found.file)}: ${found.specifier}`;
const nameOf = (specifier: string) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

const inside = importsBelow('tools/engines');

it('is imported from outside by its doors only; its own tests look behind them', () => {
  const outside = ['bin', 'lib', 'lambda', 'observability', 'tools', 'test']
    .flatMap(importsBelow)
    .filter(({ file }) => !isInside(file) && !file.startsWith(__dirname));
  const used = outside.filter((found) => isRelative(found) && isInside(target(found)));
  expect(used.length).toBeGreaterThan(20);
  expect(used.filter((found) => !DOORS.includes(target(found))).map(text)).toEqual([]);
});

it('imports nothing of the repository around it', () => {
  expect(inside.length).toBeGreaterThan(50);
  expect(inside.filter((found) => isRelative(found) && !isInside(target(found))).map(text)).toEqual([]);
});

it('declares the packages that it imports, and no others, in the versions of the repository', () => {
  const packages = inside
    .filter((found) => !isRelative(found))
    .map(({ specifier }) => specifier)
    .filter((specifier) => !specifier.startsWith('node:') && !builtinModules.includes(specifier));
  expect([...new Set(packages.map(nameOf))].sort()).toEqual(Object.keys(dependencies).sort());
  const { dependencies: production, devDependencies } = manifest(ROOT);
  expect({ ...devDependencies, ...production }).toMatchObject(dependencies);
});

it('has the locked versions in its README', () => {
  const file = (name: string) => readFileSync(join(PACKAGE, name), 'utf8');
  const locked = (name: string, pattern: RegExp) => pattern.exec(file(name))![1];
  const rows = [...file('README.md').matchAll(/^\| (?:Apache )?(\w+) +\| (\d+\.\d+\.\d+)/gm)];
  expect(Object.fromEntries(rows.map(([, engine, version]) => [engine, version]))).toEqual({
    Kafka: locked('maven/jars.sha256', /kafka_2\.13-([\d.]+)\.jar/),
    Cassandra: locked('maven/jars.sha256', /cassandra-all-([\d.]+)\.jar/),
    MiniStack: locked('requirements/s3.lock.txt', /^ministack==([\d.]+)/m),
    Spark: locked('requirements/spark.lock.txt', /^pyspark==([\d.]+)/m),
    Airflow: locked('requirements/airflow.lock.txt', /^apache-airflow==([\d.]+)/m),
  });
});
