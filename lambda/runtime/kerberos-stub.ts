/**
 * Replaces `kerberos`, which the Cassandra driver requires for logins by GSSAPI. Keyspaces does not support that login.
 * The error is the one that the driver expects when the package is not installed.
 */
throw Object.assign(new Error("Cannot find module 'kerberos'"), { code: 'MODULE_NOT_FOUND' });

export {};
