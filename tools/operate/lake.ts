/** The lake for operators. Functions of the pipeline may not delete, so their port has no `delete`. */
import { DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { connectS3, type ObjectStore } from '../../lambda/aws/s3';

export interface OperatorLake extends Pick<ObjectStore, 'get' | 'put' | 'list' | 'download'> {
  /** A missing key is not an error. The previous version can be restored until the lifecycle deletes it. */
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
