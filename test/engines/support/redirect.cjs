/**
 * Loaded before a function's code: sends connections to this machine that no environment variable redirects. Certificates are still
 * verified for AWS's names.
 */
const dns = require('node:dns');
const tls = require('node:tls');

const { KEYSPACES_PORT, ANSWERS_PORT, ANSWERS_HOST } = process.env;
const HERE = '127.0.0.1';
const KEYSPACES = `cassandra.${process.env.AWS_REGION}.amazonaws.com`;

const { resolve4 } = dns;
dns.resolve4 = (host, ...rest) => (host === KEYSPACES ? rest.at(-1)(null, [HERE]) : resolve4(host, ...rest));

const { connect } = tls;
tls.connect = (first, ...rest) => {
  // The Cassandra driver: port, address, options.
  if (['9142', 9142].includes(first)) return connect(Number(KEYSPACES_PORT), HERE, ...rest.slice(1));
  if (first.host === ANSWERS_HOST || first.servername === ANSWERS_HOST) {
    return connect({ ...first, host: HERE, port: Number(ANSWERS_PORT), servername: ANSWERS_HOST }, ...rest);
  }
  return connect(first, ...rest);
};
