/** What a warm function remembers, by name, of at most so many keys of views together: what was set longest ago goes first. */
export class Entries<T> {
  private readonly entries = new Map<string, { readonly value: T; readonly keys: number }>();
  private keys = 0;

  constructor(private readonly maxKeys: number) {}

  get(name: string): T | undefined {
    return this.entries.get(name)?.value;
  }

  delete(name: string): void {
    this.keys -= this.entries.get(name)?.keys ?? 0;
    this.entries.delete(name);
  }

  /** @param keys how many it has. An entry of too many is gone at once */
  set(name: string, value: T, keys: number): void {
    this.delete(name);
    this.entries.set(name, { value, keys });
    this.keys += keys;
    for (const oldest of this.entries.keys()) {
      if (this.keys <= this.maxKeys) break;
      this.delete(oldest);
    }
  }
}
