import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { protectedIn, retainedIn, stacksOf } from '../../tools/rehearsal/assembly';

const assembly = mkdtempSync(join(tmpdir(), 'pipeline-assembly-'));
beforeAll(() => {
  const write = (file: string, content: unknown) => writeFileSync(join(assembly, file), JSON.stringify(content));
  write('p-network.template.json', { Resources: { Vpc: {} } });
  write('p-storage.template.json', {
    Resources: {
      Lake: { DeletionPolicy: 'Retain' },
      Topic: { DeletionPolicy: 'RetainExceptOnCreate' },
      Logs: { DeletionPolicy: 'Delete' },
    },
  });
  write('manifest.json', {
    artifacts: {
      'p-network': { properties: {} },
      'p-storage': { properties: { terminationProtection: true } },
      Tree: {},
    },
  });
});
afterAll(() => rmSync(assembly, { recursive: true }));

describe('a cloud assembly', () => {
  it('has a stack a template', () => {
    expect(stacksOf(assembly).sort()).toEqual(['p-network', 'p-storage']);
  });

  it('says what stays when its stack goes', () => {
    expect(retainedIn(assembly)).toEqual(['p-storage Lake', 'p-storage Topic']);
  });

  it('says which stacks are protected', () => {
    expect(protectedIn(assembly)).toEqual(['p-storage']);
  });
});
