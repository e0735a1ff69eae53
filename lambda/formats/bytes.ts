/**
 * Bytes in and out: variable-length integers of 7 bits a byte, lowest first, negative ones zigzag-coded. Exact for every
 * integer a JS number holds exactly.
 * @see https://protobuf.dev/programming-guides/encoding/#varints
 */

/** Beyond this, twice a number or the difference of two may not be exact: BigInt takes over. */
const COMFORTABLE = 2 ** 51;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;

/** For each byte what follows the backslash in JSON; 0 for those that need none. */
const ESCAPES = Uint8Array.from({ length: 256 }, (_, byte) => {
  const escaped = JSON.stringify(String.fromCharCode(byte)).slice(1, -1);
  return byte < 0x80 && escaped.length > 1 ? escaped.charCodeAt(1) : 0;
});

export class ByteWriter {
  private buffer: Buffer;
  private end = 0;

  constructor(capacity = 1024) {
    this.buffer = Buffer.allocUnsafe(capacity);
  }

  private room(bytes: number): void {
    if (this.end + bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.end + bytes));
    this.buffer.copy(larger, 0, 0, this.end);
    this.buffer = larger;
  }

  /** @param value 0 … 2^53 - 1 */
  unsigned(value: number): void {
    this.room(8);
    // Bit operators are 32 bits wide, so the upper part is divided.
    while (value >= 0x80000000) {
      this.buffer[this.end++] = (value % 128) | 0x80;
      value = Math.floor(value / 128);
    }
    while (value >= 0x80) {
      this.buffer[this.end++] = (value & 0x7f) | 0x80;
      value >>>= 7;
    }
    this.buffer[this.end++] = value;
  }

  /** Each as {@link unsigned}. */
  unsignedOnes(values: Uint32Array): void {
    this.room(5 * values.length);
    const { buffer } = this;
    let end = this.end;
    for (let i = 0; i < values.length; i++) {
      let value = values[i];
      for (; value >= 0x80; value >>>= 7) buffer[end++] = (value & 0x7f) | 0x80;
      buffer[end++] = value;
    }
    this.end = end;
  }

  /** `value - previous`, where both are safe integers. */
  difference(previous: number, value: number): void {
    if (Math.abs(previous) < COMFORTABLE && Math.abs(value) < COMFORTABLE) {
      const change = value - previous;
      this.unsigned(change < 0 ? -2 * change - 1 : 2 * change);
      return;
    }
    const change = BigInt(value) - BigInt(previous);
    let rest = change < 0n ? -2n * change - 1n : 2n * change;
    this.room(10);
    for (; rest >= 0x80n; rest >>= 7n) this.buffer[this.end++] = Number(rest & 0x7fn) | 0x80;
    this.buffer[this.end++] = Number(rest);
  }

  /** Length, then UTF-8. */
  text(value: string): void {
    const bytes = Buffer.byteLength(value);
    this.unsigned(bytes);
    this.room(bytes);
    this.end += this.buffer.write(value, this.end);
  }

  /** UTF-8 without its length. */
  utf8(value: string): void {
    // At most three bytes a UTF-16 unit: to count them takes longer than to have room.
    this.room(3 * value.length);
    this.end += this.buffer.write(value, this.end);
  }

  /**
   * A text as a JSON string, byte for byte what `JSON.stringify` of it gives, without making a string first.
   * @param text its UTF-8, which must be valid
   */
  jsonString(text: Uint8Array): void {
    this.room(6 * text.length + 2);
    const { buffer } = this;
    let end = this.end;
    buffer[end++] = QUOTE;
    for (let i = 0; i < text.length; i++) {
      const byte = text[i];
      const escape = ESCAPES[byte];
      if (escape === 0) {
        buffer[end++] = byte;
      } else {
        buffer[end++] = BACKSLASH;
        buffer[end++] = escape;
        if (escape === LETTER_U) end += buffer.write(`00${byte.toString(16).padStart(2, '0')}`, end);
      }
    }
    buffer[end++] = QUOTE;
    this.end = end;
  }

  bytes(): Buffer {
    return this.buffer.subarray(0, this.end);
  }
}

/** Reads what {@link ByteWriter} wrote. Throws RangeError when the bytes end too early. */
export class ByteReader {
  private at = 0;

  constructor(private readonly buffer: Buffer) {}

  private byte(): number {
    if (this.at >= this.buffer.length) throw new RangeError(`bytes end at ${this.at}, in the middle of a value`);
    return this.buffer[this.at++];
  }

  unsigned(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let factor = 128; ; factor *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  difference(previous: number): number {
    let low = 0;
    let factor = 1;
    // Seven groups are 49 bits, exact in a number; what is longer is read as BigInt.
    for (let groups = 0; groups < 7; groups++, factor *= 128) {
      const byte = this.byte();
      low += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        const change = low % 2 === 0 ? low / 2 : -(low + 1) / 2;
        return Math.abs(previous) < COMFORTABLE ? previous + change : Number(BigInt(previous) + BigInt(change));
      }
    }
    let value = BigInt(low);
    for (let shift = 49n; ; shift += 7n) {
      const byte = this.byte();
      value += BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    const change = value % 2n === 0n ? value / 2n : -(value + 1n) / 2n;
    return Number(BigInt(previous) + change);
  }

  /** So many numbers, each below 2^32. */
  unsignedOnes(count: number): Uint32Array {
    const values = new Uint32Array(count);
    const { buffer } = this;
    for (let i = 0; i < count; i++) {
      // Past the end it is undefined, which is not smaller.
      if (buffer[this.at] < 0x80) values[i] = buffer[this.at++];
      else values[i] = this.unsigned();
    }
    return values;
  }

  /** Passes over so many numbers. */
  skip(count: number): void {
    let left = count;
    while (left > 0) if (this.byte() < 0x80) left--;
  }

  bytes(length: number): Buffer {
    if (this.at + length > this.buffer.length) {
      throw new RangeError(`${length} bytes at ${this.at} exceed the ${this.buffer.length} bytes there are`);
    }
    this.at += length;
    return this.buffer.subarray(this.at - length, this.at);
  }

  text(): string {
    return this.bytes(this.unsigned()).toString('utf8');
  }

  /** Passes over a text. @returns where it is */
  pass(): number {
    const place = this.at;
    this.bytes(this.unsigned());
    return place;
  }

  /** @param place of {@link pass} */
  textAt(place: number): string {
    const before = this.at;
    this.at = place;
    const text = this.text();
    this.at = before;
    return text;
  }

  finished(): boolean {
    return this.at === this.buffer.length;
  }
}
