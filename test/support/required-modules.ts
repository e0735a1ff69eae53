/** What a bundle asks Node for when it runs, read by esbuild's parser. */
import { isBuiltin } from 'node:module';
import { buildSync } from 'esbuild';

/** Names of esbuild's findings of modules that are named only while the program runs. */
const NAMED_LATER = ['unsupported-require-call', 'indirect-require', 'unsupported-dynamic-import'] as const;

/** @param file a bundle in CommonJS */
function parse(file: string) {
  const { metafile, warnings } = buildSync({
    entryPoints: [file],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'cjs',
    write: false,
    metafile: true,
    logLevel: 'silent',
    logOverride: Object.fromEntries(NAMED_LATER.map((finding) => [finding, 'warning'])),
  });
  const later = warnings.filter(({ id }) => (NAMED_LATER as readonly string[]).includes(id));
  return { imports: Object.values(metafile.inputs).flatMap(({ imports }) => imports), later };
}

/** The modules that a bundle requires by name, but for Node's own; sorted. */
export function requiredModules(file: string): string[] {
  const names = parse(file).imports.flatMap(({ path, kind }) => (kind === 'require-call' ? path : []));
  return [...new Set(names.filter((name) => !isBuiltin(name)))].sort();
}

/**
 * What Lambda's Node runtime would not find for a bundle.
 *
 * @param file a bundle in CommonJS
 * @param layerModules what the function's layers bring: `@scope/*` or a name
 * @returns a line each; empty if it finds everything
 */
export function missingInLambda(file: string, layerModules: readonly string[]): string[] {
  const { imports, later } = parse(file);
  const found = (name: string) =>
    isBuiltin(name) ||
    /^@aws-sdk\/client-[a-z0-9-]+$/.test(name) ||
    layerModules.some((module) => (module.endsWith('/*') ? name.startsWith(module.slice(0, -1)) : name === module));
  return [
    ...imports.flatMap(({ path, kind }) => {
      // Node looks up imports in no folder of NODE_PATH.
      if (kind === 'dynamic-import' || kind === 'import-statement') return isBuiltin(path) ? [] : [`import of ${path}`];
      return found(path) ? [] : [`${kind} of ${path}`];
    }),
    ...later.map(({ id, location }) => `${id}: ${location?.lineText.slice(location.column, location.column + 60)}`),
  ];
}
