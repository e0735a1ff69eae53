/** Faults on the way to S3. Clients repeat a request twice, so with these shares some fail for good. */
import { type Mishap } from '../lake-proxy';
import { type Fault } from '../fault';

const onTheWay = (name: string, what: string, shares: Readonly<Partial<Record<Mishap, number>>>): Fault => ({
  name,
  what,
  seconds: 20,
  recovered: 'published',
  strike: async ({ lake }) => {
    lake.set(shares);
    return async () => lake.set({});
  },
});

export const LAKE_FAULTS: readonly Fault[] = [
  onTheWay(
    'lake-errors',
    'S3 responds with 5xx to half of the requests, to some of them although it did what they ask',
    {
      rejected: 0.25,
      failedLate: 0.25,
    },
  ),
  onTheWay('lake-slow', 'S3 responds to half of the requests after one to four seconds', { slow: 0.5 }),
  onTheWay('lake-torn', 'connections to S3 break in the middle of an upload or download, or before the response', {
    torn: 0.25,
    unanswered: 0.25,
  }),
];
