import { type Block, type Hash, hashOf, type VoteBody } from "@aitbc-hybrid/protocol";

/** All blocks that anybody proposed, by names that say how they came about. */
export class Blocks {
  readonly #blocks = new Map<Hash, Block>();
  readonly #names = new Map<Hash, string>();

  remember(block: Block, name: string): void {
    const hash = hashOf(block);
    this.#blocks.set(hash, block);
    this.#names.set(hash, name);
  }

  /** Names a block that nobody proposed. */
  name(hash: Hash, name: string): void {
    this.#names.set(hash, name);
  }

  get(hash: Hash): Block | undefined {
    return this.#blocks.get(hash);
  }

  nameOf(hash: Hash): string | undefined {
    return this.#names.get(hash);
  }

  /** A vote in words. */
  say({ kind, view, parentView, blockHash }: VoteBody): string {
    return kind === "nullify" ? `X${view}` : `${kind} ${view}<-${parentView} ${this.#names.get(blockHash)}`;
  }

  /** True if some of these blocks neither descends from another nor the other way round. */
  contradict(final: readonly Hash[]): boolean {
    const chainOf = (hash: Hash): Set<Hash> => {
      const chain = new Set<Hash>([hash]);
      for (let block = this.#blocks.get(hash); block !== undefined; ) {
        chain.add(block.header.parentHash);
        block = this.#blocks.get(block.header.parentHash);
      }
      return chain;
    };
    return final.some((a, i) => final.slice(0, i).some((b) => !chainOf(a).has(b) && !chainOf(b).has(a)));
  }
}
