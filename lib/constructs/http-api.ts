import { Annotations, CfnOutput, Duration } from 'aws-cdk-lib';
import {
  type CfnRoute,
  type CfnStage,
  type CorsHttpMethod,
  type CorsPreflightOptions,
  HttpApi,
  type HttpMethod,
  HttpNoneAuthorizer,
  HttpStage,
  LogGroupLogDestination,
  type IHttpRouteAuthorizer,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer, HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { type LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { ConfigError, type PipelineConfig } from '../config';
import { acknowledge } from '../rules/acknowledge';
import { logGroup } from './logs';
import { type PipelineFunction } from './pipeline-function';

export interface FunctionHttpApiProps {
  readonly config: PipelineConfig;
  readonly description: string;
  readonly handler: PipelineFunction;
  readonly routes: readonly ApiRoute[];
}

export interface ApiRoute {
  /** `METHOD /path`, the form of API Gateway's route keys, without a slash at the end: the path with one is a route as well. */
  readonly key: string;
  /** Share of the config's `requestRate` and `requestBurst` that each spelling accepts, above 0 and up to 1. */
  readonly share: number;
}

/** An HTTP API whose routes all invoke one function, with access logs, throttling and the configured authorization. */
export class FunctionHttpApi extends Construct {
  public readonly api: HttpApi;
  public readonly stage: HttpStage;
  public readonly accessLogs: LogGroup;

  constructor(scope: Construct, id: string, props: FunctionHttpApiProps) {
    super(scope, id);
    const { config } = props;
    this.api = new HttpApi(this, 'Api', {
      description: props.description,
      // The default stage has neither access logs nor throttling.
      createDefaultStage: false,
      defaultAuthorizer: authorizer(config),
      corsPreflight: config.corsOrigins === undefined ? undefined : cors(config.corsOrigins, props.routes),
    });
    if (config.auth === 'open') {
      Annotations.of(this.api).addWarningV2(
        'pipeline:open-api',
        `anyone who reaches ${props.description} may call it: set auth to iam or jwt`,
      );
      acknowledge(this.api, 'The config requests it, and each synth warns', 'AwsSolutions-APIG4');
    }
    const integration = new HttpLambdaIntegration('Handler', props.handler.function, {
      // One permission for the API, instead of a dozen equal ones, one per route.
      scopePermissionToRoute: false,
    });
    const spelled = props.routes.flatMap((route) => spellings(route));
    const routes = spelled.map(({ key }) => this.route(key, integration));

    this.accessLogs = logGroup(this, 'AccessLogs', config);
    this.stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      // Applies to each route without its own limits.
      throttle: { rateLimit: config.requestRate, burstLimit: config.requestBurst },
      detailedMetricsEnabled: true,
      accessLogSettings: {
        destination: new LogGroupLogDestination(this.accessLogs),
        // No query string: it may contain search terms of people.
        format: AccessLogFormat.custom(
          JSON.stringify({
            requestId: '$context.requestId',
            time: '$context.requestTime',
            ip: '$context.identity.sourceIp',
            routeKey: '$context.routeKey',
            status: '$context.status',
            bytes: '$context.responseLength',
            latency: '$context.responseLatency',
            error: '$context.integrationErrorMessage',
          }),
        ),
      },
    });
    const stage = this.stage.node.defaultChild as CfnStage;
    stage.routeSettings = Object.fromEntries(spelled.map((route) => [route.key, limits(route, config)]));
    // API Gateway rejects settings of a route that does not exist yet.
    stage.node.addDependency(...routes);
  }

  public get url(): string {
    return this.api.apiEndpoint;
  }

  /** Adds a stack output with the address, under a fixed name. */
  public output(name: string): void {
    new CfnOutput(this, 'Url', { value: this.url, description: 'Address of the API' }).overrideLogicalId(name);
  }

  private route(key: string, integration: HttpLambdaIntegration): CfnRoute {
    const [method, path] = key.split(' ');
    const bare = path.length > 1 ? path.replace(/\/$/, '') : path;
    // The construct rejects a path with a slash at its end, so the route is created under a name that it accepts, and then renamed.
    const [made] = this.api.addRoutes({
      path: bare === path ? path : `${bare}/slash`,
      methods: [method as HttpMethod],
      integration,
    });
    const route = made.node.defaultChild as CfnRoute;
    if (bare !== path) {
      route.routeKey = key;
    }
    return route;
  }
}

/** What a script sends: a body, perhaps compressed, signed or with a token; and what it can use of a response. */
const CORS_HEADERS = {
  allowHeaders: [
    'authorization',
    'content-encoding',
    'content-type',
    'if-none-match',
    'x-amz-content-sha256',
    'x-amz-date',
    'x-amz-security-token',
  ],
  exposeHeaders: ['etag', 'retry-after', 'x-quarantined-records'],
};

function cors(origins: string, routes: readonly ApiRoute[]): CorsPreflightOptions {
  const methods = new Set(routes.map(({ key }) => key.split(' ')[0] as CorsHttpMethod));
  return { ...CORS_HEADERS, allowOrigins: origins.split(','), allowMethods: [...methods], maxAge: Duration.hours(1) };
}

/** For API Gateway a path with a slash at its end is another route; clients send both. */
function spellings(route: ApiRoute): readonly ApiRoute[] {
  return route.key.endsWith('/') ? [route] : [route, { ...route, key: `${route.key}/` }];
}

/** Settings of a route replace all settings of the stage, so they must repeat the setting for metrics. */
function limits({ share }: ApiRoute, config: PipelineConfig): Record<string, number | boolean> {
  const part = (of: number) => Math.max(1, Math.round(of * share));
  return {
    // In CloudFormation's spelling, because the property is free-form JSON.
    ThrottlingRateLimit: part(config.requestRate),
    ThrottlingBurstLimit: part(config.requestBurst),
    DetailedMetricsEnabled: true,
  };
}

function authorizer(config: PipelineConfig): IHttpRouteAuthorizer {
  switch (config.auth) {
    case 'iam':
      return new HttpIamAuthorizer();
    case 'open':
      return new HttpNoneAuthorizer();
    case 'jwt':
      if (config.jwtIssuer === undefined || config.jwtAudience === undefined) {
        throw new ConfigError('jwtIssuer and jwtAudience must be set where auth is jwt');
      }
      return new HttpJwtAuthorizer('Jwt', config.jwtIssuer, { jwtAudience: [config.jwtAudience] });
  }
}
