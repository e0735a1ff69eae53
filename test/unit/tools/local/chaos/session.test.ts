import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { flow } from '../../../../../tools/local/chaos/session';
import { type GeneratedPost } from '../../../../../tools/loadgen/generate';

const OPTIONS = { posts: 60, rate: 0, seed: 1 };

/** The keys of what flows until it is over, which is after so many at the earliest. */
function keysUntil(some: Generator<GeneratedPost>, most: number): string[] {
  const keys: string[] = [];
  for (const { key } of some) {
    keys.push(key);
    if (keys.length === most) break;
  }
  return keys;
}

test('all posts that are asked for flow, though the faults are over before', () => {
  expect(
    keysUntil(
      flow(OPTIONS, () => true),
      1_000,
    ),
  ).toHaveLength(60);
});

test('further posts flow until the faults are over', () => {
  const keys = keysUntil(
    flow(OPTIONS, () => false),
    150,
  );
  expect(new Set(keys).size).toBe(150);
});

test('posts of files flow again and again until the faults are over', () => {
  const input = mkdtempSync(join(tmpdir(), 'flow-'));
  try {
    const lines = [7, 8, 9].map((index) => `{"index":${index},"category":"art"}\n`);
    writeFileSync(join(input, 'pin.jsonl'), lines.join(''));
    expect(
      keysUntil(
        flow({ ...OPTIONS, input }, () => true),
        1_000,
      ),
    ).toEqual(['7', '8', '9']);
    expect(
      keysUntil(
        flow({ ...OPTIONS, input }, () => false),
        7,
      ),
    ).toEqual(['7', '8', '9', '7', '8', '9', '7']);
  } finally {
    rmSync(input, { recursive: true });
  }
});
