import { join } from 'node:path';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code, type AssetCode } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';

const ROOT = join(__dirname, '..', '..');

/**
 * `lambda/<step>/handler.ts` and what it imports as one file, made by the esbuild of this repository: no Docker, and no
 * process of npm a function, which is what `NodejsFunction` takes most of its time for.
 *
 * @param external modules that the runtime or a layer brings
 * @param files writes what else belongs into the asset
 * @throws Error of esbuild naming file and line, if the code can't be bundled
 */
export function bundle(
  step: string,
  external: readonly string[],
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
            alias: { 'adm-zip': join(ROOT, 'lambda', 'runtime', 'adm-zip-stub.ts') },
            external: ['@aws-sdk/*', '@smithy/*', ...external],
            logLevel: 'silent',
          });
          files(directory);
          return true;
        },
      },
    },
  });
}
