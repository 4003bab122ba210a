import type { BlockContext } from "../engine.ts";
import { ExecutionError } from "../errors.ts";
import type { Hash } from "../ledger/index.ts";
import type { Layer } from "./layer.ts";

/** The blocks whose states are in memory: a chain of final ones and, on the last of it, branches that may become final. */
export class Branches {
  /** Final blocks whose states are kept. */
  readonly #kept: number;
  /** Executed blocks above the final one. */
  readonly #layers = new Map<Hash, Layer>();
  /** The final block and those below it whose state is kept, by height. */
  readonly #recent = new Map<number, Layer>();
  #final: Layer;
  #latest: Layer;

  constructor(final: Layer, kept: number) {
    this.#kept = kept;
    this.#final = final;
    this.#latest = final;
    this.#recent.set(final.result.height, final);
  }

  get final(): Layer {
    return this.#final;
  }

  /** The highest executed block. */
  get latest(): Layer {
    return this.#latest;
  }

  /** Number of final blocks whose states are in memory. */
  get finalKept(): number {
    return this.#recent.size;
  }

  /** An executed block above the final one. */
  above(hash: Hash): Layer | undefined {
    return this.#layers.get(hash);
  }

  /** The final block, or an executed one above it. */
  get(hash: Hash): Layer | undefined {
    return hash === this.#final.result.hash ? this.#final : this.#layers.get(hash);
  }

  /** A final block whose state is kept. */
  finalAt(height: number): Layer | undefined {
    return this.#recent.get(height);
  }

  /** @throws {ExecutionError} UNKNOWN_PARENT; BAD_HEIGHT */
  parentOf(parentHash: Hash, context: BlockContext): Layer {
    const below = this.#recent.get(context.height - 1);
    const parent = this.get(parentHash) ?? (below?.result.hash === parentHash ? below : undefined);
    if (parent === undefined) {
      throw new ExecutionError(
        "UNKNOWN_PARENT",
        `parent ${parentHash} of block ${context.hash} is not executed`,
      );
    }
    if (context.height !== parent.result.height + 1) {
      throw new ExecutionError(
        "BAD_HEIGHT",
        `height ${context.height} on a parent of height ${parent.result.height}`,
      );
    }
    return parent;
  }

  /**
   * Adds an executed layer, unless the same block was added, or its fork dropped, while it was executed.
   * @returns the layer that is there now
   * @throws {ExecutionError} UNKNOWN_PARENT
   */
  add(layer: Layer, context: BlockContext): Layer {
    const { hash, parentHash, height } = layer.result;
    const known = this.#layers.get(hash);
    if (known !== undefined) return known;
    this.parentOf(parentHash, context);
    this.#layers.set(hash, layer);
    if (height > this.#latest.result.height) this.#latest = layer;
    return layer;
  }

  /** Puts back the state of a final block below the highest. */
  bringBack(layer: Layer): void {
    this.#recent.set(layer.result.height, layer);
  }

  /** The layers above the final block that lead to one of them, that one last; none if the block is not there. */
  pathTo(hash: Hash): Layer[] {
    const path: Layer[] = [];
    for (
      let layer = this.#layers.get(hash);
      layer !== undefined;
      layer = this.#layers.get(layer.result.parentHash)
    ) {
      path.unshift(layer);
    }
    return path;
  }

  /** Makes a path from the final block final. */
  finalize(path: readonly Layer[]): void {
    for (const layer of path) {
      this.#layers.delete(layer.result.hash);
      this.#recent.set(layer.result.height, layer);
      this.#recent.delete(layer.result.height - this.#kept);
    }
    this.#final = path.at(-1)!;
    this.#dropLosers();
  }

  /** Makes a final block the highest of them again. */
  rewind(target: Layer): void {
    const { height } = target.result;
    for (const above of [...this.#recent.keys()]) if (above > height) this.#recent.delete(above);
    this.#final = target;
    this.#dropLosers();
  }

  /** Drops the layers that do not descend from the final block; they were inserted parents first. */
  #dropLosers(): void {
    for (const [hash, layer] of this.#layers) {
      if (this.get(layer.result.parentHash) === undefined) this.#layers.delete(hash);
    }
    if (this.get(this.#latest.result.hash) === this.#latest) return;
    let best = this.#final;
    for (const layer of this.#layers.values()) if (layer.result.height > best.result.height) best = layer;
    this.#latest = best;
  }
}
