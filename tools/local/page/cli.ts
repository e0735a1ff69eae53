import { type Command } from '../../kit/command';
import { address, integer, optional, parse, required } from '../../kit/options';
import { signerFor } from '../../loadgen/sign';
import { bearer, startPageProxy } from './proxy';

const OPTIONS = {
  url: required(address('of the query API (output QueryUrl)', 'the address of a query API')),
  port: optional(integer('N', 'port on 127.0.0.1; without it, a free one', 0, 65_535)),
};

async function run(argv: readonly string[]): Promise<void> {
  const { values } = parse(argv, OPTIONS);
  const url = new URL(values.url);
  const token = process.env.API_TOKEN;
  const sign = token ? bearer(token) : signerFor(url);
  const server = await startPageProxy({ url, sign, port: values.port });
  console.log(`${server.url}/ shows ${url.href} until Ctrl-C`);
}

export const command: Command = {
  options: OPTIONS,
  about: `Requests are signed with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; with API_TOKEN, a JWT, they
carry that instead. 'aws configure export-credentials --format env' prints the former.`,
  run,
};
