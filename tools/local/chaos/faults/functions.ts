/** Faults of the functions' instances. */
import { setTimeout as sleep } from 'node:timers/promises';
import { findFunction } from '../../../assembly/local-plan';
import { repeatedly } from '../../../kit/repeatedly';
import { signalAll } from '../../run/processes';
import { type Fault, type Target } from '../fault';
import { waitFor } from '../wait';

/** Between two looks whether an instance is busy: a batch takes a few milliseconds. */
const LOOK_MS = 2;
const LATE_MS = 15_000;

/** Gives up an instance of each function in the middle of an invocation. */
async function abandonEach({ cloud }: Target, names: readonly string[], within: number): Promise<(() => void)[]> {
  return Promise.all(
    names.map((name) => waitFor(`an invocation of ${name}`, () => cloud.abandon(name), { within, every: LOOK_MS })),
  );
}

export const FUNCTION_FAULTS: readonly Fault[] = [
  {
    name: 'functions-killed',
    what: 'kill -9 of all instances of a function, one function after the other, twice a second',
    seconds: 20,
    recovered: 'published',
    strike: async ({ cloud, plan }) => {
      const names = plan.functions.map(({ name }) => name);
      let next = 0;
      return repeatedly(500, async () => cloud.kill9(names[next++ % names.length]));
    },
  },
  {
    name: 'functions-frozen',
    what: 'an instance of ingest, of archive and of aggregate stops in the middle of its work, and goes on later',
    seconds: 15,
    strike: async ({ cloud, plan }) => {
      const processes = cloud.processes();
      const pids = ['ingest', 'archive', 'aggregate'].flatMap(
        (name) => processes[findFunction(plan.functions, name).logicalId].pids[0] ?? [],
      );
      signalAll(pids, 'SIGSTOP');
      // Those that a timeout ended meanwhile are gone.
      return async () => signalAll(pids, 'SIGCONT');
    },
  },
  {
    name: 'late-writers',
    what: 'busy instances of ingest, archive and aggregate freeze and are given up; they write after others have done their work',
    seconds: 15,
    strike: async (target) => {
      const thaw = await abandonEach(target, ['ingest', 'archive', 'aggregate'], 30_000);
      return async () => thaw.forEach((each) => each());
    },
  },
  {
    name: 'late-publishers',
    what: 'the same of the batch layer: seal, compact, publish and reconcile',
    seconds: 0,
    recovered: 'published',
    strike: async (target) => {
      const thaw = await abandonEach(target, ['seal', 'compact', 'publish', 'reconcile'], 180_000);
      return async () => {
        await sleep(LATE_MS);
        thaw.forEach((each) => each());
      };
    },
  },
];
