import { type Drafts } from '../../../../support/review';
import { set, type Mutations } from './mutation';

function policy(drafts: Drafts): { Version: string; Statement: { Effect: string; Resource?: unknown }[] } {
  return drafts.find('AWS::IAM::Policy', 'StepsSeal').Properties.PolicyDocument as ReturnType<typeof policy>;
}

export const ROLES: Mutations = [
  [
    'a role that everybody can assume',
    'public-principals at StepsSealRole',
    set('AWS::IAM::Role', 'StepsSeal', 'AssumeRolePolicyDocument.Statement.0.Principal', { AWS: '*' }),
  ],
  [
    'a mistyped action in a trust policy',
    'ASSUME_ACTION at StepsSealRole',
    set('AWS::IAM::Role', 'StepsSeal', 'AssumeRolePolicyDocument.Statement.0.Action', 'sts:Assume'),
  ],
  [
    'the effect Permit in a policy',
    'E3510 at StepsSealRoleDefaultPolicy, EFFECT_OF_POLICY at StepsSealRoleDefaultPolicy',
    (d) => {
      policy(d).Statement[0].Effect = 'Permit';
    },
  ],
  [
    'a version of policies that does not exist',
    'E3510 at StepsSealRoleDefaultPolicy',
    (d) => {
      policy(d).Version = '2012-10-18';
    },
  ],
  [
    'a statement without resource',
    'E3510 at StepsSealRoleDefaultPolicy',
    (d) => {
      delete policy(d).Statement[0].Resource;
    },
  ],
  [
    'a resource that is not an ARN',
    'E3510 at StepsSealRoleDefaultPolicy',
    (d) => {
      policy(d).Statement[0].Resource = 'lake';
    },
  ],
];
