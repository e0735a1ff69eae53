import { type Entry, describe as written, living, parseRecord, rowsOf } from '../../tools/rehearsal/record';

function entry(event: Entry['event'], logicalId: string, more: Partial<Entry> = {}): Entry {
  return {
    event,
    stack: 'p-dev-storage',
    type: 'AWS::S3::Bucket',
    logicalId,
    physicalId: logicalId.toLowerCase(),
    maker: 'native',
    changed: null,
    ...more,
  };
}

describe('the record of an emulator', () => {
  it("does not contain CDK's bootstrapping", () => {
    const lines = [entry('create', 'A'), entry('create', 'B', { stack: 'CDKToolkit' })];
    const text = `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`;
    expect(parseRecord(text).map(({ logicalId }) => logicalId)).toEqual(['A']);
  });

  it('has one row per type, by name, with its effect, its maker, and what it lacks by the table of types', () => {
    const rows = rowsOf([
      entry('create', 'Source', { type: 'AWS::Lambda::EventSourceMapping' }),
      entry('create', 'Empty', { type: 'Custom::S3AutoDeleteObjects' }),
      entry('create', 'Files', { type: 'Custom::CDKBucketDeployment', maker: 'fake' }),
      entry('create', 'Lake'),
      entry('create', 'One', { type: 'AWS::Cassandra::Table', maker: 'stub' }),
      entry('create', 'Two', { type: 'AWS::Cassandra::Table', maker: 'stub' }),
      entry('update', 'Two', { type: 'AWS::Cassandra::Table', maker: 'stub' }),
    ]);
    expect(rows.map(({ type, count, outcome, how }) => `${count} ${type}: ${outcome} ${how}`)).toEqual([
      '2 AWS::Cassandra::Table: accepted without effect properties checked against the schema, nothing more',
      '1 AWS::Lambda::EventSourceMapping: accepted without effect by MiniStack; Kafka is never polled',
      '1 AWS::S3::Bucket: created by MiniStack; nothing expires or changes its storage class',
      "1 Custom::CDKBucketDeployment: created by this project's fake",
      '1 Custom::S3AutoDeleteObjects: created by its function',
    ]);
  });

  it('contains the living resources: created or a replacement, and not deleted', () => {
    const entries = [
      entry('create', 'A'),
      entry('create', 'B'),
      entry('replace', 'B', { physicalId: 'b2' }),
      entry('delete', 'B'),
      entry('create', 'C'),
      entry('delete', 'C'),
      entry('create', 'A', { stack: 'p-dev-network' }),
    ];
    expect(living(entries).map(({ stack, physicalId }) => `${stack} ${physicalId}`)).toEqual([
      'p-dev-storage a',
      'p-dev-storage b2',
      'p-dev-network a',
    ]);
  });

  it('describes a change in one line', () => {
    expect(written(entry('update', 'A', { changed: ['Tags', 'BucketName'] }))).toBe(
      'A (AWS::S3::Bucket): Tags, BucketName',
    );
    expect(written(entry('replace', 'A'))).toBe('replace A (AWS::S3::Bucket)');
  });
});
