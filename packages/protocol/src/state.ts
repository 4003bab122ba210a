import type { ByView } from "./by-view.ts";
import type { MountainRange } from "./codec/index.ts";
import type { Growing } from "./growing.ts";
import type { EpochParams } from "./params.ts";
import type { Electorate } from "./quorum.ts";
import type {
  Activation,
  Attendance,
  Block,
  Certificate,
  Checkpoint,
  CheckpointCertificate,
  CheckpointTestimony,
  CheckpointVote,
  ContractsReading,
  EpochStart,
  ExecutedRoots,
  Genesis,
  Hash,
  Message,
  Millis,
  Payload,
  Peer,
  Proposal,
  ReferenceReading,
  Registry,
  RestartBody,
  RestartVote,
  Seat,
  SettlementReference,
  Signal,
  SignalBody,
  SignIntent,
  Testimony,
  Vote,
  VoteBody,
} from "./types/index.ts";

/** What distinguishes one replica from another. */
export interface ReplicaConfig {
  readonly chainId: number;
  readonly genesis: Genesis;
  /** Own BLS key, compressed; null: a follower, which signs nothing. */
  readonly key: Uint8Array | null;
  /** Views without a vote of a leader after which it is not waited for; 0: always wait. */
  readonly skipViews: number;
  /** Δ grows at most to Δ · 2^backoffCap (rule 9). */
  readonly backoffCap: number;
  /** With more voters than this votes go through aggregators, which takes longer; left out: 100 (section 3). */
  readonly aggregateAbove?: number | undefined;
  /** Emit a `trace` effect per rule's branch, so that a harness can count them. */
  readonly trace: boolean;
}

/** What is fixed for an epoch; shared by all states of it. */
export interface EpochContext {
  readonly start: EpochStart;
  readonly domain: Hash;
  readonly registry: Registry;
  readonly electorate: Electorate;
  readonly params: EpochParams;
  readonly lastHeight: number;
  /** What the first block commits of how the epoch began. */
  readonly handover: Hash;
  readonly leader: (term: number) => Seat;
  /** Own seat if it votes on views / signs checkpoints in this epoch. */
  readonly voterSeat: Seat | null;
  readonly backerSeat: Seat | null;
}

/** A block as a vote names it. */
export interface Target {
  readonly blockHash: Hash;
  readonly parentView: number;
}

/** What the own key signed in a view: binding whether it was ever sent (section 4). Signatures are null until they come. */
export interface OwnVotes {
  readonly proposal: { readonly block: Block; readonly parentView: number } | null;
  readonly notarize: Target | null;
  readonly finalize: Target | null;
  readonly nullify: boolean;
  /** Signed votes, ready to be repeated. */
  readonly votes: readonly Vote[];
}

/** One way a signer's vote reached us; `from` null is ourselves. */
export interface Candidate {
  readonly from: Peer | null;
  readonly signature: Uint8Array;
}

/** Votes of one root, verified lazily (rule 11). */
export interface Tally<T> {
  readonly root: Hash;
  readonly subject: T;
  /** Unverified votes by signer, then sender. */
  readonly pending: Growing<Seat, readonly Candidate[]>;
  readonly verified: Growing<Seat, Uint8Array>;
  /** Weights of all signers in `pending` or `verified`. */
  readonly authorities: number;
  readonly stake: bigint;
  readonly job: number | null;
}

/** A proposal whose NOTARIZE, VRF proof and carried certificates are verified. */
export interface KnownProposal extends Target {
  readonly from: Peer | null;
  readonly signature: Uint8Array;
  /** Known to be false at every honest node: answered with NULLIFY (rule 3). */
  readonly invalid: boolean;
}

/** All that is known about one view above the final one. */
export interface ViewRecord {
  readonly view: number;
  readonly notarization: Certificate | null;
  readonly finalization: Certificate | null;
  readonly nullification: Certificate | null;
  /** Set once the view is certified (section 3). */
  readonly certified: Target | null;
  /** In order of arrival, at most two: the second is evidence. */
  readonly proposals: readonly KnownProposal[];
  readonly leaderNullified: boolean;
  /** True if a NULLIFY of it is among the votes. */
  readonly hasNullify: boolean;
  /** One of a root, in order of arrival. */
  readonly tallies: readonly Tally<VoteBody>[];
}

