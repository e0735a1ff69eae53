/**
 * A token for Grafana's HTTP API that lives as long as one deployment of boards.
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

/** One account at a time, under this name; one that is there was left behind by a run that was killed. */
export const ACCOUNT = 'pipeline-boards';

/** Longer than a run may take: what deletes the token if nothing else does. */
export const TOKEN_SECONDS = 900;

/**
 * Makes a service account with a token, hands the token to `use`, and deletes both whether `use` succeeded or not. An account
 * costs as a user does while it exists.
 *
 * @throws what `use` throws, without the token in its message; else what the control API answers
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
    const made = await client.send(
      new CreateWorkspaceServiceAccountTokenCommand({
        workspaceId,
        serviceAccountId,
        name: ACCOUNT,
        secondsToLive: TOKEN_SECONDS,
      }),
    );
    tokenId = made.serviceAccountToken?.id;
    key = made.serviceAccountToken?.key as string;
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

/** Token first: if the account can't be deleted, it can't be used either. What fails is logged; the next run tries again. */
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
    log.error('a token of Grafana was not deleted; it ends by itself', error, { workspaceId, serviceAccountId });
  }
  try {
    await client.send(new DeleteWorkspaceServiceAccountCommand({ workspaceId, serviceAccountId }));
  } catch (error) {
    log.error('a service account of Grafana was not deleted', error, { workspaceId, serviceAccountId });
  }
}

/** The stack and the cause go, too: they may repeat the message. */
function withoutSecret(error: unknown, secret: string): unknown {
  const message = error instanceof Error ? error.message : String(error);
  return message.includes(secret) ? new Error(message.replaceAll(secret, '(token)')) : error;
}
