import type { Params } from "./params.ts";
import type { Hash, Seat } from "./primitives.ts";

/** One seat of a registry. A vacant seat has no key and no weight: it keeps the others' indices stable. */
export interface RegistryEntry {
  /** Identity in ValidatorRegistry; 0 for a vacant seat. */
  readonly validatorId: number;
  /** Compressed BLS12-381 G1 key, 48 bytes; empty for a vacant seat. Possession was proved to the contracts. */
  readonly key: Uint8Array;
  /** The same key uncompressed, x | y, 96 bytes, as the snapshot's hash covers it; empty for a vacant seat. */
  readonly keyBytes: Uint8Array;
  /** Counted stake in whole AITBC (caps applied when the contracts sealed it). */
  readonly stake: bigint;
}

/** R_e: what the contracts sealed (protocol.md section 1). Immutable; identified by `root`, the contracts' `snapshotHash`. */
export interface Registry {
  readonly root: Hash;
  /** By seat; seats below `authorities` are the authorities. */
  readonly entries: readonly RegistryEntry[];
  readonly authorities: number;
  /** Authority seats whose weight is 0 although they hold a seat (jailed, below bond, no RESTART). */
  readonly suspended: ReadonlySet<Seat>;
  /** Seats that Balanced seats: V_e in Balanced, W_e in Fast and Balanced. */
  readonly backing: ReadonlySet<Seat>;
  readonly params: Params;
}
