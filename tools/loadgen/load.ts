/** The load generator as a function: posts of a seed or of files, sent as one generation of clients would. */
import { type Generation, requestsOf } from './clients';
import { generate } from './generate';
import { readPosts } from './input';
import { sendAll, type SendOptions, type Tally } from './send';
import { type Sign, signerFor } from './sign';

export interface LoadOptions extends Omit<SendOptions, 'sign'> {
  /** @default native */
  readonly generation?: Generation;
  /** Posts to generate, unless `input` is set. @default 2000 */
  readonly posts?: number;
  /** @default 1 */
  readonly seed?: number;
  /** Index of the first generated post. @default 0 */
  readonly firstIndex?: number;
  /** Folder with files of sections to send instead of generated posts. */
  readonly input?: string;
  /** Posts in one request of native clients. @default 50 */
  readonly batch?: number;
  /** Sign with SigV4: with the credentials of the environment, or as given. @default - if the host is one of AWS */
  readonly sign?: boolean | Sign;
}

export async function generateLoad(options: LoadOptions): Promise<Tally> {
  const { generation = 'native', posts = 2_000, seed = 1, firstIndex = 0, input, batch = 50, ...send } = options;
  const url = new URL(options.url);
  const sign = options.sign ?? url.hostname.endsWith('amazonaws.com');
  const source = input === undefined ? generate({ posts, seed, firstIndex }) : readPosts(input);
  const signer = sign === true ? signerFor(url) : sign || undefined;
  return sendAll(requestsOf(generation, source, batch), { ...send, sign: signer });
}
