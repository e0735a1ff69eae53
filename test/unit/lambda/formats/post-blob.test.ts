import fc from 'fast-check';
import { columnOf, SECTIONS, type ColumnName } from '../../../../lambda/domain/columns';
import { CodedColumn, PostColumns } from '../../../../lambda/domain/post-columns';
import { VIEWS } from '../../../../lambda/domain/views';
import { MAX_BLOB_BYTES, packParts, unpackParts } from '../../../../lambda/formats/blob';
import { ByteWriter } from '../../../../lambda/formats/bytes';
import { decodePosts, encodePosts, type PostBlob } from '../../../../lambda/formats/post-blob';
import { speedSchema } from '../../../../lambda/formats/speed-head';

const NAMES: readonly ColumnName[] = speedSchema(VIEWS, 60).columns;
const isInteger = (name: ColumnName) => ['int', 'long'].includes(columnOf(name).type);

const text: fc.Arbitrary<string | number> = fc.string({ unit: 'grapheme' });
const integer: fc.Arbitrary<string | number> = fc.oneof(
  fc.maxSafeInteger(),
  fc.nat(50),
  fc.tuple(fc.integer({ min: -999, max: 999 }), fc.nat(4)).map(([digits, thousands]) => digits * 1000 ** thousands),
);
const row = fc.record({
  index: fc.maxSafeNat(),
  known: fc.integer({ min: 1, max: 7 }),
  news: fc.integer({ min: 1, max: 7 }),
  values: fc.tuple(...NAMES.map((name) => fc.option(isInteger(name) ? integer : text))),
});
const blobs: fc.Arbitrary<PostBlob> = fc
  .tuple(fc.array(row, { maxLength: 20 }), fc.array(fc.tuple(fc.string(), fc.nat(2 ** 45))), fc.string())
  .map(([rows, canaries, views]) => {
    const posts = PostColumns.of(NAMES);
    for (const { index, known, news, values } of rows) {
      posts.index.push(index);
      posts.known.push(known);
      posts.news.push(news);
      NAMES.forEach((name, i) => posts.columns.get(name)!.codes.push(posts.columns.get(name)!.codeOf(values[i])));
    }
    return { views, posts, canaries: new Map(canaries) };
  });

/** All of it as plain values. */
const plain = ({ views, posts, canaries }: PostBlob) => ({
  ...{ views, canaries, index: posts.index.all, known: posts.known.all, news: posts.news.all },
  columns: [...posts.columns].map(([name, column]) => [
    name,
    Array.from(column.codes.all, (_, at) => column.valueAt(at)),
  ]),
});

/** A blob with the sections and columns of another version: one post, of which each column has one text. */
function written(sections: readonly string[], mask: number, columns: readonly string[]): Buffer {
  const [keys, texts, codes] = [new ByteWriter(64), new ByteWriter(64), new ByteWriter(64)];
  keys.text('views');
  keys.unsigned(sections.length);
  for (const section of sections) keys.text(section);
  keys.unsigned(0);
  keys.unsigned(columns.length);
  for (const name of columns) {
    keys.text(name);
    keys.unsigned(0);
    keys.unsigned(1);
    texts.text(`of ${name}`);
    codes.unsigned(1);
  }
  keys.unsigned(1);
  keys.difference(0, 5);
  keys.unsigned(mask);
  keys.unsigned(mask);
  return packParts(1, [keys.bytes(), texts.bytes(), codes.bytes()], () => 'too large');
}

describe('the blob of posts', () => {
  it('comes back as it was, and is the same for the same posts', () => {
    fc.assert(
      fc.property(blobs, (blob) => {
        const encoded = encodePosts(blob);
        const back = decodePosts(encoded);
        expect(plain(back)).toEqual(plain(blob));
        expect(encodePosts(back)).toEqual(encoded);
      }),
    );
  });

  it('passes over columns and sections that this version does not have', () => {
    const { posts } = decodePosts(written(['photo', ...SECTIONS], 0b1011, ['nickname', 'category', 'label']));
    expect([...posts.columns].map(([name, column]) => [name, column.valueAt(0)])).toEqual([
      ['category', 'of category'],
    ]);
    // The first bit was that of the other section.
    expect([posts.index, posts.known, posts.news].map(({ all }) => [...all])).toEqual([[5], [0b101], [0b101]]);
  });

  it('matches sections by name, and takes one that is not there as not known', () => {
    const { posts } = decodePosts(written(['user', 'pin'], 0b11, []));
    expect([...posts.known.all]).toEqual([0b101]);
  });

  it('takes a few bytes a post once posts are complete', () => {
    const posts = new PostColumns(new Map([['category' as const, new CodedColumn()]]));
    for (let i = 0; i < 6_000; i++) posts.push((i * 7919) % 1_000_003, 7, 7, {});
    expect(encodePosts({ views: 'v', posts, canaries: new Map() }).length).toBeLessThan(6_000 * 3.5);
  });

  it('of another version, or with more in it, is rejected', () => {
    const blob = encodePosts({ views: 'v', posts: PostColumns.of(NAMES), canaries: new Map() });
    expect(() => decodePosts(Buffer.concat([Buffer.of(7), blob.subarray(1)]))).toThrow(
      'posts of the speed layer must have version 1, got 7',
    );
    for (const longer of [0, 1, 2]) {
      const parts = unpackParts(1, blob, 'posts').map((part, i) =>
        i === longer ? Buffer.concat([part, Buffer.of(0)]) : part,
      );
      expect(() => decodePosts(packParts(1, parts, () => 'too large'))).toThrow(
        'posts of the speed layer hold more bytes than posts',
      );
    }
  });

  it('that does not fit a row is rejected with its size', () => {
    const posts = PostColumns.of(['category']);
    let seed = 1;
    const random = () => (seed = (seed * 48271) % 2147483647).toString(36);
    for (let i = 0; i < 6_000; i++) {
      posts.push(i, 1, 1, { pin: { category: Array.from({ length: 64 }, random).join('') } });
    }
    expect(() => encodePosts({ views: 'v', posts, canaries: new Map() })).toThrow(
      new RegExp(`^6000 posts take \\d+ bytes compressed, at most ${MAX_BLOB_BYTES} fit a row$`),
    );
  });
});
