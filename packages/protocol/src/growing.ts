/** What versions of one growing map share: entries in the order they came, of which each version sees the first ones. */
interface Trunk<K, V> {
  readonly keys: K[];
  readonly values: V[];
  readonly places: Map<K, number>;
}

/**
 * An immutable map that is made larger one entry at a time: `with` takes constant time for the newest version, whatever
 * its size. Older versions stay what they were; one of them that grows another way is copied.
 */
export class Growing<K, V> implements ReadonlyMap<K, V> {
  readonly #trunk: Trunk<K, V>;
  readonly size: number;

  private constructor(trunk: Trunk<K, V>, size: number) {
    this.#trunk = trunk;
    this.size = size;
  }

  static of<K, V>(entries: ReadonlyMap<K, V>): Growing<K, V> {
    const trunk: Trunk<K, V> = { keys: [], values: [], places: new Map() };
    entries.forEach((value, key) => {
      push(trunk, key, value);
    });
    return new Growing(trunk, trunk.keys.length);
  }

  static empty<K, V>(): Growing<K, V> {
    return Growing.of(new Map());
  }

  #place(key: K): number {
    const place = this.#trunk.places.get(key);
    return place !== undefined && place < this.size ? place : -1;
  }

  get(key: K): V | undefined {
    const place = this.#place(key);
    return place < 0 ? undefined : this.#trunk.values[place];
  }

  has(key: K): boolean {
    return this.#place(key) >= 0;
  }

  with(key: K, value: V): Growing<K, V> {
    const trunk = this.#trunk;
    // What is held already changes in a copy, and so does a version that has grown another way.
    if (this.size === 0 || trunk.keys.length !== this.size || trunk.places.has(key))
      return Growing.of(new Map(this).set(key, value));
    push(trunk, key, value);
    return new Growing(trunk, this.size + 1);
  }

  without(key: K): Growing<K, V> {
    if (!this.has(key)) return this;
    const left = new Map(this);
    left.delete(key);
    return Growing.of(left);
  }

  *keys(): MapIterator<K> {
    for (let i = 0; i < this.size; i++) yield this.#trunk.keys[i]!;
  }

  *values(): MapIterator<V> {
    for (let i = 0; i < this.size; i++) yield this.#trunk.values[i]!;
  }

  *entries(): MapIterator<[K, V]> {
    for (let i = 0; i < this.size; i++) yield [this.#trunk.keys[i]!, this.#trunk.values[i]!];
  }

  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries();
  }

  forEach(callback: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    for (let i = 0; i < this.size; i++) callback(this.#trunk.values[i]!, this.#trunk.keys[i]!, this);
  }
}

function push<K, V>(trunk: Trunk<K, V>, key: K, value: V): void {
  trunk.places.set(key, trunk.keys.length);
  trunk.keys.push(key);
  trunk.values.push(value);
}
