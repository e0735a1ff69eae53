/**
 * Computes the actions that lead from what Grafana contains to what it should contain. Each object is written with a
 * mark, a hash of its content, so that only changes are written and objects of other owners stay unchanged.
 */
import { createHash } from 'node:crypto';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };
export type JsonObject = { readonly [key: string]: Json | undefined };

/** In dependency order: a rule names a contact point, a folder and a data source. */
export const KINDS = ['plugin', 'dataSource', 'folder', 'contactPoint', 'dashboard', 'ruleGroup'] as const;
export type Kind = (typeof KINDS)[number];

/** An object that Grafana should contain. */
export interface Wanted {
  readonly kind: Kind;
  /** Unique within its kind: the uid, the title of a rule group, or the id of a plugin. */
  readonly uid: string;
  /** The name that users see. */
  readonly name: string;
  /** What Grafana's API accepts, without the mark. */
  readonly body: JsonObject;
}

/** An object that Grafana contains. */
export interface Held {
  readonly kind: Kind;
  readonly uid: string;
  readonly name: string;
  /** Mark of its content; undefined if the object is not ours. */
  readonly mark: string | undefined;
}

export type Action =
  | {
      readonly do: 'create' | 'update';
      readonly kind: Kind;
      readonly uid: string;
      readonly name: string;
      readonly body: JsonObject;
    }
  | { readonly do: 'delete'; readonly kind: Kind; readonly uid: string; readonly name: string };

/** The bundle that synth writes: everything except what is known only at deployment. */
export interface Content {
  readonly folder: { readonly uid: string; readonly title: string };
  readonly plugins: readonly string[];
  readonly dashboards: readonly JsonObject[];
  readonly ruleGroups: readonly JsonObject[];
}

/** What is known only at deployment. */
export interface Deployed {
  readonly dataSources: readonly JsonObject[];
  readonly contactPoints: readonly JsonObject[];
  /** Values of the boards' constants: names of functions, of the cluster … */
  readonly constants: Readonly<Record<string, string>>;
}

const MARK_LENGTH = 16;
const TAG = 'content:';
/** Key of the mark in a data source's `jsonData` and in a rule's annotations. */
const MARK_KEY = 'content';

/** Independent of the order of keys. */
export function markOf(value: Json | undefined): string {
  return createHash('sha256').update(canonical(value)).digest('hex').slice(0, MARK_LENGTH);
}

function canonical(value: Json | undefined): string {
  if (Array.isArray(value)) {
    return `[${value.map(canonical).join()}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value as JsonObject).filter(([, each]) => each !== undefined);
    const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${sorted.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join()}}`;
  }
  return JSON.stringify(value ?? null);
}

/**
 * What Grafana should contain.
 * @throws Error naming the board and the constant, if the deployment does not provide a constant of a board
 */
export function wanted(content: Content, deployed: Deployed): Wanted[] {
  const { folder } = content;
  return [
    ...content.plugins.map((id) => ({ kind: 'plugin' as const, uid: id, name: id, body: {} })),
    ...deployed.dataSources.map((body) => named('dataSource', body, 'uid', 'name')),
    { kind: 'folder', uid: folder.uid, name: folder.title, body: { ...folder } },
    ...deployed.contactPoints.map((body) => named('contactPoint', body, 'uid', 'name')),
    ...content.dashboards.map((board) => named('dashboard', withConstants(board, deployed.constants), 'uid', 'title')),
    ...content.ruleGroups.map((group) => named('ruleGroup', group, 'title', 'title')),
  ];
}

function named(kind: Kind, body: JsonObject, uid: string, name: string): Wanted {
  return { kind, uid: String(body[uid]), name: String(body[name]), body };
}

interface Variable extends JsonObject {
  readonly name: string;
  readonly type: string;
}

/** Fills a board's constants with the deployment's names. */
function withConstants(board: JsonObject, constants: Readonly<Record<string, string>>): JsonObject {
  const { list = [], ...rest } = (board['templating'] ?? {}) as { list?: readonly Variable[] };
  const filled = list.map((variable) => {
    if (variable.type !== 'constant') {
      return variable;
    }
    const value = constants[variable.name];
    if (value === undefined) {
      const known = Object.keys(constants).sort().join(', ');
      throw new Error(
        `constant of dashboard '${String(board['uid'])}' must be one of ${known}, got '${variable.name}'`,
      );
    }
    const current = { text: value, value, selected: true };
    return { ...variable, query: value, current, options: [current] };
  });
  return { ...board, templating: { ...rest, list: filled } };
}

/** What is sent: the body with the mark of its content. */
export function marked({ kind, body }: Pick<Wanted, 'kind' | 'body'>): JsonObject {
  const mark = markOf(body);
  switch (kind) {
    case 'dashboard':
      return { ...body, tags: [...((body['tags'] ?? []) as readonly string[]), `${TAG}${mark}`] };
    case 'dataSource':
      return { ...body, jsonData: { ...(body['jsonData'] as JsonObject), [MARK_KEY]: mark } };
    case 'ruleGroup':
      return { ...body, rules: (body['rules'] as readonly JsonObject[]).map((rule) => annotated(rule, mark)) };
    case 'plugin':
    case 'folder':
    case 'contactPoint':
      return body;
  }
}

