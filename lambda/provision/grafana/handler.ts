/**
 * A CloudFormation custom resource for what CloudFormation cannot configure in Managed Grafana: data sources, folder,
 * dashboards, alert rules. The wanted content is an asset named by its hash, so an update, a rollback (an update to the
 * older asset) and a deletion are the same: plan, then apply the differences.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { GrafanaClient } from '@aws-sdk/client-grafana';
import { customResource, type CustomResource } from '../../runtime/custom-resource';
import { invoked, log } from '../../runtime/log';
import { connectS3 } from '../../aws/s3';
import { ConflictError, connectGrafana, type Grafana } from './api';
import { type Content, held, plan, type Wanted, wanted } from './core';
import { type BoardsRequest, isPhysicalId, parseRequest, physicalId } from './request';
import { withToken } from './session';

/** The ports that a run uses. */
export interface Ports {
  readonly control: GrafanaClient;
  readonly content: (bucket: string, key: string) => Promise<string>;
  readonly connect: (origin: string, token: string, signal: AbortSignal) => Grafana;
  readonly wait: (milliseconds: number) => Promise<unknown>;
}

/** Reserved from the function's time, to delete the token and to respond. */
const RESERVE_MS = 30_000;

/** How often to read, plan and apply again while others change the same objects. */
const ROUNDS = 3;

/** A permission granted in the same deployment takes some seconds to work everywhere. */
const PERMISSION_ATTEMPTS = 6;
const PERMISSION_WAIT_MS = 5_000;

const PORTS: Ports = {
  control: new GrafanaClient({}),
  content: async (bucket, key) => (await connectS3(bucket).get(key)).toString('utf8'),
  connect: (origin, token, signal) => connectGrafana({ origin, token, signal }),
  wait: sleep,
};

/** Manages what a workspace shows, see {@link BoardsRequest}. */
export function boardsOf(ports: Ports): CustomResource {
  return {
    identify: (event) => physicalId(parseRequest(event)),
    async work(event, context) {
      // The creation failed before anything was made, perhaps because of properties that cannot be parsed now either.
      if (event.RequestType === 'Delete' && !isPhysicalId(event.PhysicalResourceId ?? '')) return;
      const request = parseRequest(event);
      const signal = AbortSignal.timeout(Math.max(1_000, context.getRemainingTimeInMillis() - RESERVE_MS));
      log.info('boards deployed', { type: request.type, ...(await deploy(request, signal, ports)) });
    },
  };
}

export const handler = invoked(() => customResource(boardsOf(PORTS)));

type Counts = Readonly<Record<'create' | 'update' | 'delete' | 'unchanged', number>>;

const NOTHING: Counts = { create: 0, update: 0, delete: 0, unchanged: 0 };

async function deploy(request: BoardsRequest, signal: AbortSignal, ports: Ports): Promise<Counts> {
  const want = request.type === 'Delete' ? [] : await read(request, ports);
  try {
    return await withToken(ports.control, request.workspaceId, (token) =>
      converge(want, request.folderUid, ports.connect(request.origin, token, signal)),
    );
  } catch (error) {
    // The workspace was deleted together with its content.
    if (request.type === 'Delete' && nameOf(error) === 'ResourceNotFoundException') return NOTHING;
    throw error;
  }
}

async function read(request: BoardsRequest, ports: Ports): Promise<Wanted[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      const text = await ports.content(request.bucket, request.key);
      return wanted(JSON.parse(text) as Content, request.deployed);
    } catch (error) {
      if (nameOf(error) !== 'AccessDenied' || attempt === PERMISSION_ATTEMPTS) throw error;
      await ports.wait(PERMISSION_WAIT_MS);
    }
  }
}

/** Reads, plans and applies until no difference is left. */
async function converge(want: readonly Wanted[], folderUid: string, grafana: Grafana): Promise<Counts> {
  const counts = { ...NOTHING };
  for (let round = 1; ; round++) {
    const actions = plan(want, held(await grafana.read(folderUid), folderUid));
    try {
      for (const action of actions) {
        await grafana.apply(action, folderUid);
        counts[action.do]++;
      }
      return { ...counts, unchanged: Math.max(0, want.length - counts.create - counts.update) };
    } catch (error) {
      if (!(error instanceof ConflictError) || round === ROUNDS) throw error;
      log.warn('grafana was changed concurrently', { reason: error.message, round });
    }
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}
