#!/usr/bin/env node
/** Reads the configuration, composes the stacks and adds the review. Nothing else belongs here. */
import { chmodSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { capacityLine } from '../tools/capacity/at-synth';
import { costLine } from '../tools/cost/at-synth';
import { ConfigError, deploymentConfig, overridesIn } from '../lib/config';
import { composePipeline } from '../lib/pipeline';
import { reviewAtSynth } from '../lib/rules/review';

const app = new App();
try {
  const host = process.arch === 'arm64' ? 'arm64' : 'x86_64';
  const overrides = overridesIn(app.node.getAllContext());
  const config = deploymentConfig(overrides, host);
  // Without a region in the configuration, CDK deploys to that of the credentials, which must be one of ours, too.
  const { CDK_DEFAULT_REGION: region } = process.env;
  if (config.region === undefined && region) deploymentConfig({ ...overrides, region }, host);
  composePipeline(app, config, { layers: join(__dirname, '..', '.local', 'layers') });
  if (config.stage !== 'local') {
    // Printed, because the review would count annotations as findings.
    console.error(costLine(config));
    console.error(capacityLine(config));
  }
  reviewAtSynth(app, config);
  readableByAll(app.synth().directory);
} catch (error) {
  if (!(error instanceof ConfigError)) {
    throw error;
  }
  // One line instead of a stack trace: the user has to fix it.
  console.error(`config: ${error.message}`);
  process.exit(1);
}

/**
 * Lambda unpacks assets with their modes and reads them as another user, so modes must not depend on the umask or the checkout of
 * the machine that synthesizes. The hash of an asset ignores modes: what was uploaded once is not uploaded again.
 * @see https://repost.aws/knowledge-center/lambda-deployment-package-errors
 */
function readableByAll(path: string): void {
  const found = statSync(path);
  const directory = found.isDirectory();
  chmodSync(path, directory || found.mode & 0o100 ? 0o755 : 0o644);
  if (directory) for (const name of readdirSync(path)) readableByAll(join(path, name));
}
