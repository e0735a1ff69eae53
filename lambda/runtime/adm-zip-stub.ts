/**
 * Replaces `adm-zip`, which the Cassandra driver loads at start but uses only to open the connection bundles of
 * DataStax Astra. Keyspaces has no such bundles, and the package is a tenth of each function that uses the store.
 */
export = class NoZip {
  constructor() {
    throw new Error('secure connect bundles are not supported');
  }
};
