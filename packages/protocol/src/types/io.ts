import type { Block, InboxEntry, SettlementReference } from "./block.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { Commitment } from "./commitment.ts";
import type { Evidence } from "./evidence.ts";
import type { Message, Request } from "./messages.ts";
import type { Hash, Hex, Millis, Mode, Seat } from "./primitives.ts";
import type { Activation, ContractsReading } from "./recovery.ts";
import type { Registry } from "./registry.ts";
import type { SignalBody } from "./signals.ts";
import type { Certificate, CheckpointCertificate, RestartBody, RestartVote, VoteBody } from "./votes.ts";

/** Name of a peer as the transport authenticated it; opaque to the replica. */
export type Peer = string;

/**
 * What a replica signs. Slashing protection, the durable record and the signature are the shell's: it answers with
 * `signed` only when the record is on disk (protocol.md section 4).
 */
export type SignIntent =
  | { readonly what: "vote"; readonly epoch: number; readonly domain: Hash; readonly vote: VoteBody }
  | {
      readonly what: "proposal";
      readonly epoch: number;
      readonly domain: Hash;
      /** The NOTARIZE that a PROPOSE carries. */
      readonly vote: VoteBody;
      readonly block: Block;
    }
  | {
      readonly what: "checkpoint";
      readonly epoch: number;
      readonly domain: Hash;
      readonly checkpoint: Checkpoint;
    }
  | {
      /** Nothing slashable: the same key may sign any two of them. */
      readonly what: "signal";
      readonly epoch: number;
      readonly domain: Hash;
      readonly signal: SignalBody;
    }
  | {
      readonly what: "restart";
      readonly epoch: number;
      readonly domain: Hash;
      readonly restart: RestartBody;
    };

/** What the hybrid manager hands from epoch to epoch (section 6): from final blocks only, the same at every node. */
export interface HybridFacts {
  /** The mode that the last block of e - 1 wanted for e + 1; it takes effect if Q of its members are ready. */
  readonly modeWanted: Mode;
  /** Epochs in a row, up to and including e, in the mode of e. */
  readonly resident: number;
  /** Bytes that a block of e may order. */
  readonly capacity: number;
  /** Bytes ordered in 1,000 seconds of block time, averaged over the epochs before e: the same scale in every mode. */
  readonly rate: number;
  /** Load multiplier of e in millionths. */
  readonly multiplier: number;
}

/** How an epoch begins: all that the rules of section 3 read besides messages. */
export interface EpochStart {
  readonly epoch: number;
  readonly incarnation: number;
  readonly mode: Mode;
  /** R_e. */
  readonly registry: Hash;
  /** R_{e+1}, committed by the last block of e - 1. */
  readonly registryNext: Hash;
  readonly seed: Hash;
  /** Height of its first block. */
  readonly firstHeight: number;
  /** View 0: the last block before it, certified by definition. */
  readonly parent: {
    readonly hash: Hash;
    readonly height: number;
    readonly stamp: Millis;
    readonly reference: SettlementReference;
    readonly settledAt: Millis;
    readonly inboxCursor: number;
  };
  /** Peaks of the Merkle mountain range over block hashes 0..parent.height, left to right. */
  readonly peaks: readonly Hash[];
  /** Roots executed at the heights up to the parent's, newest last, as many as `rootLag` may reach. */
  readonly roots: readonly ExecutedRoots[];
  /** Hash of the last checkpoint due at or below the parent. */
  readonly previousCheckpoint: Hash;
  /** Height of that checkpoint; 0: genesis. */
  readonly previousCheckpointHeight: number;
  /** The boundary checkpoint that backs view 0; null in epoch 0. */
  readonly boundary: CheckpointCertificate | null;
  /** Stamp of the highest backed checkpoint (lease of Fast). */
  readonly backedStamp: Millis;
  readonly hybrid: HybridFacts;
}

