import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCloudAssembly, type StoredStack } from '../../../../tools/assembly/cloud-assembly';
import { retainedIn } from '../../../../tools/assembly/retained';
import { temporaryFolder } from '../../../support/temporary';

let assembly: string;
let stacks: readonly StoredStack[];
beforeAll(() => {
  assembly = temporaryFolder('assembly');
  const write = (file: string, content: unknown) => writeFileSync(join(assembly, file), JSON.stringify(content));
  const type = 'aws:cloudformation:stack';
  write('p-network.template.json', { Resources: { Vpc: { Type: 'AWS::EC2::VPC' } } });
  write('p-storage.template.json', {
    Resources: {
      Lake: { Type: 'AWS::S3::Bucket', DeletionPolicy: 'Retain' },
      Topic: { Type: 'AWS::MSK::Topic', DeletionPolicy: 'RetainExceptOnCreate' },
      Logs: { Type: 'AWS::Logs::LogGroup', DeletionPolicy: 'Delete' },
    },
  });
  write('manifest.json', {
    artifacts: {
      'p-network': { type, properties: { templateFile: 'p-network.template.json' } },
      'p-storage': { type, properties: { templateFile: 'p-storage.template.json', terminationProtection: true } },
      Tree: { type: 'cdk:tree' },
    },
  });
  stacks = readCloudAssembly(assembly).stacks;
});

describe('a cloud assembly', () => {
  it('has one stack per template', () => {
    expect(stacks.map(({ name }) => name).sort()).toEqual(['p-network', 'p-storage']);
    expect(stacks.map(({ file }) => file)).toContain(join(assembly, 'p-network.template.json'));
  });

  it('states which resources outlive their stack', () => {
    expect(retainedIn(stacks).map(({ stack, logicalId }) => `${stack} ${logicalId}`)).toEqual([
      'p-storage Lake',
      'p-storage Topic',
    ]);
  });

  it('states which stacks are protected', () => {
    expect(stacks.filter(({ terminationProtection }) => terminationProtection).map(({ name }) => name)).toEqual([
      'p-storage',
    ]);
  });
});
