import { join } from 'node:path';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code, type AssetCode } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';

const ROOT = join(__dirname, '..', '..');
const STUBS = join(ROOT, 'lambda', 'runtime');

/**
 * What Lambda's Node runtime offers to a function: the clients of the AWS SDK. Their own packages, `@smithy/*` and the other `@aws-sdk/*`,
 * lie below them, where a function does not find them, so those go into the bundle.
 */
const RUNTIME_MODULES = ['@aws-sdk/client-*'];

/**
 * `lambda/<step>/handler.ts` and what it imports as one file, made by the esbuild of this repository: no Docker, and no
 * process of npm a function, which is what `NodejsFunction` takes most of its time for.
 *
 * @param layerModules modules that a layer of the function brings
 * @param files writes what else belongs into the asset
 * @throws Error of esbuild naming file and line, if the code can't be bundled
 */
export function bundle(
  step: string,
  layerModules: readonly string[],
  files: (directory: string) => void = () => undefined,
): AssetCode {
  return Code.fromAsset(join(ROOT, 'lambda', step), {
    // Of the result: a change that doesn't reach the bundle is no deployment.
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Named because CDK asks for one; it is used only where a local bundler gives up, which this one never does.
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
            // A map would tie the hash to the checkout's path.
            sourcemap: false,
            // esbuild drops what is unused from ES modules: the signer takes 14 KB instead of 140.
            mainFields: ['module', 'main'],
            // Node looks up requires in layers and in the runtime, but not imports: each becomes a lazy require.
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
