/** Plants mistakes into the app's templates and has them reviewed as a synth would. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, type IPolicyValidationPlugin } from 'aws-cdk-lib';
import { loadConfig } from '../../lib/config';
import { DeployChecks } from '../../lib/rules/cloudformation';
import { PipelineChecks } from '../../lib/rules/pipeline-checks';
import { synthesized } from './synth';
import { temporaryFolder } from './temporary';

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
  // The plugins ask for an app, and look at the files only.
  const app = new App({ outdir: temporaryFolder('review-app') });
  const original = Object.fromEntries(
    synthesized(overrides).stacks.map(({ name, template }) => [
      name.split('-').pop() as string,
      JSON.stringify(template),
    ]),
  );
  const directory = temporaryFolder('review');
  const deploy = plugins === 'all' ? deployReview(app, directory) : undefined;
  const own = new PipelineChecks(loadConfig(overrides));
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
    return [...(deploy?.(changed) ?? []), ...found(own, written, app)];
  };
}

interface Written {
  readonly name: string;
  readonly templatePath: string;
}

/**
 * The validation of CloudFormation, template by template, as it looks at them. Its engine is made for types of resources, and
 * made anew for every template that has others, which takes several times longer than validating: so it is made for all
 * types that were seen. A template that was validated is not validated again.
 */
function deployReview(app: App, directory: string): (all: readonly Written[]) => Found[] {
  const plugin = new DeployChecks();
  const types = new Set<string>();
  const known = new Map<string, Found[]>();
  const makeEngineFor = (more: readonly string[]) => {
    if (more.every((type) => types.has(type))) return;
    for (const type of more) types.add(type);
    const one = Object.fromEntries([...types].map((Type, index) => [`Resource${index}`, { Type }]));
    const templatePath = join(directory, 'types.json');
    writeFileSync(templatePath, JSON.stringify({ Resources: one }));
    found(plugin, [{ name: 'types', templatePath }], app);
  };
  const typesOf = (text: string) =>
    Object.values((JSON.parse(text) as { Resources: Record<string, Draft> }).Resources).map(({ Type }) => Type);
  return (all) => {
    const texts = all.map(({ templatePath }) => readFileSync(templatePath, 'utf8'));
    makeEngineFor(texts.filter((text) => !known.has(text)).flatMap(typesOf));
    return all.flatMap((written, i) => {
      const now = known.get(texts[i]) ?? found(plugin, [written], app);
      known.set(texts[i], now);
      return now;
    });
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
