import { type Block, type Hash, hashOf, paramsAt } from "@aitbc-hybrid/protocol";
import type { Domain } from "./types.ts";

/** The tree of the model's blocks, and what the reducer's leaders made of them. A block's name is the model's number. */
export class Blocks {
  readonly #blocks = new Map<Hash, Block>();
  readonly #names = new Map<Hash, string>();
  readonly #parents = new Map<number, number>();

  propose(block: number, parent: number): void {
    this.#parents.set(block, parent);
  }

  remember(block: Block, name: string): void {
    const hash = hashOf(block);
    this.#blocks.set(hash, block);
    this.name(hash, name);
  }

  /** Names a block that no leader of these made. */
  name(hash: Hash, name: string): void {
    this.#names.set(hash, name);
  }

  nameOf(hash: Hash): string | undefined {
    return this.#names.get(hash);
  }

  blockOf(hash: Hash): Block | undefined {
    return this.#blocks.get(hash);
  }

  parentOf(block: number): number {
    return this.#parents.get(block)!;
  }

  /** Names of the blocks from the first one up to this one. */
  chainTo(block: number): string[] {
    const chain: string[] = [];
    for (let at = block; at !== 0; at = this.parentOf(at)) chain.unshift(`${at}`);
    return chain;
  }

  heightOf(block: number): number {
    return this.chainTo(block).length;
  }

  /** True for the last block of an epoch. */
  isLast(domain: Domain, block: number): boolean {
    const length = paramsAt(domain.registry, domain.mode).epochLength;
    let height = 0;
    for (let at = block; at !== domain.root && at !== 0; at = this.parentOf(at)) height++;
    return height === length;
  }
}
