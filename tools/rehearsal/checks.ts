/** The named checks of a rehearsal. Each holds or has a problem. */
import { contentOf } from '../../observability/grafana';
import { resourceType } from '../../lib/rules/resource-types';
import { type FakeGrafana } from './grafana/fake';
import { describe, type Entry, makerOf } from './record';

export interface Check {
  readonly name: string;
  /** Empty if the check holds. */
  readonly problem: string;
}

/** A change of the configuration, and the only resources that it may change. */
export interface Change {
  readonly keys: Readonly<Record<string, string>>;
  /** In the form of {@link describe}, without the hash of the logical id. */
  readonly expected: readonly string[];
}

/** The resources of Spark change where DuckDB does not compute all views. */
export const CHANGE: Change = {
  keys: { archiveWindowSeconds: '45', sparkIdleMinutes: '7' },
  expected: [
    'StepsArchivePosts (AWS::Lambda::EventSourceMapping): MaximumBatchingWindowInSeconds',
    // The delay of the archive, and how long sealing waits for it, depend on its window.
    'Alarmsarchivelate (AWS::CloudWatch::Alarm): Threshold',
    'StepsSealFunction (AWS::Lambda::Function): Environment',
    'SparkApplication (AWS::EMRServerless::Application): AutoStopConfiguration',
    // EMR Serverless rejects the update of a started application: it is stopped first.
    'SparkStopperBeforeUpdate (Custom::StoppedApplication): Application',
  ],
};

/** What {@link CHANGE} may change in an app. */
export const expectedOf = (hasSpark: boolean): readonly string[] =>
  CHANGE.expected.filter((line) => hasSpark || !line.startsWith('Spark'));

const ID_HASH = /[0-9A-F]{8}(?= \()/;

/** The problem with the resources that an update changed. */
export function unexpectedChanges(entries: readonly Entry[], expected: readonly string[]): string {
  const found = entries.map((entry) => describe(entry).replace(ID_HASH, ''));
  const extra = found.filter((each) => !expected.includes(each)).map((each) => `also ${each}`);
  const missing = expected.filter((each) => !found.includes(each)).map((each) => `not ${each}`);
  return [...extra, ...missing].join('; ');
}

/** Differences between the table of types and the makers of the resources. */
export function unexpectedMakers(entries: readonly Entry[]): string {
  const problems = entries
    .filter(({ event }) => event === 'create')
    .flatMap((entry) => {
      const stated = resourceType(entry.type)?.emulated.by ?? 'missing';
      return makerOf(entry) === stated ? [] : [`${entry.type} is ${makerOf(entry)}, the table states ${stated}`];
    });
  return [...new Set(problems)].join('; ');
}

/** The problem with Grafana's content after its function applied it, including accounts and tokens that the function left behind. */
export function boardsProblem({
  boards,
  groups,
  leftBehind,
}: Pick<FakeGrafana, 'boards' | 'groups' | 'leftBehind'>): string {
  const { dashboards, ruleGroups, folder } = contentOf('', {});
  const wanted = [
    ...dashboards.map(({ uid }) => uid),
    ...ruleGroups.map(({ title }) => `${folder.uid}/${String(title)}`),
  ];
  const found = [...boards.keys(), ...groups.keys()];
  return [
    ...wanted.filter((each) => !found.includes(String(each))).map((each) => `${String(each)} is missing`),
    ...found.filter((each) => !wanted.includes(each)).map((each) => `${each} is unexpected`),
    ...leftBehind.map((each) => `${each} was left behind`),
  ].join('; ');
}

/**
 * The problem with what a deleted app left behind.
 * @param remaining the stacks' resources that the emulator still has
 * @param retained `stack logicalId` of each resource that the templates retain
 * @param left `service name` of what the APIs list now, and did not list before the deployment
 */
export function unexpectedRemains(
  remaining: readonly Entry[],
  retained: readonly string[],
  left: readonly string[],
): string {
  const names = remaining.map(({ stack, logicalId }) => `${stack} ${logicalId}`);
  const explained = (item: string) => remaining.some(({ physicalId }) => item.endsWith(` ${physicalId}`));
  return [
    ...names.filter((name) => !retained.includes(name)).map((name) => `${name} is still there`),
    ...retained.filter((name) => !names.includes(name)).map((name) => `${name} is gone`),
    ...left.filter((item) => !explained(item)).map((item) => `${item} is left, and no stack knows it`),
  ].join('; ');
}
