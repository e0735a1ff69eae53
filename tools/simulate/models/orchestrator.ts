/**
 * The orchestrator: interprets the tasks that are generated for `dags/pipeline.py`, as that file does. A run an interval, one at a
 * time, no catch-up; tasks are tried again; runs by hand may overlap. It does not wait for ever for an answer, while the function goes
 * on. It can die, and its runs with it.
 */
import { intervalName, intervalOf } from '../../../lambda/domain/intervals';
import { type StepResponse } from '../../../lambda/runtime/budget';
import { type World } from '../world';

/** A task of the DAG's configuration. */
interface Task {
  readonly id: string;
  readonly after: readonly string[];
  readonly function?: string;
  readonly payload?: Readonly<Record<string, unknown>>;
  readonly patienceSeconds?: number;
  readonly first?: true;
  readonly listedBy?: string;
}

export interface OrchestratorOptions {
  readonly intervalMinutes: number;
  /** How long it waits for an answer of a function, ms. */
  readonly clientMs: number;
  readonly tasks: () => readonly object[];
  readonly invoke: (name: string, event: object) => Promise<unknown>;
  readonly views: (run: string) => Promise<unknown>;
}

const RETRIES = 3;
const PAUSE_MS = 10_000;
const LONGEST_DELAY_MS = 300_000;
const MINUTE = 60_000;

interface Run {
  readonly id: string;
  readonly event: object;
  readonly scheduled: boolean;
  dead?: true;
}

class TaskFailure extends Error {}

export class Orchestrator {
  /** No run starts before. */
  downUntil = 0;
  /** Of scheduled runs: when the newest one ended, and whether it succeeded. */
  last: { readonly at: number; readonly ok: boolean; readonly error?: string } | undefined;
  /** Jobs of the views engine that computed something. */
  jobs = 0;
  /** Nothing starts meanwhile. */
  private paused = false;
  private running = false;
  private queued: Run | undefined;
  private readonly active = new Set<Run>();
  private triggered = 0;

  constructor(
    private readonly world: World,
    private readonly options: OrchestratorOptions,
  ) {}

  /** Schedules runs from now on. */
  start(): void {
    const length = this.options.intervalMinutes * MINUTE;
    const next = intervalOf(this.world.now, this.options.intervalMinutes) + length;
    this.world.at(next + 2_000, 'schedule', () => {
      if (this.world.now >= this.downUntil) {
        const interval = intervalName(next - length);
        this.queued = { id: `scheduled__${interval}`, event: { interval }, scheduled: true };
        this.next();
      }
      this.start();
    });
  }

  /** A run by hand, beside others. @returns whether it succeeded */
  async trigger(event: object): Promise<boolean> {
    while (this.paused) await this.world.sleep(MINUTE, '');
    return this.execute({ id: `manual__${this.triggered++}`, event, scheduled: false });
  }

  /** Starts nothing, and waits until no run goes on. */
  async pause(): Promise<void> {
    this.paused = true;
    while (this.active.size > 0) await this.world.sleep(MINUTE, '');
  }

  resume(): void {
    this.paused = false;
    this.next();
  }

  /** Its runs end where they are; what they have invoked goes on. */
  die(): void {
    for (const run of this.active) {
      run.dead = true;
      this.world.note(`run ${run.id} dies`);
    }
    this.active.clear();
    this.running = false;
    this.next();
  }

  private next(): void {
    if (this.running || this.paused || !this.queued) return;
    const run = this.queued;
    this.queued = undefined;
    this.running = true;
    void this.execute(run).then(() => {
      if (run.dead) return;
      this.running = false;
      this.next();
    });
  }

  private async execute(run: Run): Promise<boolean> {
    const { world } = this;
    world.note(`run ${run.id} starts`);
    this.active.add(run);
    let error: string | undefined;
    try {
      await this.runTasks(run);
    } catch (caught) {
      error = (caught as Error).message;
    }
    if (run.dead) return false;
    this.active.delete(run);
    world.note(`run ${run.id} ends${error === undefined ? '' : `: ${error}`}`);
    if (run.scheduled) this.last = { at: world.now, ok: error === undefined, error };
    return error === undefined;
  }

  private async runTasks(run: Run): Promise<void> {
    const tasks = this.options.tasks() as readonly Task[];
    const done = new Map<string, Promise<unknown>>();
    let skipped = false;
    const start = async (task: Task): Promise<unknown> => {
      const before = await Promise.all(task.after.map((id) => done.get(id)!));
      if (skipped) return undefined;
      if (task.listedBy !== undefined) {
        const listed = before[task.after.indexOf(task.listedBy)] as { views?: number };
        if (!listed.views) return undefined;
        return this.retried(run, task.id, async () => {
          this.jobs++;
          await this.options.views(run.id);
        });
      }
      const event = { ...task.payload, run: run.id, ...(task.first && run.event) };
      return this.retried(run, task.id, async () => {
        const response = await this.untilDone(run, task, event);
        if (task.first) skipped = this.isOver(run, response);
        return response;
      });
    };
    for (const task of tasks) {
      const result = start(task);
      result.catch(() => undefined);
      done.set(task.id, result);
    }
    await Promise.all(done.values());
  }

  /** Whether the first step ends the run. */
  private isOver(run: Run, response: StepResponse & { readonly due?: number }): boolean {
    if (response.state === 'superseded' && !run.scheduled) throw new TaskFailure('another run holds the lease');
    return response.state === 'superseded' || !response.due;
  }

  private async untilDone(run: Run, task: Task, event: object): Promise<StepResponse> {
    const patientUntil = this.world.now + task.patienceSeconds! * 1_000;
    for (;;) {
      if (run.dead) throw new TaskFailure('the run is dead');
      const response = (await this.answer(task, event)) as StepResponse & { readonly due?: number };
      if (response.state !== 'more' && response.state !== 'notYet') return response;
      if (response.state === 'more') continue;
      if (this.world.now >= patientUntil) {
        if (response.due) return response;
        throw new TaskFailure(`${task.id}: ${response.reason}`);
      }
      await this.world.sleep(PAUSE_MS, '');
    }
  }

  private answer({ id, function: name }: Task, event: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const late = () => reject(new TaskFailure(`${id}: no answer in time`));
      const cancel = this.world.after(this.options.clientMs, '', late);
      this.options.invoke(name!, event).then(resolve, reject).finally(cancel);
    });
  }

  private async retried<T>(run: Run, id: string, work: () => Promise<T>): Promise<T> {
    const first = Math.min(60, 10 * this.options.intervalMinutes) * 1_000;
    for (let left = RETRIES; ; left--) {
      if (run.dead) throw new TaskFailure('the run is dead');
      try {
        return await work();
      } catch (error) {
        if (left === 0) throw error;
        this.world.note(`task ${id} failed: ${(error as Error).message}`);
        await this.world.sleep(Math.min(LONGEST_DELAY_MS, first * 2 ** (RETRIES - left)), '');
      }
    }
  }
}
