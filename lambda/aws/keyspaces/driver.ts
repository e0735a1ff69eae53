/**
 * The modules of cassandra-driver that the project uses. The driver's index also loads an object mapper and more, which is 33 KB of a
 * bundle that nobody calls.
 */
import type cassandra from 'cassandra-driver';

export type Driver = Pick<typeof cassandra, 'Client' | 'auth' | 'errors' | 'policies' | 'types'>;

/** Takes 80 ms at its first call: not at import, so code that never uses the store does not pay for it. */
export function loadDriver(): Driver {
  return {
    Client: require('cassandra-driver/lib/client') as Driver['Client'],
    auth: require('cassandra-driver/lib/auth') as Driver['auth'],
    errors: require('cassandra-driver/lib/errors') as Driver['errors'],
    policies: require('cassandra-driver/lib/policies') as Driver['policies'],
    types: require('cassandra-driver/lib/types') as Driver['types'],
  };
}
