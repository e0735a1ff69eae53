/** The command line of `npm start`. */
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { VIEWS_ENGINES, type ViewsEngineName } from '../../../lambda/compact/core';
import { loadConfig } from '../../../lib/config';
import { flag, integer, oneOf, optional, parse, text, withDefault } from '../../kit/options';
import { ROOT } from '../../kit/root';
import { type Choice, FAULTS, parseChoice } from '../chaos/faults';
import { DEFAULT_INSTANCES, DEFAULT_SEED } from '../aws/function-host';
import { INPUT_FILES, INPUT_PATTERN } from '../../loadgen/input';

export interface RunOptions {
  /** End by itself, with an exit code, instead of staying up. */
  readonly exit: boolean;
  /** Faults that strike meanwhile. */
  readonly chaos?: Choice;
  /** File for what the faults did, absolute. */
  readonly proof?: string;
  /** Folder with files of sections to send instead of generated posts. */
  readonly input?: string;
  /** File to write the answers of all layers, the counters and the timings to. */
  readonly answers?: string;
  /** Generated posts to send; 0 sends none. */
  readonly posts: number;
  /** Posts a second; 0 is as fast as possible. */
  readonly rate: number;
  /** Of the generator and of the routing. */
  readonly seed: number;
  /** Instances of each function that share its invocations. */
  readonly instances: number;
  /** What computes the views of an interval. */
  readonly viewsEngine: ViewsEngineName;
  /** Drop the data of earlier runs. */
  readonly fresh: boolean;
  /** Folder of the run's data and logs, absolute. @default .local/data */
  readonly data: string;
}

const DEFAULT_DATA = join('.local', 'data');
const whole = (value: string, help: string) => integer(value, help, 0, 999_999_999);

export const OPTIONS = {
  posts: withDefault('2000', whole('N', 'generated posts to send')),
  rate: withDefault('0', whole('R', 'posts a second, 0 = as fast as they are accepted')),
  seed: withDefault(
    String(DEFAULT_SEED),
    whole('S', 'seed of the generator, and of the routing of invocations to instances'),
  ),
  instances: withDefault(
    String(DEFAULT_INSTANCES),
    integer('N', 'instances of each function that share its invocations at random, more while all are busy', 1, 20),
  ),
  'views-engine': withDefault(
    loadConfig({ stage: 'local' }).viewsEngine,
    oneOf('E', `what computes the views of an interval: ${VIEWS_ENGINES.join(', ')}`, VIEWS_ENGINES),
  ),
  input: optional(text('DIR', `sends DIR/${INPUT_PATTERN} instead of generated posts`, 'a folder')),
  answers: optional(text('FILE', 'writes the answers of both layers, the counters and the timings as JSON', 'a file')),
  chaos: optional({
    value: 'FAULTS',
    help: 'lets faults strike while posts flow, until all have struck: list, all, random, or names with commas between them',
    allowed: `list, all, random, or some of ${FAULTS.map(({ name }) => name).join(',')}`,
    parse: parseChoice,
  }),
  proof: optional(text('FILE', 'writes what the faults did as Markdown', 'a file')),
  fresh: flag('drops the data of earlier runs first'),
  data: withDefault(DEFAULT_DATA, text('DIR', 'folder of data and logs', 'a folder')),
  exit: flag('ends when all is through; exit 0 only if every acknowledged post is in both layers, once'),
};

/** @throws Error naming the option, its value and what is allowed */
export function parseOptions(argv: readonly string[]): RunOptions {
  const { input, answers, data, proof, 'views-engine': viewsEngine, ...values } = parse(argv, OPTIONS).values;
  if (input !== undefined) checkInput(resolve(input));
  return {
    ...{ ...values, viewsEngine },
    input: input && resolve(input),
    answers: answers && resolve(answers),
    proof: proof && resolve(proof),
    data: data === DEFAULT_DATA ? join(ROOT, data) : resolve(data),
  };
}

function checkInput(folder: string): void {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new Error(`--input must be a folder, got '${folder}'`);
  }
  if (!INPUT_FILES.some((file) => existsSync(join(folder, file)))) {
    throw new Error(`--input must hold at least one of ${INPUT_FILES.join(', ')}, found none in '${folder}'`);
  }
}
