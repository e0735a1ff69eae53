/**
 * What Grafana is to hold, what it holds, and the actions that lead from one to the other. Everything that is put there
 * carries a mark of its content, so that only what changed is written, and what others made is left alone.
 */
import { createHash } from 'node:crypto';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };
export type JsonObject = { readonly [key: string]: Json | undefined };

/** In the order in which they need each other: a rule names a contact point, a folder and a data source. */
export const KINDS = ['plugin', 'dataSource', 'folder', 'contactPoint', 'dashboard', 'ruleGroup'] as const;
export type Kind = (typeof KINDS)[number];

/** Something that Grafana is to hold. */
export interface Wanted {
  readonly kind: Kind;
  /** Unique within its kind: the uid, of a rule group its title, of a plugin its id. */
  readonly uid: string;
  /** As people know it. */
  readonly name: string;
  /** What Grafana's API takes, without the mark. */
  readonly body: JsonObject;
}

/** Something that Grafana holds. */
export interface Held {
  readonly kind: Kind;
  readonly uid: string;
  readonly name: string;
  /** Mark of its content; undefined where it is not ours. */
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

/** The bundle that synth writes: everything but what only a deployment knows. */
export interface Content {
  readonly folder: { readonly uid: string; readonly title: string };
  readonly plugins: readonly string[];
  readonly dashboards: readonly JsonObject[];
  readonly ruleGroups: readonly JsonObject[];
}

/** What only a deployment knows. */
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

/** The same for the same content, whatever the order of keys. */
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
 * What Grafana is to hold.
 * @throws Error naming the board and the constant, if a board has one that the deployment does not give
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

/** A board with the deployment's names in its constants. */
function withConstants(board: JsonObject, constants: Readonly<Record<string, string>>): JsonObject {
  const { list = [], ...rest } = (board['templating'] ?? {}) as { list?: readonly Variable[] };
  const filled = list.map((variable) => {
    if (variable.type !== 'constant') {
      return variable;
    }
    const value = constants[variable.name];
    if (value === undefined) {
      const known = Object.keys(constants).sort().join(', ');
      throw new Error(`dashboard '${String(board['uid'])}' has a constant '${variable.name}': allowed are ${known}`);
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

/** Grafana's answers, as far as they are read; other things in them are passed over. */
export interface Answers {
  readonly plugins: readonly string[];
  readonly dataSources: readonly JsonObject[];
  readonly folder: JsonObject | undefined;
  readonly contactPoints: readonly JsonObject[];
  /** The boards in our folder, as the search answers them. */
  readonly dashboards: readonly JsonObject[];
  /** All alert rules. */
  readonly rules: readonly JsonObject[];
}

/** Fields of a contact point that are ours to say; Grafana adds others, and there is none for a mark: the uid tells. */
const CONTACT_POINT_FIELDS = ['uid', 'name', 'type', 'settings', 'disableResolveMessage'] as const;

/**
 * What Grafana holds, of its answers.
 *
 * @param folderUid of our folder, with which the uids of our contact points start
 */
export function held(answers: Answers, folderUid: string): Held[] {
  const { folder } = answers;
  return [
    ...answers.plugins.map((id) => ({ kind: 'plugin' as const, uid: id, name: id, mark: markOf({}) })),
    ...answers.dataSources.map((each) => ({
      ...identity('dataSource', each, 'name'),
      mark: (each['jsonData'] as JsonObject | null | undefined)?.[MARK_KEY] as string | undefined,
    })),
    ...(folder
      ? [{ ...identity('folder', folder, 'title'), mark: markOf({ uid: folder['uid'], title: folder['title'] }) }]
      : []),
    ...answers.contactPoints.map((each) => ({
      ...identity('contactPoint', each, 'name'),
      mark: String(each['uid']).startsWith(folderUid)
        ? markOf(Object.fromEntries(CONTACT_POINT_FIELDS.map((field) => [field, each[field]])))
        : undefined,
    })),
    ...answers.dashboards.map((each) => ({
      ...identity('dashboard', each, 'title'),
      mark: ((each['tags'] ?? []) as readonly string[]).find((tag) => tag.startsWith(TAG))?.slice(TAG.length),
    })),
    ...groupsOf(answers.rules.filter((rule) => rule['folderUID'] === folderUid)),
  ];
}

function identity(kind: Kind, body: JsonObject, name: string): Pick<Held, 'kind' | 'uid' | 'name'> {
  return { kind, uid: String(body['uid']), name: String(body[name]) };
}

/** A group of which a rule was changed, added or removed by hand has no mark that fits. */
function groupsOf(rules: readonly JsonObject[]): Held[] {
  const groups = Map.groupBy(rules, (rule) => String(rule['ruleGroup']));
  return [...groups].map(([title, members]) => {
    const marks = new Set(members.map((rule) => (rule['annotations'] as JsonObject | undefined)?.[MARK_KEY]));
    const [mark] = marks.size === 1 ? marks : [undefined];
    return { kind: 'ruleGroup', uid: title, name: title, mark: mark as string | undefined };
  });
}

/**
 * The actions that lead from what is held to what is wanted: first what others need, deletions last and in reverse. What has
 * no mark of ours is never deleted, nor a folder in which somebody else keeps something, nor a plugin, which may serve others
 * by now.
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

/** How an action is named in a failure: `dashboard 'Kafka' (pipeline-kafka)`. */
export function describe({ kind, uid, name }: Pick<Action, 'kind' | 'uid' | 'name'>): string {
  return uid === name ? `${LABELS[kind]} '${name}'` : `${LABELS[kind]} '${name}' (${uid})`;
}
