/** What adapters over any client share: login, timeouts, a connection that is opened anew, and the port made of a producer and an admin. */
import { HEARTBEAT_HEADER } from '../../domain/decode';
import { credentialsFromEnvironment, regionFromEnvironment } from '../auth/credentials';
import { mskToken, unsecuredToken, type Token } from '../auth/msk-token';
import { type Admin, type KafkaOptions, type KafkaPort, type Producer } from './port';

export const CLIENT_ID = 'pinterest-data-pipeline';

/** Short enough that an outage is reported within ten seconds: API Gateway hangs up after 29. */
export const TIMEOUTS = { connectMs: 2_500, requestMs: 4_000 };

/** Enough to outlast a change of leader, in steps short enough for {@link TIMEOUTS}. */
export const RETRY = { firstMs: 100, factor: 1.6, longestMs: 1_000, times: 8 };

/** The token of SASL OAUTHBEARER. Clients ask for one at each login. */
export async function loginToken({ auth, region }: Pick<KafkaOptions, 'auth' | 'region'>): Promise<Token> {
  return auth === 'iam' ? mskToken(region ?? regionFromEnvironment(), credentialsFromEnvironment()) : unsecuredToken();
}

/** A connection that the first call opens and later ones share. A failed call drops it, so that the next one opens another. */
export function reopening<C>(open: () => Promise<C>, end: (connection: C) => Promise<unknown>) {
  let current: Promise<C> | undefined;
  const endSafely = (connection?: Promise<C>) => connection?.then(end).catch(() => undefined);
  return {
    async use<T>(call: (connection: C) => Promise<T>): Promise<T> {
      current ??= open();
      const mine = current;
      try {
        return await call(await mine);
      } catch (error) {
        if (current === mine) current = undefined;
        void endSafely(mine);
        throw error;
      }
    },
    async close(): Promise<void> {
      const closing = current;
      current = undefined;
      await endSafely(closing);
    },
  };
}

export function portOf(topic: string, producer: Producer, admin: Admin): KafkaPort {
  return {
    send: (records) => producer.send(records),
    endOffsets: (name) => admin.endOffsets(name),
    offsetsAt: (name, timestampMs) => admin.offsetsAt(name, timestampMs),
    writeHeartbeat: async (name, partition) => {
      if (name !== topic) throw new Error(`topic must be '${topic}', got '${name}'`);
      const [result] = await producer.send([
        { key: null, value: '{}', headers: { [HEARTBEAT_HEADER]: '1' }, partition },
      ]);
      if (!result.ok) throw new Error(`heartbeat of partition ${partition} was not acknowledged: ${result.error}`);
      return { offset: result.offset, logAppendTime: result.logAppendTime };
    },
    close: async () => {
      await Promise.all([producer.close(), admin.close()]);
    },
  };
}
