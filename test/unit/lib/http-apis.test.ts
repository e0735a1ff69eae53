import { synthesize, type Templates } from '../../support/synth';
import { allowed, environment, render, resource, resources } from '../../support/templates';

let dev: Templates;
let local: Templates;
let jwt: Templates;
beforeAll(() => {
  dev = synthesize({ stage: 'dev' });
  local = synthesize({ stage: 'local', architecture: 'x86_64' });
  jwt = synthesize({ auth: 'jwt', jwtIssuer: 'https://issuer.example', jwtAudience: 'pipeline' });
}, 60_000);

describe('HTTP APIs', () => {
  const routes = (templates: Templates) =>
    Object.values(resources(templates.processing, 'AWS::ApiGatewayV2::Route')).map(({ Properties }) => Properties);

  test('have these routes, each with and without a slash at its end', () => {
    const keys = routes(dev).map(({ ApiId, RouteKey }) => `${render(ApiId, dev.all)} ${String(RouteKey)}`);
    const [slashed, bare] = [keys.filter((key) => key.endsWith('/')), keys.filter((key) => !key.endsWith('/'))];
    expect(slashed.sort()).toEqual(bare.sort().map((key) => `${key}/`));
    expect(bare).toEqual([
      '{IngestApi} POST /pin',
      '{IngestApi} POST /posts',
      '{IngestApi} POST /topics/{topic}',
      '{IngestApi} PUT /streams/{stream}/record',
      '{QueryApi} GET /answers',
      '{QueryApi} GET /answers/{name}',
      '{QueryApi} GET /boundary',
      '{QueryApi} GET /health',
      '{QueryApi} GET /views',
      '{QueryApi} GET /views/{view}',
    ]);
  });

  test('each invoke their own function, which nobody else may invoke', () => {
    const integrations = Object.values(resources(dev.processing, 'AWS::ApiGatewayV2::Integration')).map(
      ({ Properties }) => [
        render(Properties.ApiId, dev.all),
        render(Properties.IntegrationUri, dev.all),
        Properties.PayloadFormatVersion,
      ],
    );
    expect(integrations.sort()).toEqual([
      ['{IngestApi}', '{StepsIngestFunction.Arn}', '2.0'],
      ['{QueryApi}', '{StepsQueryFunction.Arn}', '2.0'],
    ]);
    const permissions = Object.values(resources(dev.processing, 'AWS::Lambda::Permission'));
    expect(permissions.map(({ Properties }) => render(Properties.FunctionName, dev.all)).sort()).toEqual([
      '{StepsIngestFunction.Arn}',
      '{StepsQueryFunction.Arn}',
    ]);
  });

  test('require IAM by default', () => {
    expect(new Set(routes(dev).map(({ AuthorizationType }) => AuthorizationType))).toEqual(new Set(['AWS_IAM']));
  });

  test('accept a JWT of the configured issuer and audience', () => {
    expect(new Set(routes(jwt).map(({ AuthorizationType }) => AuthorizationType))).toEqual(new Set(['JWT']));
    const authorizers = Object.values(resources(jwt.processing, 'AWS::ApiGatewayV2::Authorizer'));
    expect(authorizers).toHaveLength(2);
    for (const { Properties } of authorizers) {
      expect(Properties.JwtConfiguration).toEqual({ Issuer: 'https://issuer.example', Audience: ['pipeline'] });
    }
  });

  test('are open where the config says so', () => {
    expect(new Set(routes(local).map(({ AuthorizationType }) => AuthorizationType))).toEqual(new Set(['NONE']));
  });

  test('throttle and log each request', () => {
    const stages = Object.values(resources(dev.processing, 'AWS::ApiGatewayV2::Stage'));
    expect(stages).toHaveLength(2);
    for (const { Properties } of stages) {
      expect(Properties).toMatchObject({
        StageName: '$default',
        AutoDeploy: true,
        DefaultRouteSettings: { ThrottlingRateLimit: 100, ThrottlingBurstLimit: 200, DetailedMetricsEnabled: true },
        AccessLogSettings: { DestinationArn: expect.anything(), Format: expect.stringContaining('$context.status') },
      });
    }
  });

  test('have limits for each of their routes, set after the routes exist', () => {
    for (const [api, main, other, share] of [
      ['Ingest', 'POST /posts', 'POST /pin/', 0.5],
      ['Query', 'GET /views/{view}', 'GET /health', 0.1],
    ] as const) {
      const { Properties, DependsOn } = resource(dev.processing, 'AWS::ApiGatewayV2::Stage', `${api}Api`);
      const settings = Properties.RouteSettings as Record<string, { ThrottlingRateLimit: number }>;
      const made = Object.entries(dev.processing.findResources('AWS::ApiGatewayV2::Route')).filter(([id]) =>
        id.startsWith(`${api}Api`),
      );
      const key = ([, found]: (typeof made)[number]) => found.Properties.RouteKey as string;
      expect(Object.keys(settings).sort()).toEqual(made.map(key).sort());
      expect(DependsOn).toEqual(expect.arrayContaining(made.map(([id]) => id)));
      expect(settings[main]).toEqual({
        ThrottlingRateLimit: 100,
        ThrottlingBurstLimit: 200,
        DetailedMetricsEnabled: true,
      });
      expect(settings[other]).toMatchObject({
        ThrottlingRateLimit: 100 * share,
        ThrottlingBurstLimit: 200 * share,
      });
    }
  });

  test('answer scripts of the configured origins, and of no other origin by default', () => {
    const cors = (templates: Templates) =>
      Object.values(resources(templates.processing, 'AWS::ApiGatewayV2::Api')).map(
        ({ Properties }) => Properties.CorsConfiguration as Record<string, unknown> | undefined,
      );
    expect(cors(dev)).toEqual([undefined, undefined]);
    const [ingest, query] = cors(synthesize({ stage: 'dev', corsOrigins: 'https://a.example,http://localhost:5173' }));
    expect([ingest?.AllowMethods, query?.AllowMethods]).toEqual([['POST', 'PUT'], ['GET']]);
    for (const each of [ingest, query]) {
      expect(each).toMatchObject({
        AllowOrigins: ['https://a.example', 'http://localhost:5173'],
        AllowHeaders: expect.arrayContaining(['authorization', 'content-encoding', 'content-type', 'x-amz-date']),
        ExposeHeaders: expect.arrayContaining(['etag', 'retry-after']),
      });
    }
  });

  test.each(['IngestUrl', 'QueryUrl'])('%s is an output', (name) => {
    expect(Object.keys(dev.processing.findOutputs(name))).toEqual([name]);
  });
});

