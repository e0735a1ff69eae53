import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findJava, javaMajor } from '../../../../tools/engines/java.cjs';

describe('the major version of a Java', () => {
  it.each([
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['openjdk version "21" 2023-09-19', 21],
    ['java version "1.8.0_402"', 8],
    ['openjdk version "25.0.2-ea" 2026-01-20', 25],
    ['Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "23.0.1"', 23],
  ])('is read from: %s', (output, major) => {
    expect(javaMajor(output)).toBe(major);
  });

  it('is unknown when the output has none', () => {
    expect(javaMajor('command not found')).toBeUndefined();
  });
});

describe('findJava', () => {
  const folder = mkdtempSync(join(tmpdir(), 'java-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** A Java home whose `java` prints that version. */
  function pretend(version: string): string {
    const home = join(folder, version);
    mkdirSync(join(home, 'bin'), { recursive: true });
    writeFileSync(
      join(home, 'bin', 'java'),
      `#!/bin/sh\necho "    java.home = ${home}" >&2\necho 'openjdk version "${version}"' >&2\n`,
    );
    chmodSync(join(home, 'bin', 'java'), 0o755);
    return home;
  }

  it('prefers ENGINES_JAVA_HOME to any other', () => {
    const home = pretend('21.0.2');
    const other = pretend('17.0.1');
    expect(findJava({ ENGINES_JAVA_HOME: home, JAVA_HOME: other })).toEqual({
      command: join(home, 'bin', 'java'),
      home,
      major: 21,
    });
  });

  it.each(['24.0.1', '11.0.2'])('tries the next one when Java %s does not run Cassandra', (version) => {
    const rejected = pretend(version);
    const accepted = pretend('23.0.2');
    expect(findJava({ ENGINES_JAVA_HOME: rejected, JAVA_HOME: accepted }).home).toBe(accepted);
  });

  it('tries the next one when ENGINES_JAVA_HOME does not exist', () => {
    const accepted = pretend('17.0.9');
    expect(findJava({ ENGINES_JAVA_HOME: join(folder, 'nothing'), JAVA_HOME: accepted }).major).toBe(17);
  });
});
