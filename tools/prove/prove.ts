/** A proof: deploys a stage to an account, uses it, checks the result as the local run does, updates it and deletes it. */
import { join } from 'node:path';
import { type PipelineConfig } from '../../lib/config';
import { cdkSynth } from '../assembly/cdk-synth';
import { readCloudAssembly } from '../assembly/cloud-assembly';
import { estimate } from '../cost/estimate';
import { nearestRank } from '../kit/nearest-rank';
import { generateLoad } from '../loadgen/load';
import { type Tally } from '../loadgen/send';
import { type Sign } from '../loadgen/sign';
import { collect } from '../local/run/answers';
import { startClock } from '../local/run/clock';
import { waitUntilThrough } from '../local/run/completion';
import { queryClient } from '../local/run/query-client';
import { errorsOf } from '../local/run/result';
import { acknowledgedIn, expectedPosts } from '../local/run/sent-log';
import { type Account } from '../preflight/account';
import { check } from '../preflight/checks';
import { gather } from '../preflight/gather';
import { needsOf } from '../preflight/needs';
import { asLine } from '../preflight/result';
import { cdk, reasonOf } from '../rehearsal/cdk';
import { CHANGE, type Check } from '../rehearsal/checks';
import { type ProofAccount } from './account';
import { compare } from './bill';
import { type Report, type Sent } from './report';

/** Where posts go and answers come from. */
export interface DataPlane {
  readonly ingest: string;
  readonly query: string;
  readonly sign: Sign;
  drift(from: number, to: number): Promise<number>;
}

export interface Proof {
  readonly config: PipelineConfig;
  /** The keys that differ from the stage. `removal` is `destroy`. */
  readonly settings: Readonly<Record<string, string>>;
  readonly rate: number;
  readonly hours: number;
  readonly region: string;
  readonly commit: string;
  /** Folder for assemblies and logs, absolute. */
  readonly dir: string;
  /** Of the commands of CDK. */
  readonly env: NodeJS.ProcessEnv;
  /** @default - CDK itself */
  readonly commands?: { readonly synth: typeof cdkSynth; readonly cdk: typeof cdk };
  readonly say: (line: string) => void;
  readonly preflight: Account;
  readonly account: ProofAccount;
  /** Once the stage is deployed. */
  readonly dataPlane: () => Promise<DataPlane>;
  /** Length of an interval of the data plane, minutes. @default - of the configuration */
  readonly intervalMinutes?: number;
  /** Between two looks at the boundary and at what is left, ms. @default 10000 */
  readonly pollMs?: number;
  /** How long deleted resources may still be listed, ms. @default 600000 */
  readonly listedMs?: number;
}

/** Posts in a request, as the load generator sends them and the model counts them. */
export const BATCH = 50;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOTIFIED_WITHIN = 5 * MINUTE;

/** A phase failed that the phases after it depend on. */
class Broken extends Error {}

