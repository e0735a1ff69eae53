/**
 * A fake workspace of Managed Grafana, in memory and over HTTP: its control API (the workspace, service accounts, tokens) and
 * Grafana's API, with its status codes, version checks and tokens. It rejects requests that it doesn't know.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import {
  type Body,
  checkContactPoint,
  checkDashboardCommand,
  checkDataSource,
  checkFolder,
  checkRuleGroup,
  Rejected,
} from './payloads';

export const WORKSPACE = 'g-0123456789';

export interface Fault {
  readonly method: string;
  /** Pattern of the path. */
  readonly path: RegExp;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** `{token}` becomes the token of the request. */
  readonly body?: string;
  /** Whether the request takes effect although it fails, as behind a proxy that loses the response. */
  readonly applied?: boolean;
  times: number;
}

interface Account {
  readonly id: string;
  readonly name: string;
  readonly tokens: Map<string, string>;
}

type Stored = Body & { version: number };

export class FakeGrafana {
  public readonly folders = new Map<string, Stored>();
  public readonly sources = new Map<string, Stored>();
  public readonly boards = new Map<string, { folderUid: string; dashboard: Stored }>();
  public readonly points = new Map<string, Body>();
  /** By folder and title. */
  public readonly groups = new Map<string, Body>();
  public readonly plugins = new Set<string>(['cloudwatch', 'prometheus']);
  public readonly accounts = new Map<string, Account>();
  /** Every token ever issued. */
  public readonly tokens: string[] = [];
  /** `PUT /api/…` of every request that writes, in order. */
  public readonly writes: string[] = [];
  public readonly faults: Fault[] = [];
  /** Runs before a request is handled: a concurrent client. */
  public before: (method: string, path: string) => void = () => undefined;

  private constructor(
    private readonly server: Server,
    /** Id of the existing workspace. */
    public workspace: string | null,
  ) {}

