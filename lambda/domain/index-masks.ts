/** A mask of sections for each post's index, in typed arrays: a Map of as many posts takes three times the memory. */
import { randomInt } from 'node:crypto';
import { type SectionMask } from './merge';

const FIRST_CAPACITY = 64;
/** No post's index is negative. */
const FREE = -1;

export class IndexMasks {
  size = 0;
  private indexes = new Float64Array(FIRST_CAPACITY).fill(FREE);
  private masks = new Uint16Array(FIRST_CAPACITY);
  /** Nobody can choose indexes that collide. */
  private readonly seed = randomInt(0x1_0000_0000);

  /** Of memory. */
  get bytes(): number {
    return this.indexes.byteLength + this.masks.byteLength;
  }

  /** 0 if there is none. */
  get(index: number): SectionMask {
    return this.masks[this.place(index)];
  }

  add(index: number, mask: SectionMask): void {
    const place = this.place(index);
    if (this.indexes[place] === FREE) {
      this.indexes[place] = index;
      this.size++;
    }
    this.masks[place] |= mask;
    if (this.size * 2 > this.indexes.length) this.grow();
  }

  /** Of the index, or the free one where it belongs. */
  private place(index: number): number {
    const { indexes } = this;
    const last = indexes.length - 1;
    let hash = Math.imul((index ^ this.seed) | 1, 0x9e3779b1) ^ Math.imul(index ^ this.seed, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15) ^ Math.floor(index / 0x1_0000_0000), 0xc2b2ae35) ^ this.seed;
    hash ^= hash >>> 13;
    for (let place = hash & last; ; place = (place + 1) & last) {
      if (indexes[place] === index || indexes[place] === FREE) return place;
    }
  }

  private grow(): void {
    const { indexes, masks } = this;
    this.indexes = new Float64Array(indexes.length * 2).fill(FREE);
    this.masks = new Uint16Array(indexes.length * 2);
    for (let place = 0; place < indexes.length; place++) {
      if (indexes[place] === FREE) continue;
      const into = this.place(indexes[place]);
      this.indexes[into] = indexes[place];
      this.masks[into] = masks[place];
    }
  }
}
