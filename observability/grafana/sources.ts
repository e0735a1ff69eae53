/** Where panels get their data from: three data sources, chosen by variables, so that a board can be imported anywhere. */
import { type DataSourceRef } from '@grafana/grafana-foundation-sdk/common';
import { DatasourceVariableBuilder } from '@grafana/grafana-foundation-sdk/dashboard';

export interface DataSource {
  /** Uid in the deployed workspace. */
  readonly uid: string;
  /** As people see it. */
  readonly name: string;
  /** Id of the plugin. */
  readonly type: string;
}

/** Kafka's brokers are in AMP, what functions and services say of themselves is in CloudWatch, the posts are Athena's. */
export const DATA_SOURCES = {
  amp: { uid: 'pipeline-amp', name: 'Prometheus', type: 'prometheus' },
  cloudwatch: { uid: 'pipeline-cloudwatch', name: 'CloudWatch', type: 'cloudwatch' },
  athena: { uid: 'pipeline-athena', name: 'Athena', type: 'grafana-athena-datasource' },
} as const satisfies Readonly<Record<string, DataSource>>;

export type DataSourceName = keyof typeof DATA_SOURCES;

/** Plugins that a new workspace does not have. */
export const PLUGINS: readonly string[] = [DATA_SOURCES.athena.type];

/** A panel's reference to a data source: by the board's variable. */
export function sourceOf(name: DataSourceName): DataSourceRef {
  return { type: DATA_SOURCES[name].type, uid: `\${${name}}` };
}

/** The variable of a board, which starts as the deployed data source. */
export function sourceVariable(name: DataSourceName): DatasourceVariableBuilder {
  const { uid, name: text, type } = DATA_SOURCES[name];
  return new DatasourceVariableBuilder(name).label(text).type(type).current({ text, value: uid, selected: true });
}
