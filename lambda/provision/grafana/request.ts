/** Parses the request for the resource `Custom::GrafanaContent`. */
import { type CustomResourceRequest } from '../../runtime/custom-resource';
import { type Deployed } from './core';

/** Properties of the resource `Custom::GrafanaContent`; CloudFormation turns every scalar into a string. */
export interface Properties {
  /** Id of the workspace, for example `g-0123456789`. */
  readonly WorkspaceId: string;
  /** Host of the workspace. */
  readonly Endpoint: string;
  readonly ContentBucket: string;
  readonly ContentKey: string;
  /** Uid of the folder that contains everything. */
  readonly FolderUid: string;
  /** JSON of {@link Deployed}. */
  readonly Deployed: string;
}

const PROPERTIES = ['WorkspaceId', 'Endpoint', 'ContentBucket', 'ContentKey', 'FolderUid', 'Deployed'] as const;

export interface BoardsRequest {
  readonly type: CustomResourceRequest['RequestType'];
  readonly workspaceId: string;
  /** For example `https://g-0123456789.grafana-workspace.eu-central-1.amazonaws.com`. */
  readonly origin: string;
  readonly bucket: string;
  readonly key: string;
  readonly folderUid: string;
  readonly deployed: Deployed;
}

/** @throws Error naming the field, its value and what is allowed */
export function parseRequest({ RequestType: type, ResourceProperties: given }: CustomResourceRequest): BoardsRequest {
  for (const name of PROPERTIES) {
    if (typeof given[name] !== 'string' || given[name] === '') {
      throw new Error(`property ${name} must be a non-empty string, got '${String(given[name])}'`);
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

/** The workspace's attribute has no scheme. */
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

/** Boards of another workspace or folder are another resource, so CloudFormation deletes the old ones. */
export function physicalId({ workspaceId, folderUid }: BoardsRequest): string {
  return `${workspaceId}/${folderUid}`;
}

/** Whether an id has the form of {@link physicalId}: a creation that got that far may have created something. */
export function isPhysicalId(id: string): boolean {
  return /^g-[0-9a-f]+\//.test(id);
}
