import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { MAX_BLOB_BYTES, pack, unpack } from '../../../../lambda/formats/blob';

const tooLarge = (bytes: number) => `${bytes} bytes`;

test('what was packed is unpacked; equal contents give equal bytes; the first byte is the version', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 0, max: 255 }), (bytes, version) => {
      const blob = pack(version, Buffer.from(bytes), tooLarge);
      expect(blob[0]).toBe(version);
      expect(Uint8Array.from(unpack(version, blob, 'it'))).toEqual(bytes);
      expect(pack(version, Buffer.from(bytes), tooLarge)).toEqual(blob);
    }),
  );
});

test('another version is an error before anything is decompressed', () => {
  expect(() => unpack(2, Buffer.from([1, 0]), 'the blob')).toThrow('the blob must have version 2, got 1');
  expect(() => unpack(2, Buffer.alloc(0), 'the blob')).toThrow('the blob must have version 2, got an empty blob');
});

test('the limit counts the version and the compressed bytes', () => {
  expect(pack(1, Buffer.alloc(5 * MAX_BLOB_BYTES), tooLarge).length).toBeLessThan(1_000);
  const incompressible = randomBytes(MAX_BLOB_BYTES);
  expect(() => pack(1, incompressible, tooLarge)).toThrow(/^92\d{4} bytes$/);
  expect(pack(1, incompressible.subarray(0, MAX_BLOB_BYTES - 100), tooLarge).length).toBeLessThanOrEqual(
    MAX_BLOB_BYTES,
  );
});