export async function prove(proof: Proof): Promise<Report> {
  const { config, settings, region, rate, hours, commit, dir, env, say, account, pollMs = 10_000 } = proof;
  const { commands = { synth: cdkSynth, cdk } } = proof;
  const clock = startClock(say);
  const started = Date.now();
  const checks: Check[] = [];
  const seen: { sent?: Sent; alarms: readonly string[]; left: readonly string[] } = { alarms: [], left: [] };
  let deployedAt: number | undefined;
  let deployedHours = 0;

  /** A check in its phase. What it throws is its problem. */
  const step = async (phase: string, name: string, work: () => Promise<string>): Promise<boolean> => {
    const problem = await clock.phase(phase, work).catch((error: Error) => error.message.split('\n')[0] || error.name);
    checks.push({ name, problem });
    say(problem === '' ? `  ok    ${name}` : `  FAIL  ${name}: ${problem}`);
    return problem === '';
  };
  const must = async (...given: Parameters<typeof step>) => {
    if (!(await step(...given))) throw new Broken();
  };
  const run = async (name: string, args: readonly string[]) => {
    const ended = await commands.cdk(name, args, { dir, env });
    return ended.code === 0 ? '' : reasonOf(ended);
  };
  const deploy = (name: string, app: string) =>
    run(name, ['deploy', '--all', '--app', app, '--require-approval', 'never', '--progress', 'events']);

  const assembly = join(dir, 'assembly');
  const changed = join(dir, 'changed');
  try {
    await must('synthesize', 'the templates pass every rule', async () => {
      await commands.synth({ ...settings, stage: config.stage }, assembly, env);
      await commands.synth({ ...settings, ...CHANGE.keys, stage: config.stage }, changed, env);
      return '';
    });
    await must('preflight', 'the account has what the deployment needs, and is bootstrapped', preflight);
    deployedAt = Date.now();
    await must('deploy', 'every stack is created', () => deploy('deploy', assembly));
    await step('load and check', 'every acknowledged post is in both layers, once; drift is 0', layers);
    await step('test notifications', 'each alarm that notifies reaches the topic, and a subscriber of it', async () => {
      const { all, arrived } = await account.testAlarms(NOTIFIED_WITHIN);
      seen.alarms = arrived;
      const missing = all.filter((name) => !arrived.includes(name));
      return all.length === 0 ? 'no alarm notifies' : missing.map((name) => `${name} did not arrive`).join('; ');
    });
    await step('update', `it can be updated: ${pairs(CHANGE.keys).join(', ')}`, () => deploy('update', changed));
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
  } finally {
    if (deployedAt !== undefined) {
      await step('destroy', 'every stack is deleted', () =>
        run('destroy', ['destroy', '--all', '--force', '--app', assembly]),
      );
      deployedHours = (Date.now() - deployedAt) / HOUR;
      await step('look for what is left', 'nothing is left', leftOver);
    }
  }
  const posts = seen.sent?.posts ?? 0;
  return {
    ...{ stage: config.stage, settings: pairs(settings), region, commit },
    ...{ rate, hours, started: new Date(started).toISOString(), ended: new Date().toISOString(), deployedHours },
    ...{ checks, timings: clock.timings, ...seen },
    costs: compare(estimate(config, { rate, batch: BATCH }), { hours: deployedHours, posts }),
  };

  async function preflight(): Promise<string> {
    const needs = needsOf(readCloudAssembly(assembly).stacks);
    const responses = await gather(proof.preflight, needs);
    const failed = check(config, needs, responses).filter(({ ok }) => !ok);
    // The proof deletes at its end what it deploys.
    const existing = needs.stacks.filter(({ name }) => {
      const status = responses.stacks[name];
      return 'value' in status && status.value !== undefined;
    });
    return [
      ...failed.map(asLine),
      ...existing.map(({ name }) => `stack ${name} exists, and would be deleted: set another -c project=…`),
    ].join('; ');
  }

  async function layers(): Promise<string> {
    const plane = await proof.dataPlane();
    const query = queryClient(plane.query, plane.sign);
    const from = Date.now();
    const intervalMinutes = proof.intervalMinutes ?? config.intervalMinutes;
    const { ingest: url, sign } = plane;
    const tally = await generateLoad({ url, rate, posts: Math.ceil(rate * hours * 3_600), batch: BATCH, sign });
    seen.sent = sentOf(tally);
    const until = Date.now();
    await waitUntilThrough({
      ...{ query, until, intervalMinutes, pollMs, progress: () => undefined },
      // An interval has to end, and to be published, before the boundary moves.
      patience: (2 * intervalMinutes + config.publishDelayMinutes) * MINUTE,
    });
    const drift = await plane.drift(from, Date.now());
    return errorsOf(expectedPosts(acknowledgedIn(tally)), { ...(await collect(query)), drift }).join('; ');
  }

  async function leftOver(): Promise<string> {
    const until = Date.now() + (proof.listedMs ?? 10 * MINUTE);
    do {
      seen.left = await account.tagged();
      if (seen.left.length === 0) return '';
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    } while (Date.now() < until);
    return `${seen.left.length} resources are left`;
  }
}

const pairs = (settings: Readonly<Record<string, string>>) =>
  Object.entries(settings).map(([key, value]) => `${key}=${value}`);

function sentOf({ acknowledged, requests, retries, rejected, quarantined, duration, latencies }: Tally): Sent {
  const sorted = [...latencies].sort((a, b) => a - b);
  return {
    ...{ posts: acknowledged.size, requests, retries, rejected: rejected.length, quarantined: quarantined.length },
    rate: acknowledged.size / (duration / 1_000),
    p50: nearestRank(sorted, 0.5) ?? 0,
    p99: nearestRank(sorted, 0.99) ?? 0,
  };
}
