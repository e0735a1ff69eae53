import { contentOf } from '../../observability/grafana';
import {
  boardsProblem,
  CHANGE,
  unexpectedChanges,
  unexpectedMakers,
  unexpectedRemains,
} from '../../tools/rehearsal/checks';
import { reasonOf } from '../../tools/rehearsal/cdk';
import { DEPLOYED } from '../../tools/kit/options';
import { parseOptions } from '../../tools/rehearsal/options';
import { type Entry } from '../../tools/rehearsal/record';
import { formatChecks, unsupportedTypes } from '../../tools/rehearsal/report';
import { loadConfig } from '../../lib/config';

const entry = (more: Partial<Entry>): Entry => ({
  event: 'update',
  stack: 'p-dev-processing',
  type: 'AWS::Lambda::EventSourceMapping',
  logicalId: 'StepsArchivePosts509880A7',
  physicalId: 'id-1',
  maker: 'native',
  changed: ['MaximumBatchingWindowInSeconds'],
  ...more,
});

const EXPECTED = ['StepsArchivePosts (AWS::Lambda::EventSourceMapping): MaximumBatchingWindowInSeconds'];

describe('a change of the configuration', () => {
  it('has no problem if it changes the expected resources, whatever the hash of the logical id', () => {
    expect(unexpectedChanges([entry({})], EXPECTED)).toBe('');
    expect(unexpectedChanges([entry({ logicalId: 'StepsArchivePosts00000000' })], EXPECTED)).toBe('');
  });

  it('names each unexpected and each missing change', () => {
    const other = entry({ logicalId: 'KafkaPosts', type: 'AWS::MSK::Topic', event: 'replace', changed: ['TopicName'] });
    expect(unexpectedChanges([other], EXPECTED)).toBe(
      `also replace KafkaPosts (AWS::MSK::Topic): TopicName; not ${EXPECTED[0]}`,
    );
  });

  it.each(DEPLOYED)('changes each of its keys in stage %s', (stage) => {
    const was = loadConfig({ stage });
    const is = loadConfig({ stage, ...CHANGE.keys });
    for (const key of Object.keys(CHANGE.keys) as (keyof typeof was)[]) expect(is[key]).not.toBe(was[key]);
  });
});

describe('the maker of each resource', () => {
  const created = (type: string, maker: Entry['maker']) => entry({ event: 'create', type, maker });

  it('has no problem if the table of types agrees', () => {
    const entries = [created('AWS::S3::Bucket', 'native'), created('Custom::GrafanaContent', 'native')];
    expect(unexpectedMakers([...entries, created('AWS::MSK::Cluster', 'fake')])).toBe('');
  });

  it('names a type for which the table differs, and one that it lacks', () => {
    const entries = [created('AWS::MSK::Topic', 'native'), created('AWS::MSK::Topic', 'native')];
    expect(unexpectedMakers([...entries, created('AWS::New::Type', 'stub')])).toBe(
      'AWS::MSK::Topic is native, the table states stub; AWS::New::Type is stub, the table states missing',
    );
  });
});

describe('the remains of a deleted app', () => {
  const bucket = entry({ stack: 'p-prod-storage', type: 'AWS::S3::Bucket', logicalId: 'Lake', physicalId: 'lake-1' });

  it('have no problem if the templates retain them', () => {
    expect(unexpectedRemains([], [], [])).toBe('');
    expect(unexpectedRemains([bucket], ['p-prod-storage Lake'], ['s3 lake-1'])).toBe('');
  });

  it('name resources that should be gone, that should exist, and that no stack knows', () => {
    expect(unexpectedRemains([bucket], ['p-prod-storage Keyspace'], ['s3 lake-1', 'logs /aws/lambda/x'])).toBe(
      'p-prod-storage Lake is still there; p-prod-storage Keyspace is gone; logs /aws/lambda/x is left, and no stack knows it',
    );
  });
});

