/** Faults of the engines. The watchdog of the run restarts what ended, as a managed service would. */
import { type Engine } from '../../../engines';
import { type Fault, type Target } from '../fault';
import { waitFor } from '../wait';

type EnginesOf = (target: Target) => readonly Engine[];

const broker: EnginesOf = ({ kafka }) => [kafka];
const store: EnginesOf = ({ cassandra }) => [cassandra];
const lake: EnginesOf = ({ s3 }) => [s3];
const all: EnginesOf = ({ kafka, cassandra, s3 }) => [kafka, cassandra, s3];

const RESTART = { within: 120_000, every: 100 };

const killed = (name: string, what: string, of: EnginesOf, also?: (target: Target) => void): Fault => ({
  name,
  what,
  seconds: 0,
  strike: async (target) => {
    const engines = of(target);
    also?.(target);
    await Promise.all(engines.map((engine) => engine.kill9()));
    return () => waitFor('the restart', () => engines.every((engine) => engine.running()) || undefined, RESTART);
  },
});

const frozen = (name: string, what: string, seconds: number, of: EnginesOf): Fault => ({
  name,
  what,
  seconds,
  strike: async (target) => {
    const engines = of(target);
    engines.forEach((engine) => engine.suspend());
    return async () => engines.forEach((engine) => engine.resume());
  },
});

export const ENGINE_FAULTS: readonly Fault[] = [
  killed('broker-killed', 'kill -9 of the Kafka broker, which restarts on its log', broker),
  frozen('broker-frozen', 'the Kafka broker responds to nothing, with its connections open', 20, broker),
  killed('store-killed', 'kill -9 of Cassandra, which restarts on its data', store),
  frozen('store-frozen', 'Cassandra responds too late: clients give up writes that are done afterwards', 12, store),
  killed('lake-killed', 'kill -9 of the S3 server, which restarts on its objects', lake),
  frozen('lake-frozen', 'the S3 server responds too late', 12, lake),
  killed('machine-lost', 'kill -9 of all engines and of all functions at once', all, ({ cloud, plan }) =>
    plan.functions.forEach(({ name }) => cloud.kill9(name)),
  ),
];
