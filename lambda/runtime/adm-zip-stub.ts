/**
 * In the place of `adm-zip`, which the Cassandra driver loads with everything else and uses for one thing: to open the bundles
 * with which DataStax Astra is reached. Keyspaces has none, and the package is a tenth of each function that talks to the store.
 */
export = class NoZip {
  constructor() {
    throw new Error('secure connect bundles are not supported');
  }
};
