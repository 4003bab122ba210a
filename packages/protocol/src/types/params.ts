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
  /** Age at which an entry of the settlement chain's inbox must be included (section 9). */
  readonly forceAfter: Millis;
  /** Bytes of such entries a block includes before it may stop. */
  readonly forceQuota: number;
  /** Governance's request: the wanted mode is never less secure than this; 0 Fast, 1 Balanced, 2 Secure. */
  readonly modeFloor: number;
  /** Load below which Fast may be entered. Loads and availabilities are millionths (section 6). */
  readonly fastEntryLoad: number;
  /** Load above which Fast is left. */
  readonly fastExitLoad: number;
  /** Availability of the authorities above which Fast may be entered. */
  readonly fastEntryAvailability: number;
  /** Availability of the authorities below which Fast is left. */
  readonly fastExitAvailability: number;
  /** Availability of the authorities below which Secure is wanted. */
  readonly secureAvailability: number;
  /** Epochs that a mode lasts at least. */
  readonly residency: number;
  /** Load that capacity and load multiplier are steered to. */
  readonly targetLoad: number;
  /** Most that capacity and load multiplier change in an epoch, millionths of what they are. */
  readonly capacityStep: number;
  /** Capacity of a block never falls below; it never rises above `maxBlockBytes`. */
  readonly minBlockBytes: number;
  /** Value moved in an epoch, in millionths of the supply, above which Secure is wanted; 0: not looked at. */
  readonly valueLimit: number;
  /** Days for which a READY of a standby seat may be carried. */
  readonly readyDays: number;
}
