/**
 * The part of Grafana's HTTP API that boards need.
 * @see https://docs.aws.amazon.com/grafana/latest/userguide/Using-Grafana-APIs.html
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Action, describe, type Json, type JsonObject, type Responses } from './core';

export interface Grafana {
  /** Reads what exists already. */
  read(folderUid: string): Promise<Responses>;
  /** @throws ConflictError if something else was changed concurrently, GrafanaError if Grafana rejects the action */
  apply(action: Action, folderUid: string): Promise<void>;
}

export interface GrafanaOptions {
  /** Origin, for example `https://g-0123456789.grafana-workspace.eu-central-1.amazonaws.com`. */
  readonly origin: string;
  readonly token: string;
  /** Aborts requests and waiting. */
  readonly signal: AbortSignal;
  /**
   * Waits between two attempts.
   * @default - a timer
   */
  readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
}

/** Grafana rejected a request; the message names what and why, in one line. */
export class GrafanaError extends Error {
  override readonly name: string = 'GrafanaError';
}

/** The object to create exists already, or the object to change has another version: read and plan again. */
export class ConflictError extends GrafanaError {
  override readonly name = 'ConflictError';
}

const ATTEMPTS = 6;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

/**
 * No response, too many requests, and what a workspace returns while it is created, updated or moved to another host.
 */
const TRANSIENT = new Set([0, 429, 500, 502, 503, 504]);
const CONFLICTS = new Set([409, 412]);

/** A longer rejection is a page that a proxy sent. */
const REASON_LENGTH = 400;

/** The result of one attempt. */
interface Attempt {
  /** 0 without a response. */
  readonly status: number;
  readonly reported: string;
  readonly text: string;
  /** Seconds to wait, as the response requests. */
  readonly after: string | null;
}

/** Connects on the first call. */
export function connectGrafana({ origin, token, signal, wait = timer }: GrafanaOptions): Grafana {
  async function attempt(method: string, path: string, body: Json | undefined): Promise<Attempt> {
    try {
      const response = await fetch(new URL(path, origin), {
        method,
        headers: { authorization: `Bearer ${token}`, accept: 'application/json', 'content-type': 'application/json' },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal,
      });
      const { status, statusText, headers } = response;
      return {
        status,
        reported: `${status} ${statusText}`,
        text: await response.text(),
        after: headers.get('retry-after'),
      };
    } catch (error) {
      // The name of a new workspace does not resolve everywhere immediately.
      const { message: reported, cause } = error as { message: string; cause?: { code?: string } };
      return {
        status: 0,
        reported: cause?.code === undefined ? reported : `${reported} (${cause.code})`,
        text: '',
        after: null,
      };
    }
  }

  async function call(subject: string, method: string, path: string, body?: Json): Promise<Json | undefined> {
    for (let count = 1; ; count++) {
      const { status, reported, text, after } = await attempt(method, path, body);
      if (status >= 200 && status < 300) return text === '' ? undefined : (JSON.parse(text) as Json);
      if (status === 404 && (method === 'GET' || method === 'DELETE')) return undefined;
      if (TRANSIENT.has(status) && count < ATTEMPTS && !signal.aborted) {
        await wait(pause(count, after), signal).catch(() => undefined);
        continue;
      }
      const reason = [subject, reported, message(text)].filter((part) => part !== '').join(': ');
      if (signal.aborted) throw new GrafanaError(`${subject}: no time left`);
      throw CONFLICTS.has(status) ? new ConflictError(reason) : new GrafanaError(reason);
    }
  }

  const list = async (subject: string, path: string) => ((await call(subject, 'GET', path)) ?? []) as JsonObject[];

  return {
    async read(folderUid) {
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
        // A search in a folder that does not exist would search all folders.
        dashboards: folder === undefined ? [] : dashboards,
        rules,
      };
    },
    async apply(action, folderUid) {
      const { method, path, body } = requestOf(action, folderUid);
      try {
        await call(describe(action), method, path, body);
      } catch (error) {
        // Grafana reports a plugin as installed before it appears in the plugin list.
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
            // Without `overwrite`, a board that was changed by hand is a version conflict.
            body: { dashboard: { ...action.body, id: null }, folderUid, overwrite: true, message: 'Deployed' },
          };
    case 'ruleGroup':
      return upsertGroup(action, ofGroup);
  }
}

/** A group is always written as a whole, which removes rules that it no longer contains. */
function upsertGroup(action: Action, path: string): Request {
  return action.do === 'delete' ? { method: 'DELETE', path } : { method: 'PUT', path, body: action.body };
}

function pause(attempt: number, retryAfter: string | null): number {
  const requested = retryAfter !== null && /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1_000 : 0;
  return Math.min(LONGEST_WAIT_MS, Math.max(requested, FIRST_WAIT_MS * 2 ** (attempt - 1)));
}

const timer = (milliseconds: number, signal: AbortSignal) => sleep(milliseconds, undefined, { signal });

/** The reason of a rejection, in one line: Grafana's `message`, or the text. */
function message(text: string): string {
  let reported = text;
  try {
    const body = JSON.parse(text) as { message?: unknown };
    if (typeof body.message === 'string') reported = body.message;
  } catch {
    // A proxy's page is not JSON.
  }
  return reported.replace(/\s+/g, ' ').trim().slice(0, REASON_LENGTH);
}
