/** The cost model repeats facts of the templates: these tests compare them. */
import { interfaceEndpoints, MEMORY_MB, MINIMUM_POLLERS } from '../../../../tools/cost/functions';
import { synthesize, type Templates } from '../../../support/synth';

describe('the synthesized stacks', () => {
  let templates: Templates;
  beforeAll(() => {
    templates = synthesize({ stage: 'prod' });
  });

  const resources = (type: string) => templates.all.flatMap((template) => Object.values(template.findResources(type)));

  test('have the functions with the memory that is priced', () => {
    const found = resources('AWS::Lambda::Function').map(({ Properties }) => Properties);
    for (const [step, memory] of Object.entries(MEMORY_MB)) {
      const description = DESCRIPTIONS[step as keyof typeof MEMORY_MB];
      const matching = found.filter(({ Description }) => String(Description).startsWith(description));
      expect(matching.map(({ MemorySize }) => [step, MemorySize])).toEqual([[step, memory]]);
    }
  });

  test('have the interface endpoints and pollers that are priced', () => {
    const interfaces = resources('AWS::EC2::VPCEndpoint').filter(
      (each) => each.Properties.VpcEndpointType === 'Interface',
    );
    expect(interfaces).toHaveLength(interfaceEndpoints(templates.config));
    const sources = resources('AWS::Lambda::EventSourceMapping').map((each) => each.Properties.ProvisionedPollerConfig);
    expect(sources.map(({ MinimumPollers }) => MinimumPollers)).toEqual([MINIMUM_POLLERS, MINIMUM_POLLERS]);
  });

  test('have no key or WAF without a price', () => {
    for (const type of ['AWS::KMS::Key', 'AWS::WAFv2::WebACL']) {
      expect([type, resources(type).length]).toEqual([type, 0]);
    }
  });
});

const DESCRIPTIONS: Readonly<Record<keyof typeof MEMORY_MB, string>> = {
  ingest: 'Writes posts of HTTP requests to the topic',
  archive: 'Writes the topic to the raw log',
  aggregate: 'Appends the posts of the topic to the log',
  seal: 'Fixes the offset ranges',
  compact: 'Compacts the raw log of an interval',
  publish: 'Writes batch views and roll-ups to the store',
  reconcile: 'Computes the difference between the layers',
  query: 'Query API: batch views',
  canary: 'Sends a control record through both layers',
};
