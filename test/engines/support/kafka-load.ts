/** What brings a broker to its knees: more requests than its threads can answer, and memory that is asked for and not used. */
import { connect, type Socket } from 'node:net';
import { platform } from 'node:os';
import { Worker } from 'node:worker_threads';
import { CompressionTypes, type ISocketFactory, Kafka, logLevel } from 'kafkajs';

const PRODUCE = 0;
/** Few bytes to send and to keep, many to unpack and to check. */
const RECORDS = 2_000;
const RECORD = '0'.repeat(5_000);
const MEGABYTE = 1024 * 1024;
const POLL_MS = 250;

function connectTo(broker: string): Socket {
  const [host, port] = broker.split(':');
  return connect({ host, port: Number(port) }).on('error', () => undefined);
}

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
    const messages = Array.from({ length: RECORDS }, () => ({ value: RECORD }));
    await producer.send({ topic, acks: 1, compression: CompressionTypes.GZIP, messages });
  } finally {
    await producer.disconnect();
  }
  // After four bytes of length comes the kind of request.
  return requests.find((bytes) => bytes.readInt16BE(4) === PRODUCE)!;
}

/** Keeps the request handlers of a broker busy: the same batch again and again, on so many connections. */
export async function flood(broker: string, topic: string, connections: number): Promise<() => void> {
  const request = await produceRequest(broker, topic);
  const sockets = Array.from({ length: connections }, () => {
    const socket = connectTo(broker);
    const send = () => {
      while (!socket.destroyed && socket.write(request));
    };
    return socket.on('drain', send).on('connect', send).resume();
  });
  return () => sockets.forEach((socket) => socket.destroy());
}

/** Keeps so many cores busy, with the time that nothing else wants: Linux has a priority for each thread. */
export function occupy(cores: number): () => Promise<unknown> {
  const work = platform() === 'linux' ? "require('node:os').setPriority(19); for (;;);" : 'for (;;);';
  const workers = Array.from({ length: cores }, () => new Worker(work, { eval: true }));
  return () => Promise.all(workers.map((worker) => worker.terminate()));
}

/** Of a Java machine at one moment: shares of its heap, and seconds that it has collected garbage for. */
interface Reading {
  readonly at: number;
  readonly heapUsed: number;
  readonly collecting: number;
}

async function read(exporter: string): Promise<Reading> {
  const lines = (await (await fetch(`http://${exporter}/metrics`)).text()).split('\n');
  const sum = (name: string) =>
    lines.filter((line) => line.startsWith(name)).reduce((total, line) => total + Number(line.split(' ')[1]), 0);
  const heap = (what: string) => sum(`java_lang_Memory_HeapMemoryUsage_${what} `);
  return { at: Date.now(), heapUsed: heap('used') / heap('max'), collecting: sum('jvm_gc_collection_seconds_sum') };
}

/** What is seen in the readings of the last seconds, 0 to 1. */
type Pressure = (recent: readonly Reading[]) => number;

/** The least of the heap that was used: what stays when garbage is collected. */
export const heapKept: Pressure = (recent) => Math.min(...recent.map(({ heapUsed }) => heapUsed));

/** Of the time, how much of it garbage was collected. */
export const timeCollecting: Pressure = (recent) => {
  const [first, last] = [recent[0], recent.at(-1)!];
  return last.at === first.at ? 0 : (1_000 * (last.collecting - first.collecting)) / (last.at - first.at);
};

const READINGS = 10;

/**
 * Takes a broker's memory until the pressure is between two bounds, and keeps it there: requests are announced that never
 * come, for each of which a broker sets memory aside before its first byte.
 */
export function squeeze(
  { plainBrokers, exporter }: { readonly plainBrokers: string; readonly exporter?: string },
  pressure: Pressure,
  [least, most]: readonly [number, number],
): () => void {
  const announced: Socket[] = [];
  let recent: Reading[] = [];
  let looking = false;
  const announce = () => {
    const header = Buffer.alloc(4);
    header.writeInt32BE(MEGABYTE);
    const socket = connectTo(plainBrokers);
    socket.write(header);
    announced.push(socket);
  };
  const look = async () => {
    recent = [...recent.slice(1 - READINGS), await read(exporter!)];
    const now = pressure(recent);
    // The last steps are small: what was announced is seen some readings later.
    if (now < least) for (let i = heapKept(recent) < 0.7 ? 4 : 1; i > 0; i--) announce();
    else if (now > most) announced.pop()?.destroy();
  };
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void look()
      .catch(() => undefined)
      .finally(() => (looking = false));
  }, POLL_MS);
  return () => {
    clearInterval(timer);
    announced.forEach((socket) => socket.destroy());
  };
}