/** What the ledger answered for a height. */
export interface ExecutedRoots {
  readonly height: number;
  readonly stateRoot: Hash;
  readonly receiptsRoot: Hash;
  /** Of what the ledger hands on to the next block besides its accounts; zero at genesis. */
  readonly handedOn: Hash;
  /** What the block took of its capacity, in bytes: of transactions, or of execution if that is more. */
  readonly used: number;
  /** Value moved in the epoch up to this block, in millionths of the supply; 0 where it is not looked at. */
  readonly value: number;
}

/**
 * Records that are durable before anything that depends on them leaves the process. Since the last `epoch` record,
 * in order, they are all that `restore` needs besides the registries.
 */
export type DurableRecord =
  | { readonly type: "epoch"; readonly start: EpochStart }
  | { readonly type: "signed"; readonly intent: SignIntent }
  /** N with its block, X (block null), or an F whose block is not final yet (block null). */
  | { readonly type: "certificate"; readonly certificate: Certificate; readonly block: Block | null }
  | {
      readonly type: "final";
      readonly block: Block;
      /** Null where a descendant's F made it final. */
      readonly certificate: Certificate | null;
      readonly roots: ExecutedRoots;
    }
  | { readonly type: "backed"; readonly certificate: CheckpointCertificate }
  /** Final blocks of the epoch above this one are given up: a recovery continues from it or below another branch. */
  | { readonly type: "rewound"; readonly hash: Hash; readonly height: number }
  /** The own key signed RESTART of the epoch before this one, in its incarnation: it stays silent. */
  | { readonly type: "silent" }
  /** An offence, found once. */
  | { readonly type: "evidence"; readonly evidence: Evidence };

/** One signature to verify on its own. */
export interface SignatureCheck {
  readonly registry: Hash;
  readonly seat: Seat;
  readonly root: Hash;
  readonly signature: Uint8Array;
}

/** Single signatures of one root. */
export interface VoteGroup {
  readonly registry: Hash;
  readonly root: Hash;
  readonly votes: readonly { readonly seat: Seat; readonly signature: Uint8Array }[];
}

/** Work for the verifier; signing roots are computed by the replica, keys are found by registry root and seat. */
export type Check =
  /** Many single signatures of one root: answered with the valid ones and their aggregate (batch, bisected on failure). */
  | {
      readonly what: "votes";
      readonly registry: Hash;
      readonly root: Hash;
      readonly votes: readonly { readonly seat: Seat; readonly signature: Uint8Array }[];
    }
  /** One aggregate over one root. */
  | {
      readonly what: "certificate";
      readonly registry: Hash;
      readonly root: Hash;
      readonly bitmap: Uint8Array;
      readonly signature: Uint8Array;
    }
  /**
   * Independent items, all of which must hold (a proposal's NOTARIZE, its VRF proof, the certificates it carries). The
   * votes of a group are of one root: it is enough that their sum is the signature of the sum of their keys, since such
   * a sum exists only if every one of them signed.
   */
  | {
      readonly what: "all";
      readonly signatures: readonly SignatureCheck[];
      readonly groups: readonly VoteGroup[];
      readonly certificates: readonly {
        readonly registry: Hash;
        readonly root: Hash;
        readonly bitmap: Uint8Array;
        readonly signature: Uint8Array;
      }[];
    }
  /** Independent single signatures, each answered (evidence, early votes that act alone). */
  | { readonly what: "each"; readonly signatures: readonly SignatureCheck[] };

/** Answers to the four kinds of checks. */
export type CheckResult =
  /** `aggregate` is the sum of the valid signatures (null if none is valid). */
  | { readonly what: "votes"; readonly valid: readonly Seat[]; readonly aggregate: Uint8Array | null }
  | { readonly what: "certificate"; readonly ok: boolean }
  /** `failed` names which part failed first, so that the right party is blamed. */
  | {
      readonly what: "all";
      readonly ok: boolean;
      readonly failed: null | {
        readonly part: "signature" | "certificate" | "group";
        readonly index: number;
      };
    }
  | { readonly what: "each"; readonly valid: readonly boolean[] };

