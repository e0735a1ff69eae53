import { FUNCTION, set, type Mutations } from './mutation';

export const FUNCTIONS_AND_APIS: Mutations = [
  ['too little memory', 'F3034 at StepsSealFunction', set(FUNCTION, 'StepsSeal', 'MemorySize', 100)],
  ['too much memory', 'LAMBDA_MEMORY at StepsSealFunction', set(FUNCTION, 'StepsSeal', 'MemorySize', 20000)],
  [
    'too much temporary storage',
    'LAMBDA_STORAGE at StepsCompactFunction',
    set(FUNCTION, 'StepsCompact', 'EphemeralStorage.Size', 20000),
  ],
  ['functions on architecture arm', 'W3030 at StepsSealFunction', set(FUNCTION, 'StepsSeal', 'Architectures', ['arm'])],
  [
    'payloads of format 3.0',
    'API_PAYLOAD at IngestApiPOSTpostsHandler',
    set('AWS::ApiGatewayV2::Integration', 'Ingest', 'PayloadFormatVersion', '3.0'),
  ],
  [
    'the authorization IAM',
    'ROUTE_AUTHORIZATION at IngestApiPOSTposts',
    set('AWS::ApiGatewayV2::Route', 'Ingest', 'AuthorizationType', 'IAM'),
  ],
  ['the protocol REST', 'API_PROTOCOL at IngestApi', set('AWS::ApiGatewayV2::Api', 'Ingest', 'ProtocolType', 'REST')],
  [
    'a layer of the other architecture',
    'layer-architecture at StepsCompactFunction',
    set(FUNCTION, 'StepsCompact', 'Architectures', ['x86_64']),
  ],
  [
    'a hyphen in the name of a variable',
    'F3002 at StepsSealFunction',
    set(FUNCTION, 'StepsSeal', 'Environment.Variables', { 'A-B': 'x' }),
  ],
  [
    'a variable that Lambda reserves',
    'E3663 at StepsSealFunction',
    set(FUNCTION, 'StepsSeal', 'Environment.Variables', { AWS_REGION: 'x' }),
  ],
  ['a function without handler', 'W2533 at StepsSealFunction', set(FUNCTION, 'StepsSeal', 'Handler', undefined)],
  [
    'a negative number of instances',
    'F3034 at StepsIngestFunction',
    set(FUNCTION, 'StepsIngest', 'ReservedConcurrentExecutions', -1),
  ],
  ['a role that is not an ARN', 'F3031 at StepsSealFunction', set(FUNCTION, 'StepsSeal', 'Role', 'role')],
  [
    'a rate of "many"',
    'F3012 at IngestApiStage',
    set('AWS::ApiGatewayV2::Stage', 'Ingest', 'DefaultRouteSettings.ThrottlingRateLimit', 'many'),
  ],
  [
    'a route twice',
    'unique-names at QueryApiGETviewsslash',
    (d) => {
      const a = d.all('AWS::ApiGatewayV2::Route', 'QueryApi');
      a[0][1].Properties.RouteKey = a[1][1].Properties.RouteKey;
    },
  ],
  [
    'a mistyped action of a permission',
    'LAMBDA_PERMISSION at IngestApiPOSTpostsApiPermissionApiScopedpinterestdevprocessingStepsIngestFunction3F3EE476pinterestdevprocessingIngestApi3AB67B56',
    set('AWS::Lambda::Permission', '', 'Action', 'lambda:Invoke'),
  ],
  [
    'a mistyped service of a permission',
    'LAMBDA_PERMISSION at IngestApiPOSTpostsApiPermissionApiScopedpinterestdevprocessingStepsIngestFunction3F3EE476pinterestdevprocessingIngestApi3AB67B56',
    set('AWS::Lambda::Permission', '', 'Principal', 'apigatway.amazonaws.com'),
  ],
  [
    'an export that no stack has',
    'stack-exports at StepsSealFunction',
    set(FUNCTION, 'StepsSeal', 'Environment.Variables', { LAKE: { 'Fn::ImportValue': 'pinterest-dev-storage:Nope' } }),
  ],
];
