import { awsAccount } from '../../../tools/preflight/aws';
import { REGION } from '../support/shared-engines';
import { useCassandra } from './fixture';

/** The one question that goes over CQL; all others are tested over HTTP. */
describe('the partitioner', () => {
  const fixture = useCassandra('preflight_test');
  const before = { ...process.env };
  afterEach(() => {
    process.env = { ...before };
  });

  it('is read by CQL, as the role that functions have', async () => {
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_KEYSPACES: fixture.current().cassandra.endpointUrl,
      AWS_ACCESS_KEY_ID: 'key',
      AWS_SECRET_ACCESS_KEY: 'secret',
    });
    await expect(awsAccount(REGION).partitioner()).resolves.toBe('org.apache.cassandra.dht.Murmur3Partitioner');
  });
});
