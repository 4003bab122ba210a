import type { Millis, Mode } from "./primitives.ts";

/** A value per mode. */
export type PerMode<T> = Readonly<Record<Mode, T>>;

/**
 * The parameters sealed with a registry: `snapshotHash` covers them, so all validators of an epoch use the same
 * (protocol.md section 1, "Configuration"). The order of the fields is the order of their encoding (docs/encodings.md).
 */
export interface Params {
  /** Blocks in an epoch. */
  readonly epochLength: PerMode<number>;
  /** Blocks between checkpoints inside an epoch. */
  readonly checkpointInterval: PerMode<number>;
  /** Least time between a block's stamp and its parent's. */
  readonly blockTime: PerMode<Millis>;
  /** Network bound Δ including verification and the durable write. */
  readonly delta: PerMode<Millis>;
  /** Views a term has in Fast (K); one elsewhere. */
  readonly termViews: number;
  /** How far a term's proposals may run ahead of the last notarization held. */
  readonly ahead: number;
  /** Fast only: how long blocks may go on without a backed checkpoint. */
  readonly lease: Millis;
  /** All modes: how long blocks may go on without a checkpoint accepted on the settlement chain. */
  readonly settleLease: Millis;
  /** How long a settlement block must have been final before a leader names it. */
  readonly refLag: Millis;
  /** Settlement blocks on top that count as final; 0: the chain's own finalized tag. */
  readonly settleDepth: number;
  /** How far a stamp may lie beyond the own clock. */
  readonly drift: Millis;
  /** A block names the state root this many blocks back. */
  readonly rootLag: number;
  /** Bytes of transactions a block may order. */
  readonly maxBlockBytes: number;
  /** Views in which a leader may still carry a late vote. */
  readonly voteWindow: number;
}