function annotated(rule: JsonObject, mark: string): JsonObject {
  return { ...rule, annotations: { ...(rule['annotations'] as JsonObject), [MARK_KEY]: mark } };
}

/** The parts of Grafana's responses that are read; other fields are ignored. */
export interface Responses {
  readonly plugins: readonly string[];
  readonly dataSources: readonly JsonObject[];
  readonly folder: JsonObject | undefined;
  readonly contactPoints: readonly JsonObject[];
  /** The boards in our folder, as returned by the search. */
  readonly dashboards: readonly JsonObject[];
  /** All alert rules. */
  readonly rules: readonly JsonObject[];
}

/**
 * Fields of a contact point that we set. Grafana adds others, and none of them can store a mark: the uid identifies
 * ours.
 */
const CONTACT_POINT_FIELDS = ['uid', 'name', 'type', 'settings', 'disableResolveMessage'] as const;

/**
 * What Grafana contains, from its responses.
 *
 * @param folderUid of our folder, with which the uids of our contact points start
 */
export function held(responses: Responses, folderUid: string): Held[] {
  const { folder } = responses;
  return [
    ...responses.plugins.map((id) => ({ kind: 'plugin' as const, uid: id, name: id, mark: markOf({}) })),
    ...responses.dataSources.map((each) => ({
      ...identity('dataSource', each, 'name'),
      mark: (each['jsonData'] as JsonObject | null | undefined)?.[MARK_KEY] as string | undefined,
    })),
    ...(folder
      ? [{ ...identity('folder', folder, 'title'), mark: markOf({ uid: folder['uid'], title: folder['title'] }) }]
      : []),
    ...responses.contactPoints.map((each) => ({
      ...identity('contactPoint', each, 'name'),
      mark: String(each['uid']).startsWith(folderUid)
        ? markOf(Object.fromEntries(CONTACT_POINT_FIELDS.map((field) => [field, each[field]])))
        : undefined,
    })),
    ...responses.dashboards.map((each) => ({
      ...identity('dashboard', each, 'title'),
      mark: ((each['tags'] ?? []) as readonly string[]).find((tag) => tag.startsWith(TAG))?.slice(TAG.length),
    })),
    ...groupsOf(responses.rules.filter((rule) => rule['folderUID'] === folderUid)),
  ];
}

function identity(kind: Kind, body: JsonObject, name: string): Pick<Held, 'kind' | 'uid' | 'name'> {
  return { kind, uid: String(body['uid']), name: String(body[name]) };
}

/** If a rule of a group was changed, added or removed by hand, the group's mark does not match. */
function groupsOf(rules: readonly JsonObject[]): Held[] {
  const groups = Map.groupBy(rules, (rule) => String(rule['ruleGroup']));
  return [...groups].map(([title, members]) => {
    const marks = new Set(members.map((rule) => (rule['annotations'] as JsonObject | undefined)?.[MARK_KEY]));
    const [mark] = marks.size === 1 ? marks : [undefined];
    return { kind: 'ruleGroup', uid: title, name: title, mark: mark as string | undefined };
  });
}

/**
 * The actions that lead from what exists to what is wanted: dependencies first, deletions last and in reverse order.
 * Objects without our mark are never deleted, nor is a folder that contains objects of other owners, nor a plugin,
 * which others may use by now.
 */
export function plan(want: readonly Wanted[], have: readonly Held[]): Action[] {
  const rank = ({ kind }: { readonly kind: Kind }) => KINDS.indexOf(kind);
  const writes = [...want]
    .sort((a, b) => rank(a) - rank(b))
    .flatMap((each): Action[] => {
      const found = have.find(same(each));
      if (found?.mark === markOf(each.body)) {
        return [];
      }
      const { kind, uid, name } = each;
      return [{ do: found ? 'update' : 'create', kind, uid, name, body: marked(each) }];
    });
  const unwanted = have.filter((each) => !want.some(same(each)));
  const foreign = unwanted.some(
    ({ kind, mark }) => (kind === 'dashboard' || kind === 'ruleGroup') && mark === undefined,
  );
  const deletable = ({ kind, mark }: Held) =>
    kind !== 'plugin' && mark !== undefined && !(kind === 'folder' && foreign);
  const deletions = unwanted
    .filter(deletable)
    .sort((a, b) => rank(b) - rank(a))
    .map(({ kind, uid, name }): Action => ({ do: 'delete', kind, uid, name }));
  return [...writes, ...deletions];
}

function same(one: { readonly kind: Kind; readonly uid: string }) {
  return (other: { readonly kind: Kind; readonly uid: string }) => other.kind === one.kind && other.uid === one.uid;
}

const LABELS: Readonly<Record<Kind, string>> = {
  plugin: 'plugin',
  dataSource: 'data source',
  folder: 'folder',
  contactPoint: 'contact point',
  dashboard: 'dashboard',
  ruleGroup: 'group of alert rules',
};

/** How an error names an action: `dashboard 'Kafka' (pipeline-kafka)`. */
export function describe({ kind, uid, name }: Pick<Action, 'kind' | 'uid' | 'name'>): string {
  return uid === name ? `${LABELS[kind]} '${name}'` : `${LABELS[kind]} '${name}' (${uid})`;
}