/** What a block inherits along its chain. */
export interface ChainFacts {
  /** Fold of the VRF outputs of the epoch's terms so far (section 5). */
  readonly seed: Hash;
  /** Term of its last block. */
  readonly term: number;
  /** Highest view whose N or F is carried by it or an ancestor. */
  readonly carriedView: number;
  /** Highest checkpoint whose backing it or an ancestor carries. */
  readonly backedHeight: number;
  readonly backedStamp: Millis;
}

/** A block above the final one. */
export interface BlockRecord {
  readonly hash: Hash;
  readonly block: Block;
  readonly from: Peer | null;
  readonly available: boolean;
  /** Number of the first entry in its batch of forced ones; null: it has none, or is not available yet. */
  readonly inboxFrom: number | null;
  /** True once its VRF proof and the certificates it carries were verified; a fetched block's were not. */
  readonly checked: boolean;
  /** Null until its parent's are known and it agrees with them. */
  readonly chain: ChainFacts | null;
  readonly executing: boolean;
  readonly roots: ExecutedRoots | null;
  /** Why it is false at every honest node; null: not known to be. */
  readonly invalid: string | null;
}

/** What validity and building read of a parent. */
export interface ParentFacts {
  readonly hash: Hash;
  readonly view: number;
  readonly height: number;
  readonly stamp: Millis;
  readonly reference: SettlementReference;
  readonly settledAt: Millis;
  readonly inboxCursor: number;
  readonly chain: ChainFacts;
}

/** A final block of this epoch as later rules look back at it. */
export interface FinalBlock {
  readonly hash: Hash;
  readonly height: number;
  readonly view: number;
  readonly parentView: number;
  readonly stamp: Millis;
}

/** A checkpoint due in this epoch's final chain, not yet backed. */
export interface DueCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly root: Hash;
  readonly signed: boolean;
  /** Own vote once signed, repeated until backed. */
  readonly own: CheckpointVote | null;
}

/** What the final chain of the epoch has accumulated. */
export interface Ledgered {
  readonly range: MountainRange;
  readonly attendance: Attendance;
  /** Bytes that its blocks took of their capacity, and the value moved by them; the last block's child is of another epoch. */
  readonly used: number;
  readonly value: number;
  /** Last checkpoint due at or below the final block. */
  readonly lastDue: { readonly hash: Hash; readonly height: number };
}

/** The final chain of the epoch, newest first: what evidence, late certificates and recovery look back at. */
export interface FinalNode {
  /** What a child inherits. */
  readonly facts: ParentFacts;
  /** The header's own view and parent view. */
  readonly view: number;
  readonly parentView: number;
  readonly roots: ExecutedRoots;
  readonly ledgered: Ledgered;
  /** F of this very block; null where a descendant's made it final. */
  readonly certificate: Certificate | null;
  /** Certificates that the block carries. */
  readonly carried: readonly Certificate[];
  /** Null at the first block of the epoch. */
  readonly below: FinalNode | null;
}

/** What waits for an answer of the verifier. */
export type Job =
  | { readonly what: "votes"; readonly view: number; readonly root: Hash; readonly asked: readonly Asked[] }
  | { readonly what: "backing"; readonly root: Hash; readonly asked: readonly Asked[] }
  | { readonly what: "late"; readonly view: number; readonly root: Hash; readonly asked: readonly Asked[] }
  | { readonly what: "signals"; readonly root: Hash; readonly asked: readonly Asked[] }
  | {
      readonly what: "certificate";
      readonly certificate: Certificate;
      readonly root: Hash;
      readonly from: Peer;
      /** Blocks that came with it, oldest first, the certified one last. */
      readonly blocks: readonly { readonly hash: Hash; readonly block: Block }[];
      /** It came with a chain of blocks that leaves the own final chain. */
      readonly forks: boolean;
    }
  /** A certificate that a chain in conflict with the own carries. */
  | { readonly what: "carried"; readonly certificate: Certificate; readonly root: Hash }
  | {
      readonly what: "restart";
      readonly vote: RestartVote;
      /** Of the signer, in the present registry. */
      readonly seat: Seat;
      /** Of the own epoch, else of the one before. */
      readonly isOwn: boolean;
      readonly from: Peer;
    }
  | {
      readonly what: "besideRestart";
      readonly restart: RestartVote;
      readonly testimony: Testimony;
      readonly seat: Seat;
      readonly from: Peer | null;
    }
  /** A vote against a certificate that its signer is in. */
  | {
      readonly what: "member";
      readonly vote: Vote;
      readonly certificate: Certificate;
      readonly from: Peer | null;
    }
  | {
      readonly what: "checkpoints";
      readonly first: CheckpointTestimony;
      readonly second: CheckpointTestimony;
      readonly chain: readonly Checkpoint[];
      /** Sender of the vote that made the pair, and of the one beside it. */
      readonly from: Peer | null;
      readonly fromOther: Peer | null;
    }
  | {
      readonly what: "checkpointCertificate";
      readonly certificate: CheckpointCertificate;
      readonly root: Hash;
      readonly from: Peer;
    }
  | { readonly what: "proposal"; readonly proposal: Proposal; readonly hash: Hash; readonly from: Peer }
  /** Did the leader really sign what turned out to be invalid? */
  | { readonly what: "blame"; readonly proposal: Proposal; readonly from: Peer }
  | { readonly what: "leaderNullify"; readonly vote: Vote; readonly from: Peer }
  | {
      readonly what: "conflict";
      readonly first: Vote;
      readonly second: Vote;
      /** Sender of the second vote, which made the pair. */
      readonly from: Peer | null;
      readonly fromFirst: Peer | null;
    };

