/** Mutations of the templates. */
import { type Drafts } from '../../../../support/review';

export const CLUSTER = 'AWS::MSK::Cluster';
export const TOPIC = 'AWS::MSK::Topic';
export const FUNCTION = 'AWS::Lambda::Function';
export const SOURCE = 'AWS::Lambda::EventSourceMapping';
export const SPARK = 'AWS::EMRServerless::Application';
export const AIRFLOW = 'AWS::MWAA::Environment';
export const BUCKET = 'AWS::S3::Bucket';
export const ROWS = 'AWS::Cassandra::Table';
export const KEYSPACE = 'AWS::Cassandra::Keyspace';

export type Mutate = (drafts: Drafts) => void;
export const set =
  (type: string, prefix: string, path: string, value: unknown): Mutate =>
  (drafts) =>
    drafts.set(type, prefix, path, value);

/** Description, the rules that find it at which resource as in `known.ts`, and the mutation. */
export type Mutations = readonly (readonly [string, string, Mutate])[];
