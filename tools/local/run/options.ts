/** The command line of `npm start`. */
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../../kit/root';

export interface RunOptions {
  /** End by itself, with an exit code, instead of staying up. */
  readonly exit: boolean;
  /** Folder with pin.jsonl, geo.jsonl, user.jsonl to send instead of generated posts. */
  readonly input?: string;
  /** File to write the answers of all layers, the counters and the timings to. */
  readonly answers?: string;
  /** Generated posts to send; 0 sends none. */
  readonly posts: number;
  /** Posts a second; 0 is as fast as possible. */
  readonly rate: number;
  readonly seed: number;
  /** Drop the data of earlier runs. */
  readonly fresh: boolean;
  /** Folder of the run's data and logs, absolute. @default .local/data */
  readonly data: string;
}

export const USAGE = `npm start -- [--exit] [--posts N] [--rate R] [--seed S] [--input DIR] [--answers FILE] [--fresh]

  --posts N       send N generated posts (default 2000)
  --rate R        posts a second, 0 = as fast as they are taken (default 0)
  --seed S        seed of the generator (default 1)
  --input DIR     send DIR/{pin,geo,user}.jsonl instead of generated posts
  --answers FILE  write the answers of both layers, the counters and the timings as JSON
  --fresh         drop the data of earlier runs first
  --data DIR      keep data and logs in DIR (default .local/data)
  --exit          end when all is through; exit 0 only if every acknowledged post is in both layers, once`;

const DEFAULT_DATA = join(ROOT, '.local', 'data');
const INPUT_FILES = ['pin.jsonl', 'geo.jsonl', 'user.jsonl'];

/**
 * @throws Error naming the option, its value and what is allowed
 */
export function parseOptions(argv: readonly string[]): RunOptions | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      exit: { type: 'boolean', default: false },
      posts: { type: 'string', default: '2000' },
      rate: { type: 'string', default: '0' },
      seed: { type: 'string', default: '1' },
      input: { type: 'string' },
      answers: { type: 'string' },
      fresh: { type: 'boolean', default: false },
      data: { type: 'string', default: DEFAULT_DATA },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const input = values.input === undefined ? undefined : resolve(values.input);
  if (input !== undefined) checkInput(input);
  return {
    exit: values.exit,
    input,
    answers: values.answers === undefined ? undefined : resolve(values.answers),
    posts: wholeNumber('posts', values.posts),
    rate: wholeNumber('rate', values.rate),
    seed: wholeNumber('seed', values.seed),
    fresh: values.fresh,
    data: resolve(values.data),
  };
}

function wholeNumber(name: string, value: string): number {
  if (!/^\d{1,9}$/.test(value)) {
    throw new Error(`--${name} must be a whole number from 0 to 999999999, got '${value}'`);
  }
  return Number(value);
}

function checkInput(folder: string): void {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new Error(`--input must be a folder, got '${folder}'`);
  }
  if (!INPUT_FILES.some((file) => existsSync(join(folder, file)))) {
    throw new Error(`--input must hold at least one of ${INPUT_FILES.join(', ')}, found none in '${folder}'`);
  }
}
