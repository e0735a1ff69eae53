/** Permissions that nobody decided on, or that do not exist. */
import { ACTIONS, ANY_OTHER_RESOURCE, ANY_RESOURCE, WILDCARD_ACTIONS } from './actions';
import { type AppTemplates, type Finding, listOf, type Located, type Rule } from './rule';

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

const finding = (at: Located, message: string): Finding => ({ at, location: 'Properties.PolicyDocument', message });
const actionsOf = (statement: Statement) => listOf(statement.Action).map(String);

const knownActions: Rule = {
  name: 'known-actions',
  check: (app) =>
    allowing(app).flatMap(({ at, statement }) =>
      actionsOf(statement)
        .filter((action) => !action.includes('*') && !ACTIONS.includes(action))
        .map((action) => finding(at, `Action must be one of lib/rules/actions.ts, got '${action}'`)),
    ),
};

const wildcardActions: Rule = {
  name: 'wildcard-actions',
  check: (app) =>
    allowing(app).flatMap(({ at, statement }) => [
      ...actionsOf(statement)
        .filter((action) => action.includes('*') && !(action in WILDCARD_ACTIONS))
        .map((action) =>
          finding(at, `a wildcard in Action must have its reason in lib/rules/actions.ts, got '${action}'`),
        ),
      ...listOf(statement.NotAction).map((action) =>
        finding(at, `Action must name what is allowed, got all but '${String(action)}'`),
      ),
    ]),
};

const wildcardResources: Rule = {
  name: 'wildcard-resources',
  check: (app) =>
    allowing(app)
      // A resource policy applies to its own resource.
      .filter(({ statement }) => statement.Principal === undefined)
      .flatMap(({ at, statement }) => {
        const list = listOf(statement.Resource).includes('*')
          ? ANY_RESOURCE
          : statement.NotResource !== undefined
            ? ANY_OTHER_RESOURCE
            : undefined;
        return list
          ? actionsOf(statement)
              .filter((action) => !(action in list))
              .map((action) =>
                finding(at, `Resource '*' must have its reason in lib/rules/actions.ts, got it for '${action}'`),
              )
          : [];
      }),
};

/** Principals that may use a resource or assume a role. */
const publicPrincipals: Rule = {
  name: 'public-principals',
  check: (app) => {
    const trust = app
      .resources('AWS::IAM::Role')
      .map((at) => ({ at, document: at.properties['AssumeRolePolicyDocument'] }));
    const keys = app.resources('AWS::KMS::Key').map((at) => ({ at, document: at.properties['KeyPolicy'] }));
    return [...allowing(app), ...allowingIn([...trust, ...keys])]
      .filter(({ statement }) => {
        const who = statement.Principal as { AWS?: unknown } | string | undefined;
        return who === '*' || (typeof who === 'object' && listOf(who.AWS).includes('*'));
      })
      .map(({ at }) => finding(at, "Principal must name who, got '*', which is everybody"));
  },
};

export const IAM_RULES: readonly Rule[] = [knownActions, wildcardActions, wildcardResources, publicPrincipals];
