/**
 * A token for Grafana's HTTP API that is valid for one deployment of boards.
 * @see https://docs.aws.amazon.com/grafana/latest/userguide/service-accounts.html
 */
import {
  CreateWorkspaceServiceAccountCommand,
  CreateWorkspaceServiceAccountTokenCommand,
  DeleteWorkspaceServiceAccountCommand,
  DeleteWorkspaceServiceAccountTokenCommand,
  type GrafanaClient,
  paginateListWorkspaceServiceAccounts,
} from '@aws-sdk/client-grafana';
import { log } from '../../runtime/log';

/** One account at a time has this name; an existing one is left over from a run that was killed. */
export const ACCOUNT = 'pipeline-boards';

/** Longer than a run may take: expiry removes the token if nothing else does. */
export const TOKEN_SECONDS = 900;

/**
 * Creates a service account with a token, passes the token to `use`, and deletes both whether or not `use` succeeds. An
 * account costs as much as a user while it exists.
 *
 * @throws the error of `use`, without the token in its message; else the error of the control API
 */
export async function withToken<T>(
  client: GrafanaClient,
  workspaceId: string,
  use: (token: string) => Promise<T>,
): Promise<T> {
  await deleteLeftBehind(client, workspaceId);
  const account = await client.send(
    new CreateWorkspaceServiceAccountCommand({ workspaceId, name: ACCOUNT, grafanaRole: 'ADMIN' }),
  );
  const serviceAccountId = account.id as string;
  let tokenId: string | undefined;
  let key = '';
  try {
    const created = await client.send(
      new CreateWorkspaceServiceAccountTokenCommand({
        workspaceId,
        serviceAccountId,
        name: ACCOUNT,
        secondsToLive: TOKEN_SECONDS,
      }),
    );
    tokenId = created.serviceAccountToken?.id;
    key = created.serviceAccountToken?.key as string;
    return await use(key);
  } catch (error) {
    throw key === '' ? error : withoutSecret(error, key);
  } finally {
    await deleteAccount(client, workspaceId, serviceAccountId, tokenId);
  }
}

async function deleteLeftBehind(client: GrafanaClient, workspaceId: string): Promise<void> {
  for await (const { serviceAccounts = [] } of paginateListWorkspaceServiceAccounts({ client }, { workspaceId })) {
    for (const { id } of serviceAccounts.filter(({ name }) => name === ACCOUNT)) {
      await client.send(new DeleteWorkspaceServiceAccountCommand({ workspaceId, serviceAccountId: id }));
    }
  }
}

/**
 * Token first: without it, an account that cannot be deleted cannot be used. Errors are logged; the next run deletes
 * again.
 */
async function deleteAccount(
  client: GrafanaClient,
  workspaceId: string,
  serviceAccountId: string,
  tokenId: string | undefined,
): Promise<void> {
  try {
    if (tokenId !== undefined) {
      await client.send(new DeleteWorkspaceServiceAccountTokenCommand({ workspaceId, serviceAccountId, tokenId }));
    }
  } catch (error) {
    log.error(`grafana token was not deleted; it expires within ${TOKEN_SECONDS} s`, error, {
      workspaceId,
      serviceAccountId,
    });
  }
  try {
    await client.send(new DeleteWorkspaceServiceAccountCommand({ workspaceId, serviceAccountId }));
  } catch (error) {
    log.error('grafana service account was not deleted', error, { workspaceId, serviceAccountId });
  }
}

/** Drops the stack and the cause as well: they may repeat the message. */
function withoutSecret(error: unknown, secret: string): unknown {
  const message = error instanceof Error ? error.message : String(error);
  return message.includes(secret) ? new Error(message.replaceAll(secret, '(token)')) : error;
}