/** A vote handed to the verifier. */
export interface Asked {
  readonly seat: Seat;
  readonly from: Peer | null;
  readonly signature: Uint8Array;
}

/** What is remembered of a peer. */
export interface PeerRecord {
  readonly epoch: number;
  readonly finalHeight: number;
  /** Last repair answer it got: one per Δ. */
  readonly answeredAt: Millis;
}

/** Something asked for, with the time to ask somebody else. */
export interface Fetch {
  readonly retryAt: Millis;
  readonly tries: number;
  readonly from: Peer | null;
}

/** Deadlines of the current view (rule 1). */
export interface ViewTimers {
  readonly entered: Millis;
  readonly lead: Millis;
  readonly advance: Millis;
  readonly retry: Millis;
}

/** A signal of the own key. */
export interface OwnSignal {
  readonly body: SignalBody;
  readonly signal: Signal;
}

/** The payload a leader asked for. */
export interface PendingPayload {
  readonly view: number;
  readonly parentView: number;
  readonly parentHash: Hash;
  readonly payload: Payload | null;
}

/** A replica between two inputs. Immutable: `step` returns another one that shares what did not change. */
export interface ReplicaState {
  readonly config: ReplicaConfig;
  readonly genesisHash: Hash;
  readonly now: Millis;
  readonly halted: string | null;
  /** Halted because others finalized or backed another chain: it goes on looking for evidence and a recovery. */
  readonly contradicted: boolean;
  readonly epoch: EpochContext;
  /** When this replica entered the epoch. */
  readonly begun: Millis;
  /** R_e, R_{e+1} and R_{e+2} as far as they were read. */
  readonly registries: ReadonlyMap<Hash, Registry>;
  /** Roots asked for. */
  readonly registriesAsked: ReadonlySet<Hash>;
  /** How nodes still in e - 1 are answered. */
  readonly past: {
    readonly epoch: number;
    /** Its D; null after a restart. */
    readonly domain: Hash | null;
    readonly finalization: Certificate | null;
    readonly boundary: CheckpointCertificate | null;
  } | null;

  readonly view: number;
  readonly timers: ViewTimers;
  /** The certificate that led into the current view; null in view 1. */
  readonly entry: Certificate | null;
  readonly views: ByView<ViewRecord>;
  readonly own: ReadonlyMap<number, OwnVotes>;
  readonly blocks: ReadonlyMap<Hash, BlockRecord>;
  /** Highest view with N or F held: terms run at most `ahead` beyond it (rules 2, 3). */
  readonly notarizedView: number;

  /** The highest final block with everything below it; `view` is that of the F which made it final. */
  readonly tip: ParentFacts;
  /** The highest F held; its block may still be on the way. */
  readonly finalization: Certificate | null;
  /** The last blocks of the final chain in this epoch, oldest first, as far back as a carried certificate may reach. */
  readonly recent: readonly FinalBlock[];
  /** Roots of the last final heights, oldest first. */
  readonly roots: readonly ExecutedRoots[];
  readonly ledgered: Ledgered;
  /** The epoch's last block, once final. */
  readonly lastBlock: Block | null;

  readonly due: readonly DueCheckpoint[];
  /** Roots of all checkpoints due in this epoch's final chain, by height: what carried backings are compared with. */
  readonly dueRoots: ReadonlyMap<number, Hash>;
  readonly backingTallies: ReadonlyMap<Hash, Tally<Checkpoint>>;
  readonly backingRetryAt: Millis;
  /** Highest backed checkpoint of this epoch's own chain. */
  readonly backed: CheckpointCertificate | null;
  readonly backedHeight: number;
  /** Backings no final block carries yet, ascending. */
  readonly uncarried: readonly CheckpointCertificate[];
  /** A verified backing above the own final block. */
  readonly aheadBacking: CheckpointCertificate | null;

