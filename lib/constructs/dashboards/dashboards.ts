import { Dashboard, PeriodOverride, type IWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { type Alarms } from '../alarms';
import { type Monitored } from '../metrics';
import { overviewRows } from './overview';
import { stepRows } from './step';
import { dashboardIds, dashboardName, type DashboardId } from './widgets';

export interface DashboardsProps {
  readonly monitored: Monitored;
  readonly alarms: Alarms;
}

/** An overview and, where `dashboards` is `all`, a dashboard per step, with links from each to all. */
export class Dashboards extends Construct {
  constructor(scope: Construct, id: string, props: DashboardsProps) {
    super(scope, id);
    const { monitored, alarms } = props;
    const rowsOf = (dashboard: DashboardId): IWidget[][] =>
      dashboard === 'overview' ? overviewRows(this, monitored, alarms) : stepRows(this, monitored, alarms, dashboard);
    for (const dashboard of dashboardIds(monitored.config)) {
      new Dashboard(this, dashboard, {
        dashboardName: dashboardName(monitored.config, dashboard),
        periodOverride: PeriodOverride.INHERIT,
        widgets: rowsOf(dashboard),
      });
    }
  }
}
