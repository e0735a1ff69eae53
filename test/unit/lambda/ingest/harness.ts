/** The ingest handler over a fake Kafka, for the tests of its routes. */
import { makeHandler, type Deps } from '../../../../lambda/ingest/handler';
import { type HttpEvent } from '../../../../lambda/runtime/http';
import { type OutgoingRecord, type SendResult } from '../../../../lambda/aws/kafka/port';

export interface Setup {
  readonly sent: OutgoingRecord[];
  readonly reports: object[];
  call(event: HttpEvent): Promise<{ status: number; headers: Record<string, string>; body: Record<string, unknown> }>;
}

export interface Faults {
  /** Key of a record, the last of its request, for which the client library returns no result. */
  readonly forget?: string;
}

/**
 * A fake Kafka that stores everything in partition 2 from offset 10 on; `fail` selects the keys that it does not
 * acknowledge.
 */
export function setup(fail: (key: string | null) => boolean = () => false, { forget }: Faults = {}): Setup {
  const sent: OutgoingRecord[] = [];
  const reports: object[] = [];
  const deps: Deps = {
    send: (records) => {
      if (records.length === 0) throw new Error('send was called without records');
      return Promise.resolve(
        records
          .filter(({ key }) => forget === undefined || key !== forget)
          .map((record): SendResult => {
            if (fail(record.key)) return { ok: false, error: 'broker is away' };
            sent.push(record);
            return { ok: true, partition: 2, offset: 9 + sent.length, logAppendTime: 1 };
          }),
      );
    },
    report: (step, values) => void reports.push({ step, ...values }),
    now: () => 1000,
  };
  const handler = makeHandler(deps);
  return {
    sent,
    reports,
    async call(event) {
      const response = await handler(event);
      expect(response.headers['content-type']).toBe('application/json');
      return {
        status: response.statusCode,
        headers: response.headers,
        body: JSON.parse(response.body) as Record<string, unknown>,
      };
    },
  };
}

export function request(
  method: string,
  rawPath: string,
  body?: string,
  headers: Record<string, string> = {},
): HttpEvent {
  return { rawPath, headers, body, isBase64Encoded: false, requestContext: { stage: '$default', http: { method } } };
}
export const PIN = '{"index": 4, "category": "art", "follower_count": "2M"}';
export const GEO = '{"ind":4,"country":"Aruba","latitude":1.0}';
