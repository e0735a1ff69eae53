import { Duration } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { type Construct } from 'constructs';
import { acknowledge } from '../rules/acknowledge';
import { removalPolicy } from './removal';

/** The S3 bucket from which Airflow reads its DAGs. It contains only copies of this repository, so it is deleted with its stack. */
export function dagBucket(scope: Construct, id: string): Bucket {
  const bucket = new Bucket(scope, id, {
    // MWAA rejects a bucket that is not versioned or does not block public access.
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
    'Copies of DAGs that are in version control; MWAA reads them all the time, and each read would be logged',
    'AwsSolutions-S1',
  );
  return bucket;
}
