import type { Check, Millis, PartsCheck } from "@aitbc-hybrid/protocol";
import type { WanMessage } from "./sizes.ts";

/**
 * What a node's work costs, ms: measured by `npm run bench -- bls`, `-- storage` and `-- reducer` (docs/simulator.md
 * says on what machine). A node does all of it on one thread, one thing after another, as packages/node does.
 */
export interface Costs {
  /** A step of the reducer, decoding included. */
  readonly step: Millis;
  /** Parsing a signature, with its subgroup check: on arrival. */
  readonly parse: Millis;
  readonly sign: Millis;
  /** One signature against a known key. */
  readonly verify: Millis;
  /** Verifying an aggregate: a pairing, and the keys to add up. */
  readonly aggregate: (keys: number) => Millis;
  /** Adding up so many signatures. */
  readonly sum: (signatures: number) => Millis;
  /** A durable write of so many records together. */
  readonly flush: (records: number) => Millis;
  /** Executing a block on top of its parent. */
  readonly execute: Millis;
}

/** Nothing costs anything: what is left is the network. */
export const FREE: Costs = {
  step: 0,
  parse: 0,
  sign: 0,
  verify: 0,
  aggregate: () => 0,
  sum: () => 0,
  flush: () => 0,
  execute: 0,
};

export const MEASURED: Costs = {
  step: 0.053,
  parse: 0.062,
  sign: 0.276,
  verify: 0.817,
  // 0.888 for 14 of 21 keys, 3.93 for 667 of 1,000.
  aggregate: (keys) => 0.82 + 0.0047 * keys,
  // 0.026 for 21, 0.115 for 100, 2.44 for 1,000.
  sum: (signatures) => 0.0025 * signatures,
  // 1.65 for one, 5.74 for a hundred in a turn.
  flush: (records) => 1.61 + 0.041 * records,
  execute: 1,
};

/** A check by the verifier. */
export function checkCost(costs: Costs, check: Check | PartsCheck): Millis {
  switch (check.what) {
    case "votes":
      return costs.sum(check.votes.length) + costs.aggregate(check.votes.length);
    case "certificate":
      return costs.aggregate(signers(check.bitmap));
    case "parts":
      return (
        costs.sum(check.parts.length) +
        costs.aggregate(check.parts.reduce((sum, { bitmap }) => sum + signers(bitmap), 0))
      );
    case "each":
      return costs.verify * check.signatures.length;
    case "all":
      return (
        costs.verify * check.signatures.length +
        check.certificates.reduce((sum, { bitmap }) => sum + costs.aggregate(signers(bitmap)), 0) +
        check.groups.reduce(
          (sum, { votes: { length } }) => sum + costs.sum(length) + costs.aggregate(length),
          0,
        )
      );
  }
}

/** What a message costs before any rule looks at it. */
export function arrivalCost(costs: Costs, message: WanMessage): Millis {
  switch (message.type) {
    case "vote":
    case "checkpointVote":
    case "signal":
    case "proposal":
      return costs.step + costs.parse;
    default:
      return costs.step;
  }
}

const counted = new WeakMap<Uint8Array, number>();

function signers(bitmap: Uint8Array): number {
  let count = counted.get(bitmap);
  if (count === undefined) {
    count = 0;
    for (let byte of bitmap) for (; byte > 0; byte &= byte - 1) count++;
    counted.set(bitmap, count);
  }
  return count;
}
