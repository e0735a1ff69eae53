/** What a rehearsal finds out: named checks, each with what is wrong or nothing, and the time of each phase. */
import { contentOf } from '../../observability/grafana';
import { type GrafanaStub } from './grafana/stand-in';
import { describe, type Entry } from './record';

export interface Check {
  readonly name: string;
  /** Empty if it held. */
  readonly problem: string;
}

/** A change of the configuration, and the only resources that it may touch. */
export interface Change {
  readonly keys: Readonly<Record<string, string>>;
  /** As {@link describe} writes them, without the hash of the logical id. */
  readonly expected: readonly string[];
}

export const CHANGE: Change = {
  keys: { archiveWindowSeconds: '45', sparkIdleMinutes: '7' },
  expected: [
    'StepsArchivePosts (AWS::Lambda::EventSourceMapping): MaximumBatchingWindowInSeconds',
    // How late the archive may be, and how long sealing waits for it, follow from its window.
    'Alarmsarchivelate (AWS::CloudWatch::Alarm): Threshold',
    'StepsSealFunction (AWS::Lambda::Function): Environment',
    'SparkApplication (AWS::EMRServerless::Application): AutoStopConfiguration',
    // An application that is started is refused: it is stopped first.
    'SparkStopperBeforeUpdate (Custom::StoppedApplication): Application',
  ],
};

const ID_HASH = /[0-9A-F]{8}(?= \()/;

/** What is wrong with the resources that an update touched. */
export function unexpectedChanges(entries: readonly Entry[], expected: readonly string[]): string {
  const found = entries.map((entry) => describe(entry).replace(ID_HASH, ''));
  const extra = found.filter((each) => !expected.includes(each)).map((each) => `also ${each}`);
  const missing = expected.filter((each) => !found.includes(each)).map((each) => `not ${each}`);
  return [...extra, ...missing].join('; ');
}

/** What is wrong with what Grafana holds, after the function that fills it, and with what that function left behind. */
export function boardsProblem({
  boards,
  groups,
  leftBehind,
}: Pick<GrafanaStub, 'boards' | 'groups' | 'leftBehind'>): string {
  const { dashboards, ruleGroups, folder } = contentOf('', {});
  const wanted = [
    ...dashboards.map(({ uid }) => uid),
    ...ruleGroups.map(({ title }) => `${folder.uid}/${String(title)}`),
  ];
  const found = [...boards.keys(), ...groups.keys()];
  return [
    ...wanted.filter((each) => !found.includes(String(each))).map((each) => `${String(each)} is not there`),
    ...found.filter((each) => !wanted.includes(each)).map((each) => `${each} is there, too`),
    ...leftBehind.map((each) => `${each} was left behind`),
  ].join('; ');
}

/**
 * What is wrong with what a deleted app left behind.
 * @param kept what the emulator still has of the stacks' resources
 * @param retained `stack logicalId` of what the templates say stays
 * @param left `service name` of what the APIs show, and did not show before the app was deployed
 */
export function unexpectedRemains(
  kept: readonly Entry[],
  retained: readonly string[],
  left: readonly string[],
): string {
  const names = kept.map(({ stack, logicalId }) => `${stack} ${logicalId}`);
  const explained = (item: string) => kept.some(({ physicalId }) => item.endsWith(` ${physicalId}`));
  return [
    ...names.filter((name) => !retained.includes(name)).map((name) => `${name} is still there`),
    ...retained.filter((name) => !names.includes(name)).map((name) => `${name} is gone`),
    ...left.filter((item) => !explained(item)).map((item) => `${item} is left, and no stack knows it`),
  ].join('; ');
}
