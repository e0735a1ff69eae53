/** `npm run page -- --url URL`: the page of a deployed query API, with the caller's credentials. */
import { parseArgs } from 'node:util';
import { signerFor } from '../../loadgen/sign';
import { bearer, startPageProxy } from './proxy';

const USAGE = `usage: npm run page -- --url URL [--port N]

  --url URL   of the query API (output QueryUrl)
  --port N    port on 127.0.0.1 (default: a free one)

Requests are signed with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; with API_TOKEN, a JWT, they
carry that instead. 'aws configure export-credentials --format env' prints the former.`;

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { url: { type: 'string' }, port: { type: 'string' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) return console.log(USAGE);
  if (values.url === undefined || !URL.canParse(values.url)) {
    throw new Error(`--url must be the address of a query API, got '${values.url ?? ''}'`);
  }
  if (values.port !== undefined && !/^\d{1,5}$/.test(values.port)) {
    throw new Error(`--port must be a port number, got '${values.port}'`);
  }
  const url = new URL(values.url);
  const token = process.env.API_TOKEN;
  const sign = token ? bearer(token) : signerFor(url);
  const server = await startPageProxy({ url, sign, port: values.port === undefined ? undefined : Number(values.port) });
  console.log(`${server.url}/ shows ${url.href} until Ctrl-C`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
