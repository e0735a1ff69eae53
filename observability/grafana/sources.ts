/** The three data sources of panels. Variables select them, so that a board can be imported anywhere. */
import { type DataSourceRef } from '@grafana/grafana-foundation-sdk/common';
import { DatasourceVariableBuilder } from '@grafana/grafana-foundation-sdk/dashboard';

export interface DataSource {
  /** Uid in the deployed workspace. */
  readonly uid: string;
  /** Display name. */
  readonly name: string;
  /** Id of the plugin. */
  readonly type: string;
}

/**
 * AMP has the metrics of the brokers, CloudWatch those of functions and services. Athena reads the posts. Grafana's own Prometheus source
 * is deprecated for signed requests: AMP has a plugin.
 * @see https://grafana.com/docs/plugins/grafana-amazonprometheus-datasource/latest/
 */
export const DATA_SOURCES = {
  amp: { uid: 'pipeline-amp', name: 'Prometheus', type: 'grafana-amazonprometheus-datasource' },
  cloudwatch: { uid: 'pipeline-cloudwatch', name: 'CloudWatch', type: 'cloudwatch' },
  athena: { uid: 'pipeline-athena', name: 'Athena', type: 'grafana-athena-datasource' },
} as const satisfies Readonly<Record<string, DataSource>>;

export type DataSourceName = keyof typeof DATA_SOURCES;

/** Plugins that a new workspace lacks. */
export const PLUGINS: readonly string[] = [DATA_SOURCES.athena.type, DATA_SOURCES.amp.type];

/** A panel's reference to a data source, by the board's variable. */
export function sourceOf(name: DataSourceName): DataSourceRef {
  return { type: DATA_SOURCES[name].type, uid: `\${${name}}` };
}

/** The variable of a board. Its initial value is the deployed data source. */
export function sourceVariable(name: DataSourceName): DatasourceVariableBuilder {
  const { uid, name: text, type } = DATA_SOURCES[name];
  return new DatasourceVariableBuilder(name).label(text).type(type).current({ text, value: uid, selected: true });
}
