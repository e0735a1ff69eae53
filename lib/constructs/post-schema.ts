import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RemovalPolicy } from 'aws-cdk-lib';
import { CfnRegistry, CfnSchema, CfnSchemaVersion } from 'aws-cdk-lib/aws-glue';
import { Construct } from 'constructs';
import { type PipelineConfig } from '../config';
import { applyRemoval, removalPolicy } from './removal';

/** The schema that clients may rely on, by `npm run schema:check -- --release`. */
const RELEASED = join(__dirname, '..', '..', 'docs', 'schemas', 'post.schema.released.json');

/**
 * The released schema of a post in Glue Schema Registry, for other producers and consumers of the topic. Glue rejects a version that is
 * not compatible with the one before, and the deployment with it.
 * @see https://docs.aws.amazon.com/glue/latest/dg/schema-registry.html
 */
export class PostSchema extends Construct {
  constructor(scope: Construct, id: string, config: PipelineConfig) {
    super(scope, id);
    const registry = new CfnRegistry(this, 'Registry', {
      name: `${config.project}-${config.stage}`,
      description: 'Schemas of the pipeline',
    });
    const schema = new CfnSchema(this, 'Schema', {
      registry: { arn: registry.attrArn },
      name: 'post',
      description: 'A record of the ingest API',
      dataFormat: 'JSON',
      compatibility: 'BACKWARD',
    });
    const version = new CfnSchemaVersion(this, 'Version', {
      schema: { schemaArn: schema.attrArn },
      schemaDefinition: JSON.stringify(JSON.parse(readFileSync(RELEASED, 'utf8'))),
    });
    applyRemoval(removalPolicy(config), registry, schema);
    // Another definition replaces the resource: the version before stays, and goes with its schema.
    applyRemoval(RemovalPolicy.RETAIN, version);
  }
}