describe("Grafana's content", () => {
  const { dashboards, ruleGroups, folder } = contentOf('', {});
  const whole = {
    boards: new Map(
      dashboards.map((each) => [String(each['uid']), { folderUid: folder.uid, dashboard: { version: 1 } }]),
    ),
    groups: new Map(ruleGroups.map((each) => [`${folder.uid}/${String(each['title'])}`, each])),
    leftBehind: [],
  };

  it('has no problem if it is every board and every rule group', () => {
    expect(whole.boards.size).toBeGreaterThan(5);
    expect(whole.groups.size).toBeGreaterThan(0);
    expect(boardsProblem(whole)).toBe('');
  });

  it('names a missing board, an extra board, and a token that was left behind', () => {
    const [first, ...others] = whole.boards;
    const boards = new Map([...others, ['strange', first[1]] as const]);
    expect(boardsProblem({ ...whole, boards, leftBehind: ['pipeline-boards'] })).toBe(
      `${first[0]} is missing; strange is unexpected; pipeline-boards was left behind`,
    );
  });
});

describe('the reason of a failure', () => {
  const reason = (output: string) => reasonOf({ code: 1, output });

  it('is the first resource that failed, in one line', () => {
    const output = [
      'p-dev-storage |  1/23 | CREATE_COMPLETE | AWS::Logs::LogGroup | Logs',
      'p-dev-storage |  2/23 | CREATE_FAILED   | AWS::Cassandra::Table   | Views/Boundary there is no keyspace',
      'p-dev-storage |  2/23 | CREATE_FAILED   | AWS::MSK::Topic | Kafka/Posts cancelled',
      '❌  p-dev-storage failed to deploy',
    ].join('\n');
    expect(reason(output)).toBe(
      'p-dev-storage | 2/23 | CREATE_FAILED | AWS::Cassandra::Table | Views/Boundary there is no keyspace',
    );
  });

  it('is the message of CDK if no resource failed, and the exit code without any output', () => {
    expect(reason('a\n❌  p-dev-network failed: broken\nlast')).toBe('❌ p-dev-network failed: broken');
    expect(reason('first\nlast\n\n')).toBe('last');
    expect(reason('')).toBe('exit code 1');
  });
});

describe('the report', () => {
  it('states for each check whether it holds, and its problem', () => {
    expect(formatChecks([{ name: 'one', problem: '' }])).toBe('  ok    one');
    expect(formatChecks([{ name: 'two', problem: 'broken' }])).toBe('  FAIL  two: broken');
  });

  it('names the types that the emulator rejected', () => {
    const problem = 'Template format error: Unrecognized resource types: [AWS::A::B, AWS::C::D]';
    expect(unsupportedTypes([{ name: 'deploy', problem }])).toEqual(['AWS::A::B', 'AWS::C::D']);
    expect(unsupportedTypes([{ name: 'deploy', problem: 'broken' }])).toEqual([]);
  });
});

describe('the command line', () => {
  it('deploys dev by default', () => {
    expect(parseOptions([])).toEqual({ stage: 'dev', settings: [], results: undefined });
    expect(parseOptions(['--stage', 'prod'])).toMatchObject({ stage: 'prod' });
  });

  it('passes settings on unchanged', () => {
    const settings = ['kms=customer', 'brokers=4'];
    expect(parseOptions(settings.flatMap((each) => ['-c', each]))).toMatchObject({ settings });
  });

  it.each(['kms', 'kms=', '=customer'])("rejects '-c %s' in one line", (setting) => {
    expect(() => parseOptions(['-c', setting])).toThrow(`-c must be key=value, got '${setting}'`);
  });

  it('accepts the stage by --stage only', () => {
    expect(() => parseOptions(['-c', 'stage=prod'])).toThrow("-c must not set stage, got 'stage=prod': use --stage");
  });

  it.each(['local', 'staging'])("names the allowed stages instead of '%s'", (stage) => {
    expect(() => parseOptions(['--stage', stage])).toThrow(/^--stage must be one of dev, lean, prod, got '\w+'$/);
  });
});
