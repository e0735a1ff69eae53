/**
 * Grafana's HTTP API, as far as boards need it.
 * @see https://docs.aws.amazon.com/grafana/latest/userguide/Using-Grafana-APIs.html
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Action, type Answers, describe, type Json, type JsonObject } from './core';

export interface Grafana {
  /** What is there already. */
  answers(folderUid: string): Promise<Answers>;
  /** @throws ConflictError if something else changed it meanwhile, GrafanaError for what Grafana does not take */
  apply(action: Action, folderUid: string): Promise<void>;
}

export interface GrafanaOptions {
  /** Origin, as `https://g-0123456789.grafana-workspace.eu-central-1.amazonaws.com`. */
  readonly origin: string;
  readonly token: string;
  /** Ends requests and waiting. */
  readonly signal: AbortSignal;
  /**
   * Waits between two attempts.
   * @default - a timer
   */
  readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
}

/** Grafana refused; the message says what and why, in one line. */
export class GrafanaError extends Error {
  override readonly name: string = 'GrafanaError';
}

/** What was to be created is there, or what was to be changed is another version: read again and plan again. */
export class ConflictError extends GrafanaError {
  override readonly name = 'ConflictError';
}

const ATTEMPTS = 6;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

/** Too many requests, and what a workspace answers while it is created, updated or in need of another host. */
const PASSING = new Set([429, 500, 502, 503, 504]);
const CONFLICTS = new Set([409, 412]);

/** More of a refusal than this is a page that a proxy sent. */
const REASON_LENGTH = 400;

/** @throws nothing yet: it connects with the first call */
export function connectGrafana({ origin, token, signal, wait = timer }: GrafanaOptions): Grafana {
  async function call(subject: string, method: string, path: string, body?: Json): Promise<Json | undefined> {
    for (let attempt = 1; ; attempt++) {
      const answer = await fetch(new URL(path, origin), {
        method,
        headers: { authorization: `Bearer ${token}`, accept: 'application/json', 'content-type': 'application/json' },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal,
      }).catch((error: unknown) => {
        if (signal.aborted) throw new GrafanaError(`${subject}: no time left`, { cause: error });
        return error as Error;
      });
      const passing = answer instanceof Error || PASSING.has(answer.status);
      if (passing && attempt < ATTEMPTS) {
        await wait(pause(attempt, answer instanceof Error ? null : answer.headers.get('retry-after')), signal);
        continue;
      }
      if (answer instanceof Error) {
        throw new GrafanaError(`${subject}: ${answer.message}`, { cause: answer });
      }
      const text = await answer.text();
      if (answer.ok) return text === '' ? undefined : (JSON.parse(text) as Json);
      if (answer.status === 404 && (method === 'GET' || method === 'DELETE')) return undefined;
      const reason = `${subject}: ${answer.status} ${answer.statusText}: ${message(text)}`;
      throw CONFLICTS.has(answer.status) ? new ConflictError(reason) : new GrafanaError(reason);
    }
  }

  const list = async (subject: string, path: string) => ((await call(subject, 'GET', path)) ?? []) as JsonObject[];

  return {
    async answers(folderUid) {
      const [plugins, dataSources, folder, contactPoints, dashboards, rules] = await Promise.all([
        list('plugins', '/api/plugins?embedded=0'),
        list('data sources', '/api/datasources'),
        call('folder', 'GET', `/api/folders/${encodeURIComponent(folderUid)}`),
        list('contact points', '/api/v1/provisioning/contact-points'),
        list('dashboards', `/api/search?type=dash-db&limit=5000&folderUIDs=${encodeURIComponent(folderUid)}`),
        list('alert rules', '/api/v1/provisioning/alert-rules'),
      ]);
      return {
        plugins: plugins.map(({ id }) => String(id)),
        dataSources,
        folder: folder as JsonObject | undefined,
        contactPoints,
        // A search in a folder that is not there is one everywhere.
        dashboards: folder === undefined ? [] : dashboards,
        rules,
      };
    },
    async apply(action, folderUid) {
      const { method, path, body } = requestOf(action, folderUid);
      try {
        await call(describe(action), method, path, body);
      } catch (error) {
        // Of a plugin it says that it is installed, which the list shows only some time later.
        if (!(error instanceof ConflictError && action.kind === 'plugin')) throw error;
      }
    },
  };
}

interface Request {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: Json;
}

function requestOf(action: Action, folderUid: string): Request {
  const uid = encodeURIComponent(action.uid);
  const upsert = (collection: string, one: string): Request => {
    switch (action.do) {
      case 'create':
        return { method: 'POST', path: collection, body: action.body };
      case 'update':
        return { method: 'PUT', path: one, body: action.body };
      case 'delete':
        return { method: 'DELETE', path: one };
    }
  };
  const ofGroup = `/api/v1/provisioning/folder/${encodeURIComponent(folderUid)}/rule-groups/${uid}`;
  switch (action.kind) {
    case 'plugin':
      return { method: 'POST', path: `/api/plugins/${uid}/install`, body: {} };
    case 'dataSource':
      return upsert('/api/datasources', `/api/datasources/uid/${uid}`);
    case 'folder':
      return action.do === 'update'
        ? { method: 'PUT', path: `/api/folders/${uid}`, body: { ...action.body, overwrite: true } }
        : upsert('/api/folders', `/api/folders/${uid}`);
    case 'contactPoint':
      return upsert('/api/v1/provisioning/contact-points', `/api/v1/provisioning/contact-points/${uid}`);
    case 'dashboard':
      return action.do === 'delete'
        ? { method: 'DELETE', path: `/api/dashboards/uid/${uid}` }
        : {
            method: 'POST',
            path: '/api/dashboards/db',
            // Without it, a board that was changed by hand is a version conflict.
            body: { dashboard: { ...action.body, id: null }, folderUid, overwrite: true, message: 'Deployed' },
          };
    case 'ruleGroup':
      return upsertGroup(action, ofGroup);
  }
}

/** A group is written whole, whether it is there or not: rules that are no longer in it go. */
function upsertGroup(action: Action, path: string): Request {
  return action.do === 'delete' ? { method: 'DELETE', path } : { method: 'PUT', path, body: action.body };
}

function pause(attempt: number, retryAfter: string | null): number {
  const asked = retryAfter !== null && /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1_000 : 0;
  return Math.min(LONGEST_WAIT_MS, Math.max(asked, FIRST_WAIT_MS * 2 ** (attempt - 1)));
}

const timer = (milliseconds: number, signal: AbortSignal) => sleep(milliseconds, undefined, { signal });

/** What a refusal says, in one line: Grafana's `message`, or the text. */
function message(text: string): string {
  let said = text;
  try {
    const body = JSON.parse(text) as { message?: unknown };
    if (typeof body.message === 'string') said = body.message;
  } catch {
    // A proxy's page is no JSON.
  }
  return said.replace(/\s+/g, ' ').trim().slice(0, REASON_LENGTH);
}
