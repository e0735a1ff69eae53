/** The lake as an operator has it: no function of the pipeline may delete, so deleting is not in their port. */
import { DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { connectS3, type ObjectStore } from '../../lambda/aws/s3';

export interface OperatorLake extends Pick<ObjectStore, 'get' | 'put' | 'list' | 'download'> {
  /** A key that is not there is no error. The version before can be brought back until the lifecycle takes it. */
  delete(key: string): Promise<void>;
}

export function connectLake(bucket: string, client: S3Client = new S3Client({})): OperatorLake {
  return {
    ...connectS3(bucket, client),
    async delete(key) {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    },
  };
}
