import { synthesize, type Templates } from '../../support/synth';
import { render, resource } from '../../support/templates';

let dev: Templates;
beforeAll(() => {
  dev = synthesize({ stage: 'dev', viewsEngine: 'spark' });
}, 60_000);

describe('Spark', () => {
  test('is an EMR Serverless application that stops when idle and has a capacity limit', () => {
    expect(resource(dev.processing, 'AWS::EMRServerless::Application').Properties).toMatchObject({
      Type: 'SPARK',
      ReleaseLabel: 'emr-7.13.0',
      Architecture: 'ARM64',
      AutoStopConfiguration: { Enabled: true, IdleTimeoutMinutes: 5 },
      MaximumCapacity: { Cpu: '16 vCPU', Memory: '64 GB', Disk: '160 GB' },
      MonitoringConfiguration: { CloudWatchLoggingConfiguration: { Enabled: true } },
    });
  });

  test('needs no catalog: its network has no endpoint of Glue', () => {
    const { RuntimeConfiguration } = resource(dev.processing, 'AWS::EMRServerless::Application').Properties;
    expect(RuntimeConfiguration).toEqual([
      expect.objectContaining({
        Properties: expect.objectContaining({ 'spark.sql.catalogImplementation': 'in-memory' }),
      }),
    ]);
  });

  test('has a role that only this application can assume', () => {
    const { Properties } = resource(dev.processing, 'AWS::IAM::Role', 'SparkJobRole');
    expect(Properties.AssumeRolePolicyDocument).toMatchObject({
      Statement: [
        {
          Principal: { Service: 'emr-serverless.amazonaws.com' },
          Condition: {
            StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
            ArnLike: { 'aws:SourceArn': { 'Fn::GetAtt': [expect.stringMatching(/^SparkApplication/), 'Arn'] } },
          },
        },
      ],
    });
  });

  test('reads script and views from the lake, which retains the files of the previous version', () => {
    const upload = resource(dev.processing, 'Custom::CDKBucketDeployment');
    expect(upload.Properties).toMatchObject({ DestinationBucketKeyPrefix: 'jobs/', Prune: false });
    expect(render(upload.Properties.DestinationBucketName, dev.all)).toBe('{LakeBucket}');
    expect(upload.Properties.SourceObjectKeys).toHaveLength(2);
  });
});
