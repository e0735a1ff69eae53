import fc from 'fast-check';
import { decodeHead, encodeHead, FIRST_HEAD, speedSchema, type SpeedHead } from '../../../../lambda/formats/speed-head';
import { CANARY_VIEW, findView, VIEWS } from '../../../../lambda/domain/views';

const HOUR = 3_600_000;
const SCHEMA = speedSchema(VIEWS, 60);
const HEAD: SpeedHead = { ...FIRST_HEAD, foldedTo: 9, interval: 5 * HOUR };

const heads: fc.Arbitrary<SpeedHead> = fc.record({
  foldedTo: fc.maxSafeNat(),
  interval: fc.nat(2 ** 30),
  asOf: fc.nat(2 ** 45),
  closed: fc.nat(2 ** 30),
  runs: fc.array(fc.record({ tier: fc.nat(9), from: fc.maxSafeNat(), to: fc.maxSafeNat() })),
  remembered: fc.array(fc.nat(2 ** 30)),
  wholeFrom: fc.nat(2 ** 30),
});

describe('the head of a partition', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(heads, (head) => {
        expect(decodeHead(head.foldedTo, encodeHead(head, SCHEMA), SCHEMA)).toEqual(head);
      }),
    );
  });

  it('of another list of views is whole from the interval after it on', () => {
    const stored = encodeHead({ ...HEAD, wholeFrom: 2 * HOUR }, speedSchema(VIEWS.slice(1), 60));
    expect(decodeHead(9, stored, SCHEMA)).toEqual({ ...HEAD, wholeFrom: 6 * HOUR });
  });

  it('of another interval length is rejected, with how to deploy', () => {
    const stored = encodeHead(HEAD, speedSchema(VIEWS, 30));
    expect(() => decodeHead(9, stored, SCHEMA)).toThrow('deploy with -c intervalMinutes=30');
  });

  it('of another version is rejected', () => {
    const stored = Buffer.concat([Buffer.of(7), encodeHead(HEAD, SCHEMA).subarray(1)]);
    expect(() => decodeHead(9, stored, SCHEMA)).toThrow('the head of a partition must have version 1, got 7');
  });
});

describe('what is stored', () => {
  it('does not depend on the order of the views', () => {
    const { views, ...schema } = SCHEMA;
    expect(speedSchema([...VIEWS].reverse(), 60)).toMatchObject(schema);
    expect(views).toEqual([...VIEWS, CANARY_VIEW]);
  });

  it('has the columns that views read, and of posts that wait those of views that read several sections', () => {
    const views = [findView('posts_by_minute')!, findView('top_poster_by_country')!];
    expect(speedSchema(views, 60)).toMatchObject({
      columns: ['arrival_minute', 'country', 'follower_count', 'poster_name'],
      waiting: ['country', 'follower_count', 'poster_name'],
    });
  });
});
