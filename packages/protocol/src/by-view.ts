/**
 * An immutable map from views, ascending. There are few of them above the final one, and lists of few entries are
 * copied faster than hash tables.
 */
export class ByView<V> implements ReadonlyMap<number, V> {
  readonly #views: readonly number[];
  readonly #values: readonly V[];

  private constructor(views: readonly number[], values: readonly V[]) {
    this.#views = views;
    this.#values = values;
  }

  static empty<V>(): ByView<V> {
    return new ByView<V>([], []);
  }

  get size(): number {
    return this.#views.length;
  }

  /** Where `view` is, or would be. */
  #place(view: number): number {
    const views = this.#views;
    let low = 0;
    let high = views.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (views[middle]! < view) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  get(view: number): V | undefined {
    const place = this.#place(view);
    return this.#views[place] === view ? this.#values[place] : undefined;
  }

  has(view: number): boolean {
    return this.#views[this.#place(view)] === view;
  }

  with(view: number, value: V): ByView<V> {
    const place = this.#place(view);
    const values = this.#values.slice();
    if (this.#views[place] === view) {
      values[place] = value;
      return new ByView(this.#views, values);
    }
    const views = this.#views.slice();
    views.splice(place, 0, view);
    values.splice(place, 0, value);
    return new ByView(views, values);
  }

  /** What is at or above `view`. */
  from(view: number): ByView<V> {
    const place = this.#place(view);
    return place === 0 ? this : new ByView(this.#views.slice(place), this.#values.slice(place));
  }

  keys(): MapIterator<number> {
    return this.#views.values() as MapIterator<number>;
  }

  values(): MapIterator<V> {
    return this.#values.values() as MapIterator<V>;
  }

  *entries(): MapIterator<[number, V]> {
    for (let i = 0; i < this.#views.length; i++) yield [this.#views[i]!, this.#values[i]!];
  }

  [Symbol.iterator](): MapIterator<[number, V]> {
    return this.entries();
  }

  forEach(callback: (value: V, view: number, map: ReadonlyMap<number, V>) => void): void {
    this.#views.forEach((view, i) => {
      callback(this.#values[i]!, view, this);
    });
  }
}
