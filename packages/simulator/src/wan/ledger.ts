import type { Hash } from "@aitbc-hybrid/protocol";
import { named } from "../signatures.ts";

export interface Roots {
  readonly stateRoot: Hash;
  readonly receiptsRoot: Hash;
}

/** What executing a block comes to: the same at every node, hence computed once. */
export class Ledger {
  readonly #roots = new Map<Hash, Roots>();

  constructor(genesis: { readonly hash: Hash; readonly stateRoot: Hash }) {
    this.#roots.set(genesis.hash, { stateRoot: genesis.stateRoot, receiptsRoot: genesis.stateRoot });
  }

  execute(parent: Hash, hash: Hash): Roots {
    let roots = this.#roots.get(hash);
    if (roots === undefined) {
      const { stateRoot } = this.#roots.get(parent)!;
      roots = { stateRoot: named("state", stateRoot, hash), receiptsRoot: named("receipts", hash) };
      this.#roots.set(hash, roots);
    }
    return roots;
  }
}
