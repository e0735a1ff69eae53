/**
 * CloudFormation's custom resource for what CloudFormation itself can't put into Managed Grafana: data sources, folder,
 * dashboards, alert rules. What is wanted comes as an asset by content, so that an update, a rollback (an update to the older
 * asset) and a deletion are the same: plan, then apply what differs.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { GrafanaClient } from '@aws-sdk/client-grafana';
import { customResource, type CustomResource } from '../../runtime/custom-resource';
import { log } from '../../runtime/log';
import { connectS3 } from '../../aws/s3';
import { ConflictError, connectGrafana, type Grafana } from './api';
import { type Content, held, plan, type Wanted, wanted } from './core';
import { type BoardsRequest, isPhysicalId, parseRequest, physicalId } from './request';
import { withToken } from './session';

/** What a run needs of the world. */
export interface Ports {
  readonly control: GrafanaClient;
  readonly content: (bucket: string, key: string) => Promise<string>;
  readonly connect: (origin: string, token: string, signal: AbortSignal) => Grafana;
  readonly wait: (milliseconds: number) => Promise<unknown>;
}

/** Kept back of the function's time, to delete the token and to answer. */
const RESERVE_MS = 30_000;

/** Rounds of reading, planning and applying while others change the same things. */
const ROUNDS = 3;

/** A right that the same deployment granted works everywhere only after some seconds. */
const RIGHT_ATTEMPTS = 6;
const RIGHT_WAIT_MS = 5_000;

const PORTS: Ports = {
  control: new GrafanaClient({}),
  content: async (bucket, key) => (await connectS3(bucket).get(key)).toString('utf8'),
  connect: (origin, token, signal) => connectGrafana({ origin, token, signal }),
  wait: sleep,
};

/** What a workspace shows, see {@link BoardsRequest}. */
export function boardsOf(ports: Ports): CustomResource {
  return {
    identify: (event) => physicalId(parseRequest(event)),
    async work(event, context) {
      // Its creation failed before anything was made, perhaps for properties that can't be read now either.
      if (event.RequestType === 'Delete' && !isPhysicalId(event.PhysicalResourceId ?? '')) return;
      const request = parseRequest(event);
      const signal = AbortSignal.timeout(Math.max(1_000, context.getRemainingTimeInMillis() - RESERVE_MS));
      log.info('boards deployed', { type: request.type, ...(await deploy(request, signal, ports)) });
    },
  };
}

export const handler = customResource(boardsOf(PORTS));

type Counts = Readonly<Record<'create' | 'update' | 'delete' | 'unchanged', number>>;

const NOTHING: Counts = { create: 0, update: 0, delete: 0, unchanged: 0 };

async function deploy(request: BoardsRequest, signal: AbortSignal, ports: Ports): Promise<Counts> {
  const want = request.type === 'Delete' ? [] : await read(request, ports);
  try {
    return await withToken(ports.control, request.workspaceId, (token) =>
      converge(want, request.folderUid, ports.connect(request.origin, token, signal)),
    );
  } catch (error) {
    // The workspace is gone, and with it everything in it.
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
      if (nameOf(error) !== 'AccessDenied' || attempt === RIGHT_ATTEMPTS) throw error;
      await ports.wait(RIGHT_WAIT_MS);
    }
  }
}

/** Reads, plans and applies until nothing differs. */
async function converge(want: readonly Wanted[], folderUid: string, grafana: Grafana): Promise<Counts> {
  const counts = { ...NOTHING };
  for (let round = 1; ; round++) {
    const actions = plan(want, held(await grafana.answers(folderUid), folderUid));
    try {
      for (const action of actions) {
        await grafana.apply(action, folderUid);
        counts[action.do]++;
      }
      return { ...counts, unchanged: Math.max(0, want.length - counts.create - counts.update) };
    } catch (error) {
      if (!(error instanceof ConflictError) || round === ROUNDS) throw error;
      log.warn('something else changed at the same time', { reason: error.message, round });
    }
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}
