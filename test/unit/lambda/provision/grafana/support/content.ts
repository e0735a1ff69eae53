/** Small contents that Grafana accepts; two versions differ in known places. */
import { type Content, type Deployed, type JsonObject } from '../../../../../../lambda/provision/grafana/core';

export const FOLDER = 'pinterest-dev';

export function board(uid: string, title: string, extra: JsonObject = {}): JsonObject {
  return {
    uid,
    title,
    schemaVersion: 42,
    tags: ['pipeline'],
    panels: [{ id: 1, type: 'timeseries' }],
    templating: {
      list: [
        { name: 'cluster', type: 'constant', query: '' },
        { name: 'amp', type: 'datasource', query: 'prometheus' },
      ],
    },
    ...extra,
  };
}

export function ruleGroup(title: string, threshold: number): JsonObject {
  return {
    title,
    folderUid: FOLDER,
    interval: 3600,
    rules: [
      {
        uid: `${FOLDER}-${title}`,
        title: `${title} is late`,
        condition: 'B',
        data: [
          {
            refId: 'A',
            datasourceUid: `${FOLDER}-athena`,
            relativeTimeRange: { from: 86_400, to: 0 },
            model: { refId: 'A', rawSQL: 'SELECT 1' },
          },
          {
            refId: 'B',
            datasourceUid: '__expr__',
            model: { refId: 'B', type: 'math', expression: `$A > ${threshold}` },
          },
        ],
        for: '0s',
        folderUID: FOLDER,
        ruleGroup: title,
        noDataState: 'Alerting',
        execErrState: 'Error',
        orgID: 1,
        annotations: { summary: 'The lake is late' },
        notification_settings: { receiver: 'alarms' },
      },
    ],
  };
}

export const FIRST: Content = {
  folder: { uid: FOLDER, title: 'Pinterest pipeline (dev)' },
  plugins: ['grafana-athena-datasource'],
  dashboards: [board('overview', 'Overview'), board('kafka', 'Kafka'), board('store', 'Store')],
  ruleGroups: [ruleGroup('lake', 1)],
};

/** One board is changed, one is removed, one is new; the rule is changed. */
export const SECOND: Content = {
  ...FIRST,
  dashboards: [board('overview', 'Overview'), board('kafka', 'Kafka', { refresh: '1m' }), board('cost', 'Cost')],
  ruleGroups: [ruleGroup('lake', 2)],
};

export const DEPLOYED: Deployed = {
  dataSources: [
    {
      uid: `${FOLDER}-amp`,
      name: 'AMP',
      type: 'prometheus',
      access: 'proxy',
      url: 'https://aps.example',
      jsonData: { sigV4Auth: true },
    },
    {
      uid: `${FOLDER}-athena`,
      name: 'Athena',
      type: 'grafana-athena-datasource',
      access: 'proxy',
      jsonData: { workgroup: 'lake' },
    },
  ],
  contactPoints: [
    {
      uid: `${FOLDER}-alarms`,
      name: 'alarms',
      type: 'sns',
      settings: { topic_arn: 'arn:aws:sns:eu-central-1:111122223333:alarms', sigv4: { region: 'eu-central-1' } },
      disableResolveMessage: false,
    },
  ],
  constants: { cluster: 'pinterest-cluster' },
};
