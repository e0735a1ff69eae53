/** One scenario of a rehearsal: the app is deployed to its own emulator, and deleted. */
import { readCloudAssembly } from '../assembly/cloud-assembly';
import { retainedIn } from '../assembly/retained';
import { type Clock } from '../local/run/clock';
import { ACCOUNT, REGION } from '../assembly/local-account';
import { cdk, type CdkOptions, environment, reasonOf } from './cdk';
import {
  boardsProblem,
  CHANGE,
  type Check,
  expectedOf,
  unexpectedChanges,
  unexpectedMakers,
  unexpectedRemains,
} from './checks';
import { type Emulator, startEmulator } from './emulator';
import { type Order } from './options';
import { type Entry, living } from './record';

export interface ScenarioOptions {
  readonly order: Order;
  /** Folder of the scenario, absolute. */
  readonly dir: string;
  /** The cloud assembly to deploy; synthesis may run while the account is bootstrapped. */
  readonly assembly: Promise<string>;
  /**
   * The assembly with {@link CHANGE}; if given, the app is also used, deployed again, compared and updated.
   * @default - the app is only deployed and deleted
   */
  readonly changed?: Promise<string>;
  readonly clock: Clock;
}

export interface ScenarioResult {
  readonly checks: readonly Check[];
  readonly record: readonly Entry[];
  /** Resources that outlive the deletion because their template retains them. */
  readonly retained: readonly Entry[];
}

const stacksOf = (assembly: string) => readCloudAssembly(assembly).stacks;

const hasSpark = (assembly: string) =>
  stacksOf(assembly).some(({ template }) =>
    Object.values(template.Resources ?? {}).some(({ Type }) => Type === 'AWS::EMRServerless::Application'),
  );

/** The common prefix of the stacks' names. */
const prefixOf = (assembly: string) => stacksOf(assembly)[0].name.replace(/-[^-]*$/, '');

/** A phase failed that the phases after it depend on. */
class Broken extends Error {}

class Scenario {
  public readonly checks: Check[] = [];
  private readonly folder: CdkOptions;

  constructor(
    private readonly options: ScenarioOptions,
    private readonly emulator: Emulator,
  ) {
    this.folder = { dir: options.dir, env: environment(options.dir, emulator.endpoint) };
  }

  public async run(): Promise<readonly Entry[]> {
    const { changed } = this.options;
    await this.step('bootstrap', 'CDK bootstraps the account', ['bootstrap', `aws://${ACCOUNT}/${REGION}`]);
    const before = await this.inventory();
    const assembly = await this.options.assembly;
    await this.deploy('deploy', 'every stack is created', assembly);
    this.note('every type is made as lib/rules/resource-types.ts states', unexpectedMakers(this.emulator.record()));
    if (changed !== undefined) {
      await this.smoke(assembly);
      await this.deployAgain(assembly);
      await this.update(await changed);
      if (hasSpark(assembly)) await this.submitJob(assembly);
    }
    return this.destroy(assembly, before);
  }

  private note(name: string, problem: string): void {
    this.checks.push({ name: `${this.options.order}: ${name}`, problem });
  }

  private phase<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.options.clock.phase(`${this.options.order}: ${name}`, work);
  }

  /** A command that everything after it depends on. */
  private async step(phase: string, name: string, args: readonly string[]): Promise<void> {
    const finished = await this.phase(phase, () => cdk(phase, args, this.folder));
    const problem = finished.code === 0 ? '' : reasonOf(finished);
    this.note(name, problem);
    if (problem !== '') throw new Broken(problem);
  }

  private deploy(phase: string, name: string, assembly: string): Promise<void> {
    const how = ['--require-approval', 'never', '--progress', 'events'];
    return this.step(phase, name, ['deploy', '--all', '--app', assembly, ...how]);
  }

  private async smoke(assembly: string): Promise<void> {
    const finished = await this.phase('use', () => this.emulator.client('smoke', prefixOf(assembly)));
    if (finished.code !== 0) return this.note('the deployed app can be used', reasonOf(finished));
    for (const { name, problem } of JSON.parse(finished.output) as Check[]) this.note(name, problem);
    const { grafana } = this.emulator;
    if (grafana.workspace !== null) this.note('Grafana holds every board and alert rule', boardsProblem(grafana));
  }

  /** A running job must not prevent the deletion. */
  private async submitJob(assembly: string): Promise<void> {
    const finished = await this.emulator.client('submit', prefixOf(assembly));
    this.note('a Spark job is running when the app is deleted', finished.code === 0 ? '' : reasonOf(finished));
  }

  private async deployAgain(assembly: string): Promise<void> {
    const changes = await this.changesOf(() => this.deploy('deploy again', 'it can be deployed again', assembly));
    this.note('deployed again, nothing changes', unexpectedChanges(changes, []));
    const compare = ['diff', '--all', '--fail', '--app', assembly];
    const diff = await this.phase('diff', () => cdk('diff', compare, this.folder));
    this.note('and nothing differs', diff.code === 0 ? '' : reasonOf(diff));
  }

  private async update(assembly: string): Promise<void> {
    const { keys } = CHANGE;
    const expected = expectedOf(hasSpark(assembly));
    const settings = Object.entries(keys).map(([key, value]) => `${key} to ${value}`);
    const name = `the deployed app can be updated: ${settings.join(', ')}`;
    const changes = await this.changesOf(() => this.deploy('update', name, assembly));
    this.note(`the update changes ${expected.join(', ')} and nothing else`, unexpectedChanges(changes, expected));
  }

  private async changesOf(work: () => Promise<void>): Promise<Entry[]> {
    const already = this.emulator.record().length;
    await work();
    return this.emulator.record().slice(already);
  }

  private async destroy(assembly: string, before: readonly string[]): Promise<readonly Entry[]> {
    const stacks = stacksOf(assembly);
    const expected = retainedIn(stacks).map(({ stack, logicalId }) => `${stack} ${logicalId}`);
    const attempt = () => cdk('destroy', ['destroy', '--all', '--force', '--app', assembly], this.folder);
    const finished = await this.phase('destroy', async () => {
      for (const { name } of stacks.filter(({ terminationProtection }) => terminationProtection)) {
        const { code } = await attempt();
        this.note(`${name} is protected from deletion`, code === 0 ? 'it was deleted' : '');
        await this.emulator.client('unprotect', name);
      }
      return attempt();
    });
    this.note('every stack is deleted', finished.code === 0 ? '' : reasonOf(finished));
    const remaining = living(this.emulator.record());
    const left = (await this.inventory()).filter((item) => !before.includes(item));
    const name =
      expected.length === 0
        ? 'nothing remains'
        : `only resources that the templates retain remain (${expected.length})`;
    this.note(name, unexpectedRemains(remaining, expected, left));
    return remaining;
  }

  private async inventory(): Promise<string[]> {
    const finished = await this.emulator.client('inventory');
    if (finished.code !== 0) throw new Error(`the resources could not be listed: ${reasonOf(finished)}`);
    return JSON.parse(finished.output) as string[];
  }
}

/** Runs a scenario to its end, or to the first phase that fails. */
export async function runScenario(options: ScenarioOptions): Promise<ScenarioResult> {
  const start = () => startEmulator(options.dir, options.order);
  const emulator = await options.clock.phase(`${options.order}: start the emulator`, start);
  const scenario = new Scenario(options, emulator);
  let retained: readonly Entry[] = [];
  try {
    retained = await scenario.run();
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
  } finally {
    await emulator.stop();
  }
  return { checks: scenario.checks, record: emulator.record(), retained };
}
