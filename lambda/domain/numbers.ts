/** Numbers of which more are added, in a typed array: no object for a number, and nothing for the garbage collector to look at. */
export class Numbers<A extends Uint32Array | Float64Array> {
  length = 0;

  /** @param array its elements are 0; it is replaced by a larger one when it is full */
  constructor(private array: A) {}

  /** Those that were added. */
  get all(): A {
    return this.array.subarray(0, this.length) as A;
  }

  at(place: number): number {
    return this.array[place];
  }

  push(value: number): void {
    if (this.length === this.array.length) this.room(this.length + 1);
    this.array[this.length++] = value;
  }

  /** Adds zeros until there are so many. @returns where they are */
  fill(length: number): A {
    if (length > this.array.length) this.room(length);
    const added = this.array.subarray(this.length, length) as A;
    this.length = length;
    return added;
  }

  private room(length: number): void {
    const larger = new (this.array.constructor as new (size: number) => A)(Math.max(length, 2 * this.array.length));
    larger.set(this.array);
    this.array = larger;
  }
}
