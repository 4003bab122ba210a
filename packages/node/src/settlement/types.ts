import type {
  Activation,
  Certificate,
  CheckpointCertificate,
  ContractsReading,
  Evidence,
  Genesis,
  Hash,
  Header,
  Hex,
  InboxEntry,
  Millis,
  ReferenceReading,
  Registry,
  RestartVote,
  SettlementReference,
  Signal,
} from "@aitbc-hybrid/protocol";
import type { AcceptedUnder, LightAnchor, SignedDomain } from "@aitbc-hybrid/sdk";

/** A block of the settlement chain that the own client shows final (or `settleDepth` deep). */
export interface SettlementBlock extends SettlementReference {
  /** Its timestamp, ms since 1970 (whole seconds on most chains). */
  readonly stamp: Millis;
}

/** Highest checkpoint the contracts accepted, as read at the latest final settlement block (level `settled`). */
export interface SettledCheckpoint {
  readonly height: number;
  readonly blockHash: Hash;
}

/** What the contracts say about the chain's life, as read at one final settlement block. */
export interface ContractsView {
  readonly reading: ContractsReading;
  /** Every recovery that was ever activated, in order. */
  readonly activations: readonly Activation[];
}

/** What the contracts say about a validator: a slashed one must not be restarted by a supervisor. */
export type Standing = "unknown" | "active" | "jailed" | "slashed" | "exited";

/** Parameters of the sealed registry that decide which settlement blocks count. */
export interface SettlementRules {
  /** How long a settlement block must have been final before a leader names it, ms. */
  readonly refLag: Millis;
  /** Blocks on top that make one final; 0: the chain's own finalized tag. */
  readonly settleDepth: number;
}

/** Kinds of transactions that a node sends. */
export type Duty =
  | "checkpoint"
  | "seal"
  | "accrual"
  | "evidence"
  | "penalty"
  | "recovery"
  | "certificate"
  | "restart"
  | "activation"
  | "leak"
  | "return";

/** What is asked of the contracts' inbox at a reference. */
export interface InboxQuestion {
  /** The first entry not consumed yet. */
  readonly from: number;
  /** Age at which an entry is due, ms. */
  readonly forceAfter: Millis;
}

/** Stops a subscription. */
export type Unsubscribe = () => void;

/**
 * What the node reads from the settlement chain (protocol.md section 1, "Settlement reference"). Everything that waits
 * may take as long as the chain does; the node never blocks a vote on anything but `reading` of a new reference.
 * Rejections carry a sentence for the operator; the caller keeps working and asks again.
 */
export interface Settlement {
  /** The genesis the contracts recorded at `start`. Rejects while `start` was not called. */
  genesis(): Promise<Genesis>;

  /** Rules of the registry in force; called at start and at each epoch. */
  follow(rules: SettlementRules): void;

  /** Highest block shown final now, from memory; null before the first was read. */
  latestFinal(): SettlementBlock | null;

  /** Highest block that has been final for `refLag`, which a leader may name; from memory. */
  nameable(): SettlementBlock | null;

  /**
   * What the contracts say at a settlement block, of the inbox from an entry on: null if the own client does not show that very block (number and
   * hash) final yet. `candidate` of the reading is N_{candidateEpoch}'s snapshot hash, null if not sealed there.
   */
  reading(
    reference: SettlementReference,
    candidateEpoch: number,
    inbox: InboxQuestion,
  ): Promise<ReferenceReading | null>;

  /**
   * The transactions of entries that a reading showed due, the first of which has the number `from`: what a leader puts
   * into its block. Rejects if they cannot be had.
   */
  forced(from: number, entries: readonly InboxEntry[]): Promise<readonly Uint8Array[]>;

  /** The sealed snapshot with this root; rejects if the contracts do not know it (yet). `epoch` is one it serves. */
  registry(root: Hash, epoch: number): Promise<Registry>;

