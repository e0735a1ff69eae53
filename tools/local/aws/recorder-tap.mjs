/**
 * Loaded into a function's process before anything else while calls are recorded (see `recorder.ts`). It records outgoing calls:
 * HTTP from Node's diagnostics channel, Kafka and CQL from the headers of their frames. Handler and clients are not affected.
 * Plain JavaScript, because it starts without a compile step.
 *
 * It appends lines of JSON to the file CALLS_FILE, each once per process.
 */
import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';
import { Socket } from 'node:net';

const { AWS_LAMBDA_FUNCTION_NAME: caller, CALLS_FILE: file } = process.env;
const seen = new Set();

function record(call) {
  const line = JSON.stringify({ caller, ...call });
  if (seen.has(line)) return;
  seen.add(line);
  // Synchronously, because the process may be killed.
  appendFileSync(file, `${line}\n`);
}

const portOf = (variable) => Number(new URL(process.env[variable] ?? 'tcp://none:0').port);
const services = new Map([
  [portOf('AWS_ENDPOINT_URL_S3'), 's3'],
  [portOf('AWS_ENDPOINT_URL_KAFKA'), 'control'],
  [portOf('AWS_ENDPOINT_URL_CLOUDWATCH'), 'control'],
]);
const store = portOf('AWS_ENDPOINT_URL_KEYSPACES');

subscribe('http.client.response.finish', ({ request, response }) => {
  const service = services.get(Number(String(request.getHeader('host')).split(':')[1]));
  const target = request.getHeader('x-amz-target');
  record({ plane: 'http', service, method: request.method, path: request.path, status: response.statusCode, target });
});

/** Kafka: length, then the API key. @see https://kafka.apache.org/protocol.html#protocol_messages */
const kafka = {
  header: 6,
  length: (frame) => 4 + frame.readInt32BE(0),
  take: (frame) => record({ plane: 'kafka', api: frame.readInt16BE(4) }),
};

/** Version, flags, stream (2), opcode, length (4). @see https://cassandra.apache.org/doc/latest/cassandra/reference/native-protocol.html */
const cql = {
  header: 9,
  length: (frame) => 9 + frame.readInt32BE(5),
  take: (frame) => {
    const QUERY = 0x07;
    const PREPARE = 0x09;
    if (frame[4] !== QUERY && frame[4] !== PREPARE) return;
    record({ plane: 'cql', statement: frame.toString('utf8', 13, 13 + frame.readInt32BE(9)) });
  },
};

/** Bytes of an incomplete frame, by socket. */
const rests = new WeakMap();
const { write } = Socket.prototype;

Socket.prototype.write = function (chunk, ...rest) {
  const port = this.remotePort;
  if (port !== undefined && !services.has(port) && Buffer.isBuffer(chunk)) {
    const protocol = port === store ? cql : kafka;
    let bytes = Buffer.concat([rests.get(this) ?? Buffer.alloc(0), chunk]);
    while (bytes.length >= protocol.header && bytes.length >= protocol.length(bytes)) {
      const length = protocol.length(bytes);
      protocol.take(bytes.subarray(0, length));
      bytes = bytes.subarray(length);
    }
    rests.set(this, bytes);
  }
  return write.call(this, chunk, ...rest);
};
