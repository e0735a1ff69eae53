/** One course of a rehearsal: an emulator of its own, the app deployed to it, and deleted. */
import { type Clock } from '../local/run/clock';
import { protectedIn, retainedIn, stacksOf } from './assembly';
import { ACCOUNT, cdk, reasonOf, REGION } from './cdk';
import { boardsProblem, CHANGE, type Check, unexpectedChanges, unexpectedRemains } from './checks';
import { type Emulator, startEmulator } from './emulator';
import { type Order } from './options';
import { type Entry, living } from './record';

export interface CourseOptions {
  readonly order: Order;
  /** Folder of the course, absolute. */
  readonly dir: string;
  /** The cloud assembly to deploy, which may still be in the making while the account is bootstrapped. */
  readonly assembly: Promise<string>;
  /**
   * With {@link CHANGE} made; if given, the app is also used, deployed again, compared and updated.
   * @default - it is deployed and deleted
   */
  readonly changed?: Promise<string>;
  readonly clock: Clock;
}

export interface CourseResult {
  readonly checks: readonly Check[];
  readonly record: readonly Entry[];
  /** What is there after the app was deleted, since its templates say so. */
  readonly kept: readonly Entry[];
}

/** What the stacks' names begin with. */
const prefixOf = (assembly: string) => stacksOf(assembly)[0].replace(/-[^-]*$/, '');

/** A phase that did not get through: those after it stand on nothing. */
class Broken extends Error {}

class Course {
  public readonly checks: Check[] = [];
  private readonly folder: { dir: string; endpoint: string };

  constructor(
    private readonly options: CourseOptions,
    private readonly emulator: Emulator,
  ) {
    this.folder = { dir: options.dir, endpoint: emulator.endpoint };
  }

  public async run(): Promise<readonly Entry[]> {
    const { changed } = this.options;
    await this.step('bootstrap', 'CDK bootstraps the account', ['bootstrap', `aws://${ACCOUNT}/${REGION}`]);
    const before = await this.inventory();
    const assembly = await this.options.assembly;
    await this.deploy('deploy', 'every stack is created', assembly);
    if (changed !== undefined) {
      await this.smoke(assembly);
      await this.deployAgain(assembly);
      await this.update(await changed);
      await this.submitJob(assembly);
    }
    return this.destroy(assembly, before);
  }

  private note(name: string, problem: string): void {
    this.checks.push({ name: `${this.options.order}: ${name}`, problem });
  }

  private phase<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.options.clock.phase(`${this.options.order}: ${name}`, work);
  }

  /** A command without which nothing further can be tried. */
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
    if (finished.code !== 0) return this.note('what was deployed can be used', reasonOf(finished));
    for (const { name, problem } of JSON.parse(finished.output) as Check[]) this.note(name, problem);
    const { grafana } = this.emulator;
    if (grafana.workspace !== null) this.note('Grafana holds every board and alert rule', boardsProblem(grafana));
  }

  /** What is under way when the app is deleted must not keep it. */
  private async submitJob(assembly: string): Promise<void> {
    const finished = await this.emulator.client('submit', prefixOf(assembly));
    this.note('a Spark job is under way when the app is deleted', finished.code === 0 ? '' : reasonOf(finished));
  }

  private async deployAgain(assembly: string): Promise<void> {
    const changes = await this.changesOf(() => this.deploy('deploy again', 'it can be deployed again', assembly));
    this.note('deployed again, nothing changes', unexpectedChanges(changes, []));
    const compare = ['diff', '--all', '--fail', '--app', assembly];
    const diff = await this.phase('diff', () => cdk('diff', compare, this.folder));
    this.note('and nothing differs', diff.code === 0 ? '' : reasonOf(diff));
  }

  private async update(assembly: string): Promise<void> {
    const { keys, expected } = CHANGE;
    const settings = Object.entries(keys).map(([key, value]) => `${key} to ${value}`);
    const name = `what was deployed can be updated: ${settings.join(', ')}`;
    const changes = await this.changesOf(() => this.deploy('update', name, assembly));
    this.note(`that touches ${expected.join(', ')} and nothing else`, unexpectedChanges(changes, expected));
  }

  private async changesOf(work: () => Promise<void>): Promise<Entry[]> {
    const already = this.emulator.record().length;
    await work();
    return this.emulator.record().slice(already);
  }

  private async destroy(assembly: string, before: readonly string[]): Promise<readonly Entry[]> {
    const retained = retainedIn(assembly);
    const attempt = () => cdk('destroy', ['destroy', '--all', '--force', '--app', assembly], this.folder);
    const finished = await this.phase('destroy', async () => {
      for (const stack of protectedIn(assembly)) {
        const { code } = await attempt();
        this.note(`${stack} is protected from deletion`, code === 0 ? 'it was deleted' : '');
        await this.emulator.client('unprotect', stack);
      }
      return attempt();
    });
    this.note('every stack is deleted', finished.code === 0 ? '' : reasonOf(finished));
    const kept = living(this.emulator.record());
    const left = (await this.inventory()).filter((item) => !before.includes(item));
    const name =
      retained.length === 0 ? 'nothing is left' : `what is left is what the templates retain (${retained.length})`;
    this.note(name, unexpectedRemains(kept, retained, left));
    return kept;
  }

  private async inventory(): Promise<string[]> {
    const finished = await this.emulator.client('inventory');
    if (finished.code !== 0) throw new Error(`what there is could not be listed: ${reasonOf(finished)}`);
    return JSON.parse(finished.output) as string[];
  }
}

/** Runs a course to its end, or to the first phase that fails. */
export async function runCourse(options: CourseOptions): Promise<CourseResult> {
  const start = () => startEmulator(options.dir, options.order);
  const emulator = await options.clock.phase(`${options.order}: start the emulator`, start);
  const course = new Course(options, emulator);
  let kept: readonly Entry[] = [];
  try {
    kept = await course.run();
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
  } finally {
    await emulator.stop();
  }
  return { checks: course.checks, record: emulator.record(), kept };
}
