/** `npm run pipeline -- <command> [options]`: the one entry of all commands of operators and developers. */
import { COMMANDS, type Entry } from './commands';
import { usage } from './kit/command';

function list(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return `npm run pipeline -- <command> [options]; npm run pipeline -- <command> --help\n\n${lines.join('\n')}`;
}

async function run(name: string, { summary, load }: Entry, argv: readonly string[]): Promise<void> {
  const { command } = load();
  if (argv.includes('--help')) console.log(usage(name, summary, command));
  else await command.run(argv);
}

/** @throws Error with the message for the user */
export async function pipeline([name, ...argv]: readonly string[]): Promise<void> {
  if (name === undefined || name === '--help') return console.log(list());
  if (!Object.hasOwn(COMMANDS, name)) {
    throw new Error(`pipeline: the command must be one of ${Object.keys(COMMANDS).join(', ')}, got '${name}'`);
  }
  try {
    await run(name, COMMANDS[name], argv);
  } catch (error) {
    throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

if (require.main === module) {
  pipeline(process.argv.slice(2)).catch((error: Error) => {
    console.error(error.message);
    process.exit(1);
  });
}
