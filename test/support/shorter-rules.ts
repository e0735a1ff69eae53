/**
 * The deployed rules with their times divided: what takes minutes in production takes seconds in a test. Names, thresholds and
 * all else stay; a name that tells a time (`rate5m`) keeps it.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ruleFiles } from '../../tools/local/run/monitoring';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 };

function divided(duration: string, by: number): string {
  const [, count, unit] = /^(\d+)([smh])$/.exec(duration)!;
  const milliseconds = Math.round((Number(count) * SECONDS[unit] * 1_000) / by);
  return milliseconds % 1_000 === 0 ? `${milliseconds / 1_000}s` : `${milliseconds}ms`;
}

/** @param yaml of a rule file: `for: 5m` and ranges like `[5m]` are divided */
export const shorterRules = (yaml: string, by: number): string =>
  yaml
    .replace(/^(\s*for: )(\d+[smh])$/gm, (_, before: string, duration: string) => before + divided(duration, by))
    .replace(/\[(\d+[smh])\]/g, (_, duration: string) => `[${divided(duration, by)}]`);

/** The deployed rule files, in a new folder. @returns the files */
export function writeShorterRules(folder: string, by: number): string[] {
  mkdirSync(folder);
  return ruleFiles().map((file) => {
    const short = join(folder, basename(file));
    writeFileSync(short, shorterRules(readFileSync(file, 'utf8'), by));
    return short;
  });
}
