/** Plants mistakes into the app's templates and has them reviewed as a synth would. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type IPolicyValidationPlugin } from 'aws-cdk-lib';
import { context } from '../../cdk.json';
import { loadConfig } from '../../lib/config';
import { composePipeline } from '../../lib/pipeline';
import { DeployChecks } from '../../lib/rules/cloudformation';
import { PipelineChecks } from '../../lib/rules/pipeline-checks';
import { emptyLayers } from './synth';

export type StackName = 'network' | 'storage' | 'processing' | 'orchestration' | 'observability';

/** A resource that may be changed. */
export interface Draft {
  Type: string;
  Properties: Record<string, unknown>;
  DependsOn?: unknown;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
}

/** The templates of all stacks, to be changed at will. */
export class Drafts {
  constructor(public readonly templates: Readonly<Record<string, { Resources: Record<string, Draft> }>>) {}

  /** The first resource of a type whose logical id starts with `prefix`. */
  public find(type: string, prefix = ''): Draft {
    return this.all(type, prefix)[0][1];
  }

  public all(type: string, prefix = ''): [string, Draft][] {
    const found = Object.values(this.templates)
      .flatMap(({ Resources }) => Object.entries(Resources))
      .filter(([id, { Type }]) => Type === type && id.startsWith(prefix));
    if (found.length === 0) {
      throw new Error(`no ${type} called ${prefix}…`);
    }
    return found;
  }

  /** Sets a property by its path, or removes it. */
  public set(type: string, prefix: string, path: string, value: unknown): void {
    const keys = path.split('.');
    const last = keys.pop() as string;
    let at = this.find(type, prefix).Properties;
    for (const key of keys) {
      at = at[key] as Record<string, unknown>;
    }
    if (value === undefined) {
      delete at[last];
    } else {
      at[last] = value;
    }
  }

  public add(stack: StackName, id: string, resource: Draft): void {
    this.templates[stack].Resources[id] = resource;
  }

  /** Removes resources; nothing may refer to them. */
  public remove(type: string, prefix = ''): void {
    const gone = new Set(this.all(type, prefix).map(([id]) => id));
    for (const { Resources } of Object.values(this.templates)) {
      for (const id of Object.keys(Resources).filter((each) => gone.has(each))) {
        delete Resources[id];
      }
    }
  }
}

export interface Found {
  readonly rule: string;
  /** Logical id without its hash. */
  readonly at: string;
  readonly message: string;
}

/** Plants something, then tells what is found. */
export type Review = (plant: (drafts: Drafts) => void) => Found[];

/**
 * The review of a configuration, synthesized once. Only what is changed goes through the validation of CloudFormation, which
 * looks at stacks one by one; the project's own rules look at all.
 *
 * @param plugins `own` leaves out the validation of CloudFormation, which takes most of the time
 */
export function reviewer(overrides: Readonly<Record<string, unknown>>, plugins: 'all' | 'own' = 'all'): Review {
  const app = new App({ context: { ...context, 'aws:cdk:bundling-stacks': [] }, analyticsReporting: false });
  const config = loadConfig(overrides);
  composePipeline(app, config, { layers: emptyLayers() });
  const assembly = app.synth({ validateOnSynthesis: false });
  const original = Object.fromEntries(
    assembly.stacks.map(({ stackName, template }) => [stackName.split('-').pop() as string, JSON.stringify(template)]),
  );
  const directory = mkdtempSync(join(tmpdir(), 'review-'));
  const deploy = plugins === 'all' ? new DeployChecks() : undefined;
  const own = new PipelineChecks(config);
  return (plant) => {
    const drafts = new Drafts(
      Object.fromEntries(Object.entries(original).map(([name, template]) => [name, JSON.parse(template)])),
    );
    plant(drafts);
    const written = Object.entries(drafts.templates).map(([name, template]) => {
      const text = JSON.stringify(template);
      const templatePath = join(directory, `${name}.template.json`);
      writeFileSync(templatePath, text);
      return { name, templatePath, changed: text !== original[name] };
    });
    const changed = written.some((each) => each.changed) ? written.filter((each) => each.changed) : written;
    return [...(deploy ? found(deploy, changed, app) : []), ...found(own, written, app)];
  };
}

function found(
  plugin: IPolicyValidationPlugin,
  templates: { name: string; templatePath: string }[],
  app: App,
): Found[] {
  const { violations } = plugin.validate({
    appConstruct: app,
    templatePaths: templates.map(({ templatePath }) => templatePath),
    stackTemplates: templates.map(({ name, templatePath }) => ({
      stackConstructPath: name,
      templatePath,
      accountId: undefined,
      region: undefined,
    })),
  });
  return violations
    .filter(({ severity }) => severity === 'error')
    .flatMap(({ ruleName, description, violatingResources }) =>
      violatingResources.map(({ resourceLogicalId = 'template' }) => ({
        rule: ruleName,
        at: resourceLogicalId.replace(/[0-9A-F]{8}$/, ''),
        message: description,
      })),
    );
}
