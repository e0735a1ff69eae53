/** Arrows between steps and stores, derived from the policies of the steps' roles. */
import { type Arrow } from './arrow';

/** A role and the box that it belongs to. */
export interface Role {
  readonly owner: string;
  /** Name of the role. */
  readonly role: string;
}

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource?: string | readonly string[];
}

/** The arrow that a permission on a resource of this form stands for. */
interface Meaning {
  readonly actions: readonly string[];
  readonly resource: RegExp;
  readonly arrow: (owner: string, found: string) => Arrow;
}

const data = (from: string, to: string): Arrow => ({ from, to, kind: 'data' });
const control = (from: string, to: string): Arrow => ({ from, to, kind: 'control' });

/** Without the CDK's bucket for assets. */
const OBJECTS = /^arn:[^:]+:s3:::(?!cdk-)[^/]+\/(.+\/)\*$/;
const TABLE = /:\/keyspace\/[^/*]+\/table\/(.+)$/;
const TOPIC = /:topic\/.+\/([^/]+)$/;

const MEANINGS: readonly Meaning[] = [
  { actions: ['s3:PutObject'], resource: OBJECTS, arrow: (owner, prefix) => data(owner, `s3:${prefix}`) },
  { actions: ['s3:GetObject'], resource: OBJECTS, arrow: (owner, prefix) => data(`s3:${prefix}`, owner) },
  { actions: ['cassandra:Modify'], resource: TABLE, arrow: (owner, table) => data(owner, `table:${table}`) },
  { actions: ['cassandra:Select'], resource: TABLE, arrow: (owner, table) => data(`table:${table}`, owner) },
  { actions: ['kafka-cluster:WriteData'], resource: TOPIC, arrow: (owner, topic) => data(owner, `topic:${topic}`) },
  { actions: ['kafka-cluster:ReadData'], resource: TOPIC, arrow: (owner, topic) => data(`topic:${topic}`, owner) },
  { actions: ['lambda:InvokeFunction'], resource: /:function:(.+)$/, arrow: control },
  { actions: ['emr-serverless:StartJobRun'], resource: /\/applications\/([^/]+)$/, arrow: control },
];

const list = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as readonly T[]) : [value as T];

/**
 * @param policies properties of `AWS::IAM::Policy`, resolved
 * @returns the arrows, and the prefixes of the lake that they touch (as ids of boxes)
 */
export function grantedArrows(
  policies: readonly Readonly<Record<string, unknown>>[],
  roles: readonly Role[],
): { readonly arrows: readonly Arrow[]; readonly prefixes: readonly string[] } {
  const found = policies.flatMap((policy) => {
    const owners = roles.filter(({ role }) => (policy.Roles as readonly string[]).includes(role));
    const { Statement } = policy.PolicyDocument as { Statement: readonly Statement[] };
    return owners.flatMap(({ owner }) => Statement.flatMap((statement) => arrowsOf(owner, statement)));
  });
  const arrows = withoutReturns(found);
  const ids = arrows.flatMap(({ from, to }) => [from, to]).filter((id) => id.startsWith('s3:'));
  return { arrows, prefixes: [...new Set(ids)].sort() };
}

function arrowsOf(owner: string, { Effect, Action, Resource }: Statement): Arrow[] {
  if (Effect !== 'Allow') return [];
  const actions = list(Action);
  return MEANINGS.filter((meaning) => meaning.actions.some((action) => actions.includes(action))).flatMap((meaning) =>
    list(Resource).flatMap((resource) => {
      const match = meaning.resource.exec(resource);
      return match === null ? [] : [meaning.arrow(owner, match[1])];
    }),
  );
}

/** A step that writes a store also reads it, for its own purposes: an arrow for that would only reverse the other one. */
function withoutReturns(arrows: readonly Arrow[]): Arrow[] {
  const written = new Set(
    arrows.filter(({ to }) => /^(s3|table|topic):/.test(to)).map(({ from, to }) => `${to} ${from}`),
  );
  return arrows.filter(({ from, to }) => !written.has(`${from} ${to}`));
}