  /**
   * The backing of a checkpoint accepted lately, as whoever posted it gave it to the contracts; null if that cannot be
   * told. `under`: what it is verified under.
   */
  accepted(height: number, under: AcceptedUnder): Promise<CheckpointCertificate | null>;

  /**
   * Where a node that joins follows the chain from: the epoch before the contracts' present one, as they recorded it;
   * null in epoch 0. Its stamp is that of the last checkpoint accepted.
   */
  anchor(): Promise<LightAnchor | null>;

  /** Highest checkpoint accepted, from memory; null: none yet. */
  settled(): SettledCheckpoint | null;

  /** What recoveries are decided by, at the latest final block, from memory; null before the first was read. */
  contracts(): ContractsView | null;

  /** A validator's standing by its compressed BLS key. */
  standing(key: Uint8Array): Promise<Standing>;

  /** Called whenever `latestFinal` (and with it `settled` and `contracts`) may have changed. */
  onFinal(listener: (block: SettlementBlock) => void): Unsubscribe;

  /** Final blocks name these settlement blocks; if one leaves the chain, `onReverted` reports it (the node halts). */
  watch(reference: SettlementReference): void;
  onReverted(listener: (reference: SettlementReference) => void): Unsubscribe;

  /** False while the chain cannot be reached: `/ready` and metrics. */
  reachable(): boolean;

  /** Ends polling and subscriptions. */
  close(): Promise<void>;
}

/** The own READY of an epoch and a day. */
export type Ready = Extract<Signal, { readonly kind: "ready" }>;

/** A RESTART or its block's certificate, to be posted to the recovery that is open. */
export interface Held {
  readonly certificate: Certificate;
  /** Of the block that it certifies. */
  readonly header: Header;
}

/** What a node holds of the epoch that it is in, for whoever posts RESTARTs. */
export interface RecoveryWork {
  readonly epoch: number;
  readonly registry: Registry;
  /** R_(e+1); null while it was not read. */
  readonly registryNext: Registry | null;
  /** RESTARTs of others, verified. */
  readonly restarts: readonly RestartVote[];
}

/**
 * Transactions a validator owes the contracts; its operator account pays them. Calls return at once: rotation among
 * validators, time-outs, retries and "somebody else already did it" are the implementation's.
 */
export interface Duties {
  /** A checkpoint of this chain is backed: post it, in the order of heights. Called again for old ones after a restart. */
  checkpoint(certificate: CheckpointCertificate, registry: Registry): void;

  /** Epoch `epoch` began under `registry`: seal candidates that are due. */
  epoch(epoch: number, registry: Registry): void;

  /**
   * Accrues the rewards of epochs whose boundary is accepted, one after the other. `vectorOf` tells the participation
   * vector of one: null or another than the boundary committed to while this node does not have the epoch whole.
   */
  accruals(vectorOf: (epoch: number) => Promise<Uint8Array | null>): void;

  /**
   * Two statements that no key may sign both; posted unless already punished. `domainOf` tells what a domain hash in it
   * stands for, `registry` is the one its seats are of.
   */
  evidence(evidence: Evidence, domainOf: (domain: Hash) => SignedDomain, registry: Registry): void;

  /** N or F of the epoch under recovery: posted within grace, unless a higher one is. */
  certificate(held: Held, registry: Registry): void;

  /** The own RESTART, with its block's certificate if that has to be posted too: posted after grace. */
  restart(vote: RestartVote, held: Held | null): void;

  /** The own READY: an authority that a recovery left out counts again by it. */
  ready(signal: Ready, registry: Registry): void;

  /** Where the duties look for what else they need in a recovery. */
  recoveries(work: () => RecoveryWork): void;

  /** Called for every transaction of this node that the settlement chain included (for logs and metrics). */
  onIncluded(
    listener: (event: {
      readonly what: Duty;
      readonly transaction: Hex;
      readonly gasUsed: bigint;
      readonly succeeded: boolean;
    }) => void,
  ): Unsubscribe;

  close(): Promise<void>;
}
