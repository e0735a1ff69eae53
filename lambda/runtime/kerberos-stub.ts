/**
 * In the place of `kerberos`, which the Cassandra driver requires if a program logs in by GSSAPI. Keyspaces knows no such login. The
 * error is what the driver expects of a package that is not installed.
 */
throw Object.assign(new Error("Cannot find module 'kerberos'"), { code: 'MODULE_NOT_FOUND' });

export {};