/** What a leader's shell puts into a block; null fields of the rules are filled by the replica. */
export interface Payload {
  readonly batches: readonly Hash[];
  readonly reference: SettlementReference;
  readonly settledAt: Millis;
  /** The parent's and what this block takes of the inbox: the first of `batches`, if it takes any. */
  readonly inboxCursor: number;
  readonly feeRecipient: Hex;
  /** N_{e+2} as the contracts show it sealed at `reference`; null if it is not. Read for the last block of an epoch only. */
  readonly candidate: Hash | null;
  /** The leader's VRF proof of the term, 96 bytes. */
  readonly vrfProof: Uint8Array;
}

/** What the epoch's parameters say of the inbox (section 9). */
export interface InboxRule {
  /** Age at which an entry is due. */
  readonly forceAfter: Millis;
  /** Bytes of entries that a block takes. */
  readonly forceQuota: number;
}

/** What the own settlement client reads at a block that it shows final. */
export interface ReferenceReading {
  readonly settledAt: Millis;
  /** Entries of the inbox that are due there, from the number asked for on, oldest first: as many as a block may take, or more. */
  readonly due: readonly InboxEntry[];
  /** N_{e+2}'s hash, null if not sealed there. */
  readonly candidate: Hash | null;
}

/** Everything that can happen to a replica. Each input carries the time: the replica has no clock. */
export type Input = { readonly now: Millis } & (
  | { readonly type: "tick" }
  | { readonly type: "connected"; readonly peer: Peer }
  | { readonly type: "message"; readonly from: Peer; readonly message: Message }
  | { readonly type: "verified"; readonly job: number; readonly result: CheckResult }
  /** The intent's record is durable and this is its signature. */
  | { readonly type: "signed"; readonly id: number; readonly signature: Uint8Array }
  /** Slashing protection refused: treat as if never asked, never ask again for it. */
  | { readonly type: "refused"; readonly id: number; readonly reason: string }
  | {
      readonly type: "payload";
      readonly epoch: number;
      readonly view: number;
      readonly parentHash: Hash;
      readonly payload: Payload;
    }
  /** All batches of the block are held, durable and well-formed; false: proven malformed, hence invalid. */
  | {
      readonly type: "available";
      readonly hash: Hash;
      readonly ok: boolean;
      /** Number of the first entry in its batch of forced ones, which ends at the header's cursor; null: it has none. */
      readonly inboxFrom: number | null;
    }
  | {
      readonly type: "executed";
      readonly hash: Hash;
      readonly stateRoot: Hash;
      readonly receiptsRoot: Hash;
      readonly handedOn: Hash;
      /** See {@link ExecutedRoots}; the same at every node that executes the block. */
      readonly used: number;
      readonly value: number;
    }
  /** `reading` null: the block is not final in the own client's view (yet); the shell answers again when that changes. */
  | {
      readonly type: "reference";
      readonly reference: SettlementReference;
      readonly epoch: number;
      /** As asked. */
      readonly inboxFrom: number;
      readonly reading: ReferenceReading | null;
    }
  | { readonly type: "registry"; readonly registry: Registry }
  /** What the contracts say, whenever that changed, and once the own client shows a block later than a grace. */
  | { readonly type: "contracts"; readonly reading: ContractsReading }
  /** After the start and whenever the own client shows one final: each recovery at or above the replica's epoch. */
  | { readonly type: "activated"; readonly activation: Activation }
  /** A settlement block that a final block names is no longer in the settlement chain: halt. */
  | { readonly type: "reverted"; readonly reference: SettlementReference }
);

