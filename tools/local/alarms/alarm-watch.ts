/**
 * Evaluates the alarms of the templates with the metrics of a local run, as CloudWatch does in AWS. Windows end now, whereas
 * CloudWatch's are aligned to minutes.
 */
import { type AlarmPlan, type CompositeAlarmPlan } from '../../assembly/local-plan';
import { type DataPoints } from '../aws/data-points';
import { type AlarmState, evaluate, retrievedPeriods } from './evaluate';
import { parseExpression } from './expression';
import { parseRule } from './rule';
import { statisticOf } from './statistics';

export interface Transition {
  /** Name of the alarm. */
  readonly alarm: string;
  readonly from: AlarmState;
  readonly to: AlarmState;
  /** ms */
  readonly at: number;
}

export class AlarmWatch {
  /** Every change of state, oldest first. */
  readonly transitions: Transition[] = [];
  private readonly current = new Map<string, AlarmState>();
  private readonly evaluators: readonly ((now: number) => void)[];

  /**
   * @param since when the alarms were created, ms
   * @throws Error naming the alarm whose expression or rule is not supported here
   */
  constructor(
    alarms: readonly AlarmPlan[],
    composites: readonly CompositeAlarmPlan[],
    private readonly points: Pick<DataPoints, 'values'>,
    since: number,
  ) {
    const names = new Map(
      [...alarms, ...composites].flatMap(({ name, arn }) => [[name, name] as const, [arn, name] as const]),
    );
    for (const { name } of [...alarms, ...composites]) this.current.set(name, 'INSUFFICIENT_DATA');
    const stateOf = (alarm: string): AlarmState => {
      const name = names.get(alarm);
      if (name === undefined) throw new Error(`a composite alarm refers to '${alarm}', which is not in the templates`);
      return this.current.get(name)!;
    };
    this.evaluators = [
      ...alarms.map((plan) => at(plan.path, () => this.metricAlarm(plan, since))),
      ...composites.map((plan) =>
        at(plan.path, () => {
          const holds = parseRule(plan.rule);
          return (now: number) => this.set(plan.name, holds(stateOf) ? 'ALARM' : 'OK', now);
        }),
      ),
    ];
  }

  /** State by alarm name. */
  states(): Readonly<Record<string, AlarmState>> {
    return Object.fromEntries(this.current);
  }

  /** Evaluates all alarms with the points so far. @param now ms */
  evaluate(now: number): void {
    for (const each of this.evaluators) each(now);
  }

  private metricAlarm(plan: AlarmPlan, since: number): (now: number) => void {
    const { name, metrics, periods } = plan;
    const period = plan.periodSeconds * 1000;
    const ids = metrics.map(({ id }) => id);
    const compute = parseExpression(plan.expression ?? ids[0], ids);
    const retrieved = retrievedPeriods(periods);
    const valueOf = (from: number) =>
      compute(
        Object.fromEntries(
          metrics.map((metric) => [
            metric.id,
            statisticOf(metric.statistic, this.points.values(metric, from, from + period)),
          ]),
        ),
      );
    return (now) => {
      // Periods before the alarm existed are not treated as missing data, whatever the alarm's setting.
      const isNew = now - since < periods * period;
      const condition = isNew ? ({ ...plan, missing: 'missing' } as const) : plan;
      const values = Array.from({ length: retrieved }, (_, i) => valueOf(now - (retrieved - i) * period));
      this.set(name, evaluate(condition, values, this.current.get(name)!), now);
    };
  }

  private set(alarm: string, to: AlarmState, at: number): void {
    const from = this.current.get(alarm)!;
    if (from === to) return;
    this.current.set(alarm, to);
    this.transitions.push({ alarm, from, to, at });
  }
}

/** Adds the path of the alarm to errors. */
function at<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
  }
}