  /** @param workspace null: `POST /workspaces` creates it later */
  static async start(workspace: string | null = WORKSPACE): Promise<FakeGrafana> {
    const server = createServer();
    const stub = new FakeGrafana(server, workspace);
    server.on('request', (request, response) => {
      void body(request).then((given) => {
        const { status, headers, content } = stub.handle(request, given);
        response.writeHead(status, { 'content-type': 'application/json', ...headers });
        response.end(content === undefined ? '' : typeof content === 'string' ? content : JSON.stringify(content));
      });
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    return stub;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((stopped) => this.server.close(stopped));
  }

  fail(fault: Omit<Fault, 'times'> & { times?: number }): void {
    this.faults.push({ times: 1, ...fault });
  }

  /** Remaining service accounts and their tokens. */
  get leftBehind(): string[] {
    return [...this.accounts.values()].flatMap(({ name, tokens }) => [name, ...tokens.values()]);
  }

  private handle(request: IncomingMessage, given: unknown) {
    const method = request.method ?? '';
    const url = new URL(request.url ?? '', this.origin);
    const path = decodeURIComponent(url.pathname);
    this.before(method, path);
    const fault = this.faults.find((each) => each.times > 0 && each.method === method && each.path.test(path));
    if (fault) {
      fault.times--;
      if (fault.applied) this.respond(method, path, url, given, request);
      const token = String(request.headers.authorization).replace('Bearer ', '');
      return { status: fault.status, headers: fault.headers, content: fault.body?.replace('{token}', token) };
    }
    return this.respond(method, path, url, given, request);
  }

  private respond(method: string, path: string, url: URL, given: unknown, request: IncomingMessage) {
    try {
      if (/^\/workspaces(\/|$)/.test(path)) return { status: 200, content: this.control(method, path, given) };
      const key = String(request.headers.authorization).replace('Bearer ', '');
      if (![...this.accounts.values()].some(({ tokens }) => [...tokens.values()].includes(key))) {
        throw new Rejected(401, 'Unauthorized');
      }
      if (method !== 'GET') this.writes.push(`${method} ${path}`);
      return { status: 200, content: this.grafana(method, path, url, given) };
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
      const headers = path.startsWith('/workspaces/') ? { 'x-amzn-errortype': 'ResourceNotFoundException' } : undefined;
      return { status: error.status, headers, content: { message: error.message } };
    }
  }

  private control(method: string, path: string, given: unknown): unknown {
    const [, , workspace, , accountId, , tokenId] = path.split('/');
    if (method === 'POST' && workspace === undefined) return this.create();
    if (workspace !== this.workspace) throw new Rejected(404, `no workspace ${workspace}`);
    const account = accountId === undefined ? undefined : this.accounts.get(accountId);
    if (accountId !== undefined && !account) throw new Rejected(404, `no service account ${accountId}`);
    switch (`${method} ${path.split('/').length}`) {
      case 'GET 4':
        return {
          workspaceId: workspace,
          serviceAccounts: [...this.accounts.values()].map(({ id, name }) => ({
            id,
            name,
            isDisabled: 'false',
            grafanaRole: 'ADMIN',
          })),
        };
      case 'POST 4': {
        const { name, grafanaRole } = given as Record<string, string>;
        if ([...this.accounts.values()].some((each) => each.name === name)) throw new Rejected(409, `${name} exists`);
        const id = String(this.tokens.length + 100);
        this.accounts.set(id, { id, name, tokens: new Map() });
        return { id, name, grafanaRole, workspaceId: workspace };
      }
      case 'POST 6': {
        const { name, secondsToLive } = given as { name: string; secondsToLive: number };
        if (secondsToLive > 3_600) throw new Rejected(400, 'lives too long');
        const key = `glsa_secret${this.tokens.length}`;
        this.tokens.push(key);
        account?.tokens.set(String(this.tokens.length), key);
        return {
          workspaceId: workspace,
          serviceAccountId: accountId,
          serviceAccountToken: { id: String(this.tokens.length), name, key },
        };
      }
      case 'DELETE 7':
        account?.tokens.delete(tokenId);
        return { workspaceId: workspace, serviceAccountId: accountId, tokenId };
      case 'DELETE 3':
        return this.remove(workspace);
      case 'DELETE 5':
        this.accounts.delete(accountId);
        return { workspaceId: workspace, serviceAccountId: accountId };
      default:
        throw new Rejected(404, `${method} ${path} is unknown`);
    }
  }

  private create(): unknown {
    if (this.workspace !== null) throw new Rejected(402, 'there is room for one workspace');
    this.workspace = WORKSPACE;
    return { workspace: { id: WORKSPACE, endpoint: this.origin, status: 'ACTIVE' } };
  }

  /** Deletes the workspace with its content. */
  private remove(id: string): unknown {
    this.workspace = null;
    for (const each of [this.folders, this.sources, this.boards, this.points, this.groups, this.accounts]) each.clear();
    return { workspace: { id, status: 'DELETING' } };
  }

  private grafana(method: string, path: string, url: URL, given: unknown): unknown {
    const route = `${method} ${path}`;
    const at = (pattern: RegExp) => pattern.exec(route)?.slice(1);
    if (route === 'GET /api/plugins') return [...this.plugins].map((id) => ({ id, type: 'datasource' }));
    const plugin = at(/^POST \/api\/plugins\/([^/]+)\/install$/);
    if (plugin) {
      if (this.plugins.has(plugin[0])) throw new Rejected(409, `plugin ${plugin[0]} is already installed`);
      this.plugins.add(plugin[0]);
      return undefined;
    }
    if (/^\w+ \/api\/datasources/.test(route)) return this.dataSources(route, given);
    if (/^\w+ \/api\/folders/.test(route)) return this.folder(route, given);
    if (/^\w+ \/api\/(dashboards|search)/.test(route)) return this.dashboards(route, url, given);
    if (/^\w+ \/api\/v1\/provisioning\/contact-points/.test(route)) return this.contactPoints(route, given);
    if (/^\w+ \/api\/v1\/provisioning\//.test(route)) return this.rules(route, given);
    throw new Rejected(404, `${route} is unknown`);
  }

  private dataSources(route: string, given: unknown): unknown {
    const [method, path] = route.split(' ');
    if (route === 'GET /api/datasources') return [...this.sources.values()];
    if (method === 'DELETE') return void this.drop(this.sources, path, 'data source');
    const source = checkDataSource(given);
    const uid = String(source['uid']);
    if (!this.plugins.has(String(source['type'])))
      throw new Rejected(404, `plugin ${String(source['type'])} not found`);
    const taken = [...this.sources.values()].some((each) => each['name'] === source['name'] && each['uid'] !== uid);
    if (taken) throw new Rejected(409, 'data source with the same name already exists');
    return this.store(this.sources, method, uid, source, 'data source');
  }

  private folder(route: string, given: unknown): unknown {
    const [method, path] = route.split(' ');
    const uid = path.split('/')[3];
    if (method === 'GET') {
      const found = this.folders.get(uid);
      if (!found) throw new Rejected(404, 'folder not found');
      return found;
    }
    if (method === 'DELETE') {
      if ([...this.groups.keys()].some((key) => key.startsWith(`${uid}/`))) {
        throw new Rejected(400, 'folder cannot be deleted: folder contains alert rules');
      }
      for (const [id, board] of this.boards) if (board.folderUid === uid) this.boards.delete(id);
      return void this.drop(this.folders, path, 'folder');
    }
    const folder = checkFolder(given);
    if (method === 'PUT' && folder['overwrite'] !== true) throw new Rejected(412, 'the folder has been changed');
    return this.store(this.folders, method, String(folder['uid']), folder, 'folder', 412);
  }

  private dashboards(route: string, url: URL, given: unknown): unknown {
    const [method, path] = route.split(' ');
    if (path === '/api/search') {
      return [...this.boards.values()]
        .filter(({ folderUid }) => folderUid === url.searchParams.get('folderUIDs'))
        .map(({ dashboard }) => ({ uid: dashboard['uid'], title: dashboard['title'], tags: dashboard['tags'] ?? [] }));
    }
    if (method === 'DELETE') return void this.drop(this.boards, path, 'dashboard');
    const { dashboard, folderUid, overwrite } = checkDashboardCommand(given);
    if (!this.folders.has(folderUid)) throw new Rejected(400, 'folder not found');
    const uid = String(dashboard['uid']);
    const before = this.boards.get(uid)?.dashboard;
    if (before && !overwrite && dashboard['version'] !== before.version) {
      throw new Rejected(412, 'The dashboard has been changed by someone else');
    }
    const version = (before?.version ?? 0) + 1;
    this.boards.set(uid, { folderUid, dashboard: { ...dashboard, version } });
    return { uid, version, status: 'success' };
  }

  private contactPoints(route: string, given: unknown): unknown {
    const [method, path] = route.split(' ');
    if (method === 'GET') return [...this.points.values()];
    if (method === 'DELETE') {
      const name = this.points.get(path.split('/')[5])?.['name'];
      const rules = [...this.groups.values()].flatMap((group) => group['rules'] as Body[]);
      if (rules.some((rule) => (rule['notification_settings'] as Body | undefined)?.['receiver'] === name)) {
        throw new Rejected(409, `contact point '${String(name)}' is currently used by a rule`);
      }
      return void this.drop(this.points, path, 'contact point');
    }
    const point = { disableResolveMessage: false, ...checkContactPoint(given), provenance: 'api' };
    this.points.set(String((point as Body)['uid']), point);
    return point;
  }

  private rules(route: string, given: unknown): unknown {
    if (route === 'GET /api/v1/provisioning/alert-rules') {
      return [...this.groups.values()].flatMap((group) => group['rules'] as Body[]);
    }
    const [, method, folder, title] =
      /^(\w+) \/api\/v1\/provisioning\/folder\/([^/]+)\/rule-groups\/(.+)$/.exec(route) ?? [];
    if (!folder) throw new Rejected(404, `${route} is unknown`);
    const key = `${folder}/${title}`;
    if (method === 'DELETE') {
      if (!this.groups.delete(key)) throw new Rejected(404, 'rule group not found');
      return undefined;
    }
    if (!this.folders.has(folder)) throw new Rejected(400, 'folder does not exist');
    const receivers = new Set([...this.points.values()].map(({ name }) => String(name)));
    this.groups.set(key, checkRuleGroup(given, { sources: new Set(this.sources.keys()), receivers }));
    return given;
  }

  private store(into: Map<string, Stored>, method: string, uid: string, value: Body, of: string, taken = 409): unknown {
    const before = into.get(uid);
    if (method === 'POST' && before) throw new Rejected(taken, `a ${of} with that uid already exists`);
    if (method === 'PUT' && !before) throw new Rejected(404, `${of} not found`);
    into.set(uid, { ...value, version: (before?.version ?? 0) + 1 });
    return into.get(uid);
  }

  private drop(from: Map<string, unknown>, path: string, of: string): void {
    if (!from.delete(path.split('/').at(-1) as string)) throw new Rejected(404, `${of} not found`);
  }
}

async function body(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text === '' ? undefined : JSON.parse(text);
}