/** Everything a replica asks of its shell, in order. A send waits until every record emitted before it is durable. */
export type Effect =
  | { readonly type: "persist"; readonly record: DurableRecord }
  | { readonly type: "sign"; readonly id: number; readonly intent: SignIntent }
  | { readonly type: "broadcast"; readonly message: Message }
  | { readonly type: "send"; readonly to: Peer; readonly message: Message }
  /** A request that the replica cannot answer from its own state (finalized ranges, old blocks): the shell reads its store. */
  | { readonly type: "serve"; readonly to: Peer; readonly request: Request }
  | { readonly type: "verify"; readonly job: number; readonly check: Check }
  /** Build what a leader proposes on this parent; answered with `payload` (also later than the view: it is ignored then). */
  | {
      readonly type: "payload";
      readonly epoch: number;
      readonly view: number;
      readonly parentHash: Hash;
      readonly parentHeight: number;
      /** Root of the term's VRF message, to be signed for `vrfProof`. */
      readonly vrfRoot: Hash;
      /** Set for the last block of the epoch: read N_{this} at the reference. */
      readonly candidateEpoch: number | null;
      /** The parent's reference: the payload's may not lie below it. */
      readonly parentReference: SettlementReference;
      readonly parentSettledAt: Millis;
      /** First entry of the inbox that is not consumed yet. */
      readonly parentInboxCursor: number;
      readonly inbox: InboxRule;
    }
  /** Get hold of the block's batches; `from` has them. Answered with `available`: false if they exceed `capacity` bytes. */
  | {
      readonly type: "obtain";
      readonly hash: Hash;
      readonly block: Block;
      readonly from: Peer | null;
      readonly capacity: number;
    }
  /** Execute on top of the parent, which is executed already (or final). Answered with `executed`. */
  | {
      readonly type: "execute";
      readonly hash: Hash;
      readonly parentHash: Hash;
      readonly block: Block;
      /** Height of the epoch's first block, where the value moved since is looked at (section 6); null: it is not. */
      readonly valueFrom: number | null;
    }
  /** Does the own settlement client show this block final, and what does it read there? Answered with `reference`. */
  | {
      readonly type: "reference";
      readonly reference: SettlementReference;
      readonly epoch: number;
      /** First entry of the inbox that is not consumed yet. */
      readonly inboxFrom: number;
      readonly inbox: InboxRule;
    }
  /** Read the sealed snapshot with this root from the contracts (or the store). Answered with `registry`. */
  | { readonly type: "registry"; readonly root: Hash; readonly epoch: number }
  /** Call with `tick` at or after this time; replaces the timer asked for before. */
  | { readonly type: "timer"; readonly at: Millis }
  /** In the order of the chain, each height once; durable already when sends that follow leave. */
  | {
      readonly type: "finalized";
      readonly epoch: number;
      readonly hash: Hash;
      readonly block: Block;
      /** The F that made it or its descendant final, with the view it is of. */
      readonly certificate: Certificate;
      readonly roots: ExecutedRoots;
    }
  /** A block at or below a recovery point that no F made final here: the recovery did. In the order of the chain, after `rewind`. */
  | {
      readonly type: "recovered";
      readonly epoch: number;
      readonly hash: Hash;
      readonly block: Block;
      readonly roots: ExecutedRoots;
    }
  /** A certified block's branch lost for good: drop its speculative state. */
  | { readonly type: "abandoned"; readonly hash: Hash }
  /** A checkpoint of this chain is backed; the shell posts it. */
  | {
      readonly type: "backed";
      readonly certificate: CheckpointCertificate;
      readonly commitment: Commitment | null;
    }
  | { readonly type: "epoch"; readonly start: EpochStart; readonly registry: Registry }
  /** Post this N or F to the open recovery, with its block's header. */
  | { readonly type: "post"; readonly certificate: Certificate }
  /** Post this RESTART of the own key, with the header of its block and the certificate (null: view 0, or posted already). */
  | { readonly type: "restart"; readonly vote: RestartVote; readonly certificate: Certificate | null }
  /** Final blocks above this one are given up: the store and the execution go back to it. Its record is durable first. */
  | { readonly type: "rewind"; readonly hash: Hash; readonly height: number }
  /**
   * A recovery of an earlier epoch than the own: restore from that epoch's records (of this incarnation) with the
   * activations known, in place of this replica.
   */
  | { readonly type: "resume"; readonly epoch: number; readonly incarnation: number }
  | { readonly type: "evidence"; readonly evidence: Evidence }
  | { readonly type: "ban"; readonly peer: Peer; readonly reason: string }
  | { readonly type: "halt"; readonly reason: string; readonly keep: readonly (Certificate | Block)[] }
  /** A rule's branch was taken; only where the configuration asks for traces. */
  | { readonly type: "trace"; readonly rule: string };
