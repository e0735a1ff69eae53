import { Duration } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { type Construct } from 'constructs';
import { acknowledge } from '../rules/acknowledge';
import { removalPolicy } from './removal';

/** The bucket from which Airflow takes its DAGs. It holds copies of this repository only, so it always goes with its stack. */
export function dagBucket(scope: Construct, id: string): Bucket {
  const bucket = new Bucket(scope, id, {
    // MWAA refuses a bucket that is not versioned or not closed to the public.
    versioned: true,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    lifecycleRules: [
      { id: 'expire-noncurrent', noncurrentVersionExpiration: Duration.days(30), expiredObjectDeleteMarker: true },
    ],
    removalPolicy: removalPolicy({ removal: 'destroy' }),
    autoDeleteObjects: true,
  });
  acknowledge(
    bucket,
    'Copies of DAGs that are in version control; MWAA looks at them all the time, and each look would be a line',
    'AwsSolutions-S1',
  );
  return bucket;
}
