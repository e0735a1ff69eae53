import { type Found, number, rejectSet, type Resources, text } from './found';
import { type Cors, type HttpApiPlan, type RoutePlan, type Throttle } from './local-plan';

/** API Gateway's own limit and default for HTTP APIs, ms. */
const LONGEST_INTEGRATION = 30_000;

export function readHttpApis(all: Resources): HttpApiPlan[] {
  const integrations = new Map(all.ofType('AWS::ApiGatewayV2::Integration').map((found) => [found.ref(), found]));
  const functions = all.ofType('AWS::Lambda::Function');
  const stages = all.ofType('AWS::ApiGatewayV2::Stage');
  return all.ofType('AWS::ApiGatewayV2::Api').map((found) => {
    const id = found.ref();
    rejectSet(found, ['Body', 'BodyS3Location', 'RouteKey', 'Target']);
    if (text(found, 'ProtocolType') !== 'HTTP') throw new Error(`${found.path}: only HTTP APIs are run locally`);
    const ofApi = stages.filter((stage) => stage.property('ApiId') === id);
    const names = ofApi.map((stage) => stage.ref());
    if (names.length !== 1 || names[0] !== '$default') {
      throw new Error(`${found.path}: the local run serves the stage $default, the API has ${JSON.stringify(names)}`);
    }
    return {
      path: found.path,
      logicalId: found.logicalId,
      id,
      name: text(found, 'Name'),
      routes: all
        .ofType('AWS::ApiGatewayV2::Route')
        .filter((route) => route.property('ApiId') === id)
        .map((route) => ({
          ...readRoute(route, integrations, functions),
          ...readThrottle(ofApi[0], text(route, 'RouteKey')),
        })),
      ...readCors(found),
    };
  });
}

function readCors(api: Found): { readonly cors?: Cors } {
  const set = api.property('CorsConfiguration') as Readonly<Record<string, readonly string[] | number>> | undefined;
  if (set === undefined) return {};
  const { AllowOrigins, AllowMethods, AllowHeaders, ExposeHeaders, MaxAge, ...others } = set;
  if (Object.keys(others).length > 0) {
    throw new Error(
      `${api.path}: the local run does not implement CorsConfiguration ${Object.keys(others).join(', ')}`,
    );
  }
  const list = (values: readonly string[] | number | undefined) => (Array.isArray(values) ? (values as string[]) : []);
  return {
    cors: {
      origins: list(AllowOrigins),
      methods: list(AllowMethods),
      headers: list(AllowHeaders),
      exposed: list(ExposeHeaders),
      maxAgeSeconds: Number(MaxAge ?? 0),
    },
  };
}

/** Settings of a route replace those of the stage. */
function readThrottle(stage: Found, routeKey: string): { readonly throttle?: Throttle } {
  const ofRoutes = stage.property('RouteSettings') as Readonly<Record<string, RouteSettings>> | undefined;
  const settings = ofRoutes?.[routeKey] ?? (stage.property('DefaultRouteSettings') as RouteSettings | undefined);
  const { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst } = settings ?? {};
  return rate === undefined || burst === undefined ? {} : { throttle: { rate, burst } };
}

interface RouteSettings {
  readonly ThrottlingRateLimit?: number;
  readonly ThrottlingBurstLimit?: number;
}

function readRoute(route: Found, integrations: ReadonlyMap<string, Found>, functions: readonly Found[]): RoutePlan {
  const authorization = text(route, 'AuthorizationType', 'NONE');
  if (authorization !== 'NONE' && authorization !== 'AWS_IAM') {
    throw new Error(`${route.path}: the local run has no authorizer, AuthorizationType is '${authorization}'`);
  }
  const target = text(route, 'Target');
  const integration = integrations.get(target.replace(/^integrations\//, ''));
  if (!integration) throw new Error(`${route.path}: Target '${target}' is not an integration of the assembly`);
  const kind = `${text(integration, 'IntegrationType')} ${text(integration, 'PayloadFormatVersion', '1.0')}`;
  if (kind !== 'AWS_PROXY 2.0') {
    throw new Error(`${integration.path}: only AWS_PROXY with payload format 2.0 is run locally, got ${kind}`);
  }
  const uri = text(integration, 'IntegrationUri');
  // Either the function's ARN, or API Gateway's path around it.
  const arn = /(arn:[^:]*:lambda:[^/]*)/.exec(uri)?.[1];
  const handler = functions.find((candidate) => candidate.attribute('Arn') === arn);
  if (!handler) throw new Error(`${integration.path}: IntegrationUri '${uri}' is not a function of the assembly`);
  return {
    routeKey: text(route, 'RouteKey'),
    functionName: handler.ref(),
    timeoutMs: number(integration, 'TimeoutInMillis', LONGEST_INTEGRATION),
    iam: authorization === 'AWS_IAM',
  };
}
