/** Permissions that nobody decided on, or that do not exist. */
import { ACTIONS, ANY_OTHER_RESOURCE, ANY_RESOURCE, WILDCARD_ACTIONS } from './actions';
import { type AppTemplates, listOf, type Located, type Rule } from './rule';

export interface Statement {
  readonly Effect: unknown;
  readonly Action?: unknown;
  readonly NotAction?: unknown;
  readonly Resource?: unknown;
  readonly NotResource?: unknown;
  readonly Principal?: unknown;
  readonly Condition?: unknown;
}

export interface Place {
  readonly at: Located;
  readonly statement: Statement;
}

/** The policy of an endpoint only narrows what the policies of roles allow. */
const isPolicy = ({ resource: { Type }, properties }: Located) =>
  'PolicyDocument' in properties && Type !== 'AWS::EC2::VPCEndpoint';

/** All statements that allow something. */
export function allowing(app: AppTemplates): Place[] {
  const documents = [
    ...app
      .resources()
      .filter(isPolicy)
      .map((at) => ({ at, document: at.properties['PolicyDocument'] })),
    ...app.resources('AWS::IAM::Role', 'AWS::IAM::User', 'AWS::IAM::Group').flatMap((at) =>
      listOf(at.properties['Policies']).map((policy) => ({
        at,
        document: (policy as { PolicyDocument?: unknown }).PolicyDocument,
      })),
    ),
  ];
  return allowingIn(documents);
}

export function allowingIn(documents: readonly { at: Located; document: unknown }[]): Place[] {
  return documents.flatMap(({ at, document }) =>
    listOf((document as { Statement?: unknown } | undefined)?.Statement)
      .map((statement) => ({ at, statement: statement as Statement }))
      .filter(({ statement }) => statement.Effect !== 'Deny'),
  );
}

const actionsOf = (statement: Statement) => listOf(statement.Action).map(String);

/** A rule about each statement that allows something: the messages about it. */
const onStatements = (
  name: string,
  messages: (statement: Statement) => readonly string[],
  places: (app: AppTemplates) => readonly Place[] = allowing,
): Rule => ({
  name,
  check: (app) =>
    places(app).flatMap(({ at, statement }) =>
      messages(statement).map((message) => ({ at, location: 'Properties.PolicyDocument', message })),
    ),
});

/** Principals that may use a resource or assume a role. */
function withPrincipals(app: AppTemplates): Place[] {
  const trust = app
    .resources('AWS::IAM::Role')
    .map((at) => ({ at, document: at.properties['AssumeRolePolicyDocument'] }));
  const keys = app.resources('AWS::KMS::Key').map((at) => ({ at, document: at.properties['KeyPolicy'] }));
  return [...allowing(app), ...allowingIn([...trust, ...keys])];
}

export const IAM_RULES: readonly Rule[] = [
  onStatements('known-actions', (statement) =>
    actionsOf(statement)
      .filter((action) => !action.includes('*') && !ACTIONS.includes(action))
      .map((action) => `Action must be one of lib/rules/actions.ts, got '${action}'`),
  ),

  onStatements('wildcard-actions', (statement) => [
    ...actionsOf(statement)
      .filter((action) => action.includes('*') && !(action in WILDCARD_ACTIONS))
      .map((action) => `a wildcard in Action must have its reason in lib/rules/actions.ts, got '${action}'`),
    ...listOf(statement.NotAction).map((action) => `Action must name what is allowed, got all but '${String(action)}'`),
  ]),

  onStatements('wildcard-resources', (statement) => {
    // A resource policy applies to its own resource.
    if (statement.Principal !== undefined) return [];
    const any = listOf(statement.Resource).includes('*');
    if (!any && statement.NotResource === undefined) return [];
    return actionsOf(statement)
      .filter((action) => !(action in (any ? ANY_RESOURCE : ANY_OTHER_RESOURCE)))
      .map((action) => `Resource '*' must have its reason in lib/rules/actions.ts, got it for '${action}'`);
  }),

  onStatements(
    'public-principals',
    ({ Principal: who }) =>
      who === '*' || (typeof who === 'object' && listOf((who as { AWS?: unknown } | null)?.AWS).includes('*'))
        ? ["Principal must name who, got '*', which is everybody"]
        : [],
    withPrincipals,
  ),
];
