import { join } from 'node:path';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code, type AssetCode } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';

const ROOT = join(__dirname, '..', '..');
const STUBS = join(ROOT, 'lambda', 'runtime');

/**
 * Modules that Lambda's Node runtime provides: the clients of the AWS SDK. Their dependencies, `@smithy/*` and the other
 * `@aws-sdk/*`, lie below them, where a function can't resolve them, so those go into the bundle.
 */
const RUNTIME_MODULES = ['@aws-sdk/client-*'];

/**
 * Bundles `lambda/<step>/handler.ts` and its imports into one file with this repository's esbuild. It needs no Docker and no
 * npm process per function, on which `NodejsFunction` spends most of its time.
 *
 * @param layerModules modules that a layer of the function provides
 * @param files writes further files of the asset
 * @throws Error of esbuild, which names file and line, if the code can't be bundled
 */
export function bundle(
  step: string,
  layerModules: readonly string[],
  files: (directory: string) => void = () => undefined,
): AssetCode {
  return Code.fromAsset(join(ROOT, 'lambda', step), {
    // Hash the result: a change that doesn't affect the bundle causes no deployment.
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // CDK requires an image. It uses it only if the local bundler returns false, which this one never does.
      image: DockerImage.fromRegistry('unused'),
      local: {
        tryBundle(directory) {
          buildSync({
            entryPoints: [join(ROOT, 'lambda', step, 'handler.ts')],
            outfile: join(directory, 'index.js'),
            absWorkingDir: ROOT,
            bundle: true,
            platform: 'node',
            target: 'node24',
            format: 'cjs',
            minify: true,
            // A source map would make the hash depend on the path of the checkout.
            sourcemap: false,
            // esbuild removes unused code from ES modules only: the signer takes 14 KB instead of 140.
            mainFields: ['module', 'main'],
            // Node resolves requires, but not imports, in layers and in the runtime. So each import becomes a lazy require.
            supported: { 'dynamic-import': false },
            alias: { 'adm-zip': join(STUBS, 'adm-zip-stub.ts'), kerberos: join(STUBS, 'kerberos-stub.ts') },
            external: [...RUNTIME_MODULES, ...layerModules],
            logLevel: 'silent',
          });
          files(directory);
          return true;
        },
      },
    },
  });
}