  /** By reference and first entry of the inbox; null: asked for, or not final in the own client's view. */
  readonly readings: ReadonlyMap<string, ReferenceReading | "asked" | null>;
  readonly payload: PendingPayload | null;

  readonly jobs: ReadonlyMap<number, Job>;
  readonly nextJob: number;
  readonly signs: ReadonlyMap<number, SignIntent>;
  readonly nextSign: number;

  readonly peers: ReadonlyMap<Peer, PeerRecord>;
  readonly fetches: ReadonlyMap<Hash, Fetch>;
  readonly wanted: ReadonlyMap<number, Fetch>;
  /** The request for final blocks under way: an answer of anybody asked so far is taken, however late. */
  readonly catchUp: {
    readonly asked: readonly Peer[];
    readonly retryAt: Millis;
    readonly tries: number;
  } | null;
  /** A peer is known or suspected to be ahead of the own final block. */
  readonly behind: boolean;
  /** Messages of the next epoch, replayed after the hand-over. */
  readonly early: readonly { readonly from: Peer; readonly message: Message }[];

  /** Votes of views whose records are forgotten, for final blocks that carry no signature of their signers yet. */
  readonly late: ReadonlyMap<number, readonly Tally<VoteBody>[]>;
  /** The view at which late votes were last verified. */
  readonly collected: number;
  /** READY and READINESS by root. */
  readonly signals: ReadonlyMap<Hash, Tally<SignalBody>>;
  readonly ownSignals: readonly OwnSignal[];
  readonly signalRetry: { readonly at: Millis; readonly tries: number } | null;
  /** The day for which READY was looked at, and whether READINESS was. */
  readonly readyDay: number | null;
  readonly saidReadiness: boolean;

  /** Views in which a quorum's votes came, and per seat the count at its last vote (skip rule). */
  readonly attended: number;
  readonly heard: readonly number[];
  /** Offences already told of, so that one is told once. */
  readonly reported: ReadonlySet<string>;
  /** The final chain of the epoch; null before its first final block. */
  readonly history: FinalNode | null;
  /** Certificates of final blocks that contradict the own final chain. */
  readonly conflicts: readonly Certificate[];
  /** Roots of those that have convicted. */
  readonly walked: ReadonlySet<Hash>;
  /** Checkpoints of the own final chain in this epoch, by height. */
  readonly dueCheckpoints: ReadonlyMap<number, Checkpoint>;
  /** Their backings. */
  readonly backings: ReadonlyMap<number, CheckpointCertificate>;
  /** What the own client read last of the contracts. */
  readonly contracts: ContractsReading | null;
  /** Recoveries that were activated, by epoch. */
  readonly activations: ReadonlyMap<number, Activation>;
  /** Where the own key signed RESTART: it is silent there and in the epoch after, in this incarnation. */
  readonly restarted: { readonly epoch: number; readonly incarnation: number } | null;
  /** Verified RESTARTs of the epoch, by seat; those of the epoch before, by seat in this one. */
  readonly restarts: ReadonlyMap<Seat, readonly RestartVote[]>;
  readonly pastRestarts: ReadonlyMap<Seat, readonly RestartVote[]>;
  /** The RESTART that the own key signed last. */
  readonly ownRestart: RestartBody | null;
  /** End of grace of the recovery that it was given to; null: none yet. */
  readonly answeredRecovery: Millis | null;
  /** When a block was first seen among those posted. */
  readonly postedSeen: ReadonlyMap<Hash, Millis>;
  /** Highest view whose certificate was given to the open recovery. */
  readonly postedView: number;
  /** End of that recovery's grace. */
  readonly postedTo: Millis | null;
  /** Highest view the own key signed FINALIZE for in the epoch. */
  readonly finalizedView: number;
  /** Block of the highest checkpoint the own key signed in the epoch. */
  readonly signedCheckpoint: { readonly hash: Hash; readonly height: number; readonly stamp: Millis } | null;
  /** The shell was asked to go back to an earlier epoch. */
  readonly resumeAsked: boolean;
  /** Verified backings of other chains. */
  readonly strayBackings: readonly CheckpointCertificate[];
  readonly timer: Millis | null;
}
