import fc from 'fast-check';
import { ByteReader, ByteWriter } from '../../../../lambda/formats/bytes';

const { MAX_SAFE_INTEGER: MAX } = Number;
const EDGES = [0, 1, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 51 - 1, 2 ** 51, MAX];

const value = fc.oneof(
  fc.record({
    kind: fc.constant('unsigned' as const),
    of: fc.oneof(fc.constantFrom(...EDGES), fc.nat(), fc.maxSafeNat()),
  }),
  fc.record({
    kind: fc.constant('difference' as const),
    of: fc.oneof(fc.constantFrom(...EDGES, ...EDGES.map((edge) => 0 - edge)), fc.maxSafeInteger()),
    from: fc.oneof(fc.constantFrom(0, MAX, -MAX), fc.maxSafeInteger()),
  }),
  fc.record({ kind: fc.constant('text' as const), of: fc.string({ unit: 'grapheme' }) }),
);

describe('bytes', () => {
  it('are those of JSON.stringify where a text is written as a JSON string', () => {
    // Each ASCII character, so each escape; then whatever Unicode has.
    const ascii = String.fromCharCode(...Array.from({ length: 128 }, (_, code) => code));
    const unicode = fc.string({
      unit: fc.oneof(fc.constantFrom(...ascii), fc.string({ unit: 'binary', minLength: 1 })),
    });
    fc.assert(
      fc.property(fc.oneof(fc.constant(ascii), unicode), fc.string({ unit: 'grapheme' }), (text, before) => {
        const writer = new ByteWriter(1);
        writer.utf8(before);
        writer.jsonString(Buffer.from(text));
        writer.utf8('\n');
        expect(writer.bytes().toString('utf8')).toBe(`${before}${JSON.stringify(text)}\n`);
      }),
    );
  });

  it('give back what was written, in order, at any size', () => {
    fc.assert(
      fc.property(fc.array(value), (values) => {
        const writer = new ByteWriter(1);
        for (const each of values) {
          if (each.kind === 'unsigned') writer.unsigned(each.of);
          else if (each.kind === 'difference') writer.difference(each.from, each.of);
          else writer.text(each.of);
        }
        const reader = new ByteReader(writer.bytes());
        for (const each of values) {
          if (each.kind === 'unsigned') expect(reader.unsigned()).toBe(each.of);
          // A difference of 0 from -0 is 0.
          else if (each.kind === 'difference') expect(reader.difference(each.from)).toBe(each.of + 0);
          else expect(reader.text()).toBe(each.of);
        }
        expect(reader.finished()).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('take one for small numbers, as protobuf has it', () => {
    const writer = new ByteWriter();
    writer.unsigned(300);
    writer.difference(0, -1);
    expect([...writer.bytes()]).toEqual([0xac, 0x02, 0x01]);
  });

  it('that end too early are an error', () => {
    expect(() => new ByteReader(Buffer.of(0x80)).unsigned()).toThrow('bytes end at 1, in the middle of a value');
    expect(() => new ByteReader(Buffer.of(5, 65)).text()).toThrow('5 bytes at 1 exceed the 2 bytes there are');
  });
});
