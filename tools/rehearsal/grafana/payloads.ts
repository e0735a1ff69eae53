/**
 * Validation of payloads as in Grafana 12, from its API reference: the fields of each, and their constraints. It is stricter than
 * Grafana, which silently ignores a mistyped field.
 * @see https://grafana.com/docs/grafana/latest/developers/http_api/
 */

export type Body = Readonly<Record<string, unknown>>;

/** Why a payload is rejected. */
export class Rejected extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const UID = /^[a-zA-Z0-9_-]{1,40}$/;
const DURATION = /^\d+(ms|s|m|h|d)$/;

function fields(of: string, body: unknown, required: readonly string[], optional: readonly string[] = []): Body {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new Rejected(400, `${of}: must be an object`);
  const missing = required.filter((name) => !(name in body));
  if (missing.length > 0) throw new Rejected(400, `${of}: ${missing.join()} is required`);
  const unknown = Object.keys(body).filter((name) => !required.includes(name) && !optional.includes(name));
  if (unknown.length > 0) throw new Rejected(400, `${of}: ${unknown.join()} is unknown`);
  return body as Body;
}

function demand(condition: boolean, message: string): void {
  if (!condition) throw new Rejected(400, message);
}

function uid(of: string, value: unknown): void {
  demand(typeof value === 'string' && UID.test(value), `${of}: uid contains illegal characters or is too long`);
}

export function checkFolder(body: unknown): Body {
  const folder = fields('folder', body, ['uid', 'title'], ['overwrite', 'version', 'parentUid', 'description']);
  uid('folder', folder['uid']);
  demand(folder['title'] !== '', 'folder title cannot be empty');
  return folder;
}

export function checkDataSource(body: unknown): Body {
  const source = fields(
    'data source',
    body,
    ['uid', 'name', 'type', 'access', 'jsonData'],
    ['url', 'isDefault', 'basicAuth', 'database', 'user', 'version'],
  );
  uid('data source', source['uid']);
  demand(['proxy', 'direct'].includes(String(source['access'])), 'bad request data: access must be proxy or direct');
  fields('jsonData', source['jsonData'], [], Object.keys(source['jsonData'] as Body));
  return source;
}

export function checkDashboardCommand(body: unknown): { dashboard: Body; folderUid: string; overwrite: boolean } {
  const command = fields('dashboard command', body, ['dashboard'], ['folderUid', 'overwrite', 'message']);
  const dashboard = command['dashboard'] as Body;
  uid('dashboard', dashboard['uid']);
  demand(typeof dashboard['title'] === 'string' && dashboard['title'] !== '', 'Dashboard title cannot be empty');
  demand(Number(dashboard['schemaVersion']) >= 36, `schemaVersion ${String(dashboard['schemaVersion'])} is too old`);
  demand(dashboard['id'] === null, 'id must be null: it belongs to another instance');
  const panels = dashboard['panels'] as Body[];
  demand(Array.isArray(panels), 'panels must be a list');
  const ids = panels.map((panel) => panel['id']);
  demand(new Set(ids).size === ids.length, 'panel ids must be unique');
  return {
    dashboard,
    folderUid: String(command['folderUid'] ?? ''),
    overwrite: command['overwrite'] === true,
  };
}

export function checkContactPoint(body: unknown): Body {
  const point = fields('contact point', body, ['uid', 'name', 'type', 'settings'], ['disableResolveMessage']);
  uid('contact point', point['uid']);
  demand(point['type'] === 'sns', `invalid object specification: unknown type '${String(point['type'])}'`);
  const settings = fields('sns', point['settings'], ['topic_arn', 'sigv4'], ['subject', 'message', 'api_url']);
  demand(String(settings['topic_arn']).startsWith('arn:'), 'sns: topic_arn must be an ARN');
  return point;
}

const STATES = {
  noDataState: ['OK', 'Alerting', 'NoData', 'KeepLast'],
  execErrState: ['OK', 'Alerting', 'Error', 'KeepLast'],
};

/** @param known uids of data sources and names of contact points */
export function checkRuleGroup(body: unknown, known: { sources: Set<string>; receivers: Set<string> }): Body {
  const group = fields('rule group', body, ['title', 'folderUid', 'interval', 'rules']);
  const interval = group['interval'];
  // The scheduler's base interval.
  demand(Number.isInteger(interval) && Number(interval) % 10 === 0, 'interval must be seconds, a multiple of 10');
  for (const each of group['rules'] as unknown[]) {
    checkRule(each, group, known);
  }
  return group;
}

function checkRule(body: unknown, group: Body, known: { sources: Set<string>; receivers: Set<string> }): void {
  const rule = fields(
    'alert rule',
    body,
    ['uid', 'title', 'condition', 'data', 'for', 'folderUID', 'ruleGroup', 'noDataState', 'execErrState', 'orgID'],
    ['annotations', 'labels', 'isPaused', 'notification_settings', 'keep_firing_for'],
  );
  const of = `alert rule '${String(rule['title'])}'`;
  uid(of, rule['uid']);
  demand(DURATION.test(String(rule['for'])), `${of}: for must be a duration`);
  demand(rule['folderUID'] === group['folderUid'], `${of}: is of another folder`);
  demand(rule['ruleGroup'] === group['title'], `${of}: is of another group`);
  for (const [field, allowed] of Object.entries(STATES)) {
    demand(allowed.includes(String(rule[field])), `${of}: unknown ${field} '${String(rule[field])}'`);
  }
  const strings = (value: unknown) => Object.values((value ?? {}) as Body).every((each) => typeof each === 'string');
  demand(strings(rule['annotations']) && strings(rule['labels']), `${of}: labels and annotations must be texts`);
  const queries = (rule['data'] as unknown[]).map((query) =>
    fields(`query of ${of}`, query, ['refId', 'datasourceUid', 'model'], ['relativeTimeRange', 'queryType']),
  );
  demand(queries.length > 0, `${of}: has no query`);
  const refIds = queries.map((query) => String(query['refId']));
  demand(new Set(refIds).size === refIds.length, `${of}: refIds must be unique`);
  demand(refIds.includes(String(rule['condition'])), `${of}: condition ${String(rule['condition'])} does not exist`);
  for (const query of queries) {
    const source = String(query['datasourceUid']);
    demand(source === '__expr__' || known.sources.has(source), `${of}: data source ${source} not found`);
    if (source !== '__expr__') {
      const range = query['relativeTimeRange'] as Body | undefined;
      demand(range !== undefined && Number(range['from']) > Number(range['to']), `${of}: invalid relative time range`);
    }
  }
  const receiver = (rule['notification_settings'] as Body | undefined)?.['receiver'];
  demand(
    receiver === undefined || known.receivers.has(String(receiver)),
    `${of}: receiver '${String(receiver)}' does not exist`,
  );
}
