/**
 * The request of a CloudFormation custom resource, and its answer.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
 */
import { type Deployed } from './core';

const REQUEST_TYPES = ['Create', 'Update', 'Delete'] as const;
export type RequestType = (typeof REQUEST_TYPES)[number];

/** What the resource `Custom::GrafanaContent` is given, all of it text as CloudFormation makes text of everything. */
export interface Properties {
  /** Id of the workspace, as `g-0123456789`. */
  readonly WorkspaceId: string;
  /** Host of the workspace. */
  readonly Endpoint: string;
  readonly ContentBucket: string;
  readonly ContentKey: string;
  /** Uid of the folder that holds everything. */
  readonly FolderUid: string;
  /** JSON of {@link Deployed}. */
  readonly Deployed: string;
}

const PROPERTIES = ['WorkspaceId', 'Endpoint', 'ContentBucket', 'ContentKey', 'FolderUid', 'Deployed'] as const;

/** Where the answer goes, and whose it is: known before anything else is. */
export interface Envelope {
  readonly ResponseURL: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
  /** Of an update or deletion. */
  readonly PhysicalResourceId?: string;
}

export interface BoardsRequest {
  readonly type: RequestType;
  readonly workspaceId: string;
  /** As `https://g-0123456789.grafana-workspace.eu-central-1.amazonaws.com`. */
  readonly origin: string;
  readonly bucket: string;
  readonly key: string;
  readonly folderUid: string;
  readonly deployed: Deployed;
}

/** @throws Error naming the field, its value and what is allowed */
export function parseRequest(event: Readonly<Record<string, unknown>>): BoardsRequest {
  const type = REQUEST_TYPES.find((each) => each === event['RequestType']);
  if (type === undefined) {
    throw new Error(`RequestType must be one of ${REQUEST_TYPES.join(', ')}, got '${String(event['RequestType'])}'`);
  }
  const given = (event['ResourceProperties'] ?? {}) as Readonly<Record<string, unknown>>;
  for (const name of PROPERTIES) {
    if (typeof given[name] !== 'string' || given[name] === '') {
      throw new Error(`property ${name} must be a text, got '${String(given[name])}'`);
    }
  }
  const properties = given as unknown as Properties;
  return {
    type,
    workspaceId: properties.WorkspaceId,
    origin: originOf(properties.Endpoint),
    bucket: properties.ContentBucket,
    key: properties.ContentKey,
    folderUid: properties.FolderUid,
    deployed: parseDeployed(properties.Deployed),
  };
}

/** The attribute of the workspace has no scheme. */
function originOf(endpoint: string): string {
  return endpoint.includes('://') ? endpoint : `https://${endpoint}`;
}

function parseDeployed(text: string): Deployed {
  try {
    return JSON.parse(text) as Deployed;
  } catch {
    throw new Error(`property Deployed must be JSON, got '${text.slice(0, 60)}'`);
  }
}

/** Boards of another workspace or folder are another resource: CloudFormation then deletes the old ones. */
export function physicalId({ workspaceId, folderUid }: BoardsRequest): string {
  return `${workspaceId}/${folderUid}`;
}

/** Whether an id is one of {@link physicalId}: a creation that got that far may have made something. */
export function isPhysicalId(id: string): boolean {
  return /^g-[0-9a-f]+\//.test(id);
}

/** The whole answer may have 4,096 bytes. */
const REASON_LENGTH = 1_000;

/** @param failure undefined if all went well */
export function answer(envelope: Envelope, id: string, failure: string | undefined): string {
  return JSON.stringify({
    Status: failure === undefined ? 'SUCCESS' : 'FAILED',
    ...(failure === undefined ? {} : { Reason: failure.slice(0, REASON_LENGTH) }),
    PhysicalResourceId: id,
    StackId: envelope.StackId,
    RequestId: envelope.RequestId,
    LogicalResourceId: envelope.LogicalResourceId,
  });
}