describe('the status page', () => {
  const PAGE_ROUTES = ['GET /', 'GET /assets/{file}', 'GET /status'];
  let page: Templates;
  beforeAll(() => {
    page = synthesize({ stage: 'dev', page: true });
  }, 60_000);

  const routesOf = (templates: Templates) =>
    Object.values(resources(templates.processing, 'AWS::ApiGatewayV2::Route')).map(({ Properties }) => Properties);

  test('has three routes in the query API, with the authorization of the others', () => {
    const added = routesOf(page).filter(({ RouteKey }) => PAGE_ROUTES.includes(String(RouteKey)));
    expect(added.map(({ ApiId, RouteKey }) => `${render(ApiId, page.all)} ${String(RouteKey)}`).sort()).toEqual(
      PAGE_ROUTES.map((route) => `{QueryApi} ${route}`),
    );
    expect(new Set(added.map(({ AuthorizationType }) => AuthorizationType))).toEqual(new Set(['AWS_IAM']));
  });

  test('adds one permission, an endpoint for it, and the names of the functions whose lag it shows', () => {
    const permissions = (templates: Templates) => allowed(templates.processing, 'StepsQueryRole', templates.all);
    expect(permissions(page).filter((permission) => !permissions(dev).includes(permission))).toEqual([
      'cloudwatch:GetMetricData *',
    ]);
    const services = Object.values(resources(page.network, 'AWS::EC2::VPCEndpoint')).map(({ Properties }) =>
      render(Properties.ServiceName, page.all),
    );
    expect(services).toContain('com.amazonaws.{AWS::Region}.monitoring');
    expect(environment(page.processing, 'StepsQueryFunction', page.all)).toEqual({
      ...environment(dev.processing, 'StepsQueryFunction', dev.all),
      STAGE: 'dev',
      PUBLISH_DELAY_MINUTES: '30',
      ARCHIVE_FUNCTION: '{StepsArchiveFunction}',
      AGGREGATE_FUNCTION: '{StepsAggregateFunction}',
    });
  });

  test('is off by default, with everything that it adds', () => {
    expect(routesOf(dev).filter(({ RouteKey }) => PAGE_ROUTES.includes(String(RouteKey)))).toEqual([]);
    dev.network.resourcePropertiesCountIs('AWS::EC2::VPCEndpoint', { VpcEndpointType: 'Interface' }, 2);
  });
});
