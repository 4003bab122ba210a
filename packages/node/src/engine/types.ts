import type { ExecutionEngine, ExecutionResult } from "@aitbc-hybrid/execution";
import type {
  Certificate,
  CheckpointCertificate,
  DurableRecord,
  Effect,
  EpochStart,
  Evidence,
  Hash,
  Header,
  Hex,
  Input,
  Message,
  PartialMessage,
  Peer,
  Registry,
  ReplicaConfig,
  RestartVote,
  Signal,
  SubnetSizes,
} from "@aitbc-hybrid/protocol";
import type { ChainStore, FinalBlock, Past, RegistryStore } from "../chain/index.ts";
import type { DataPath } from "../data/index.ts";
import type { Log } from "../log.ts";
import type { Settlement } from "../settlement/index.ts";
import type { Protection, Signer } from "../signing/index.ts";
import type { Verifier } from "./verifier.ts";

export interface EngineOptions {
  readonly replica: ReplicaConfig;
  readonly genesisHash: Hash;
  /** Ledger account that gets the tips of own blocks. */
  readonly feeRecipient: Hex;
  /** Inputs that may wait; beyond, messages of peers are dropped (repair makes good what mattered). */
  readonly queueLimit: number;
  /** Of the aggregation above 100 voters. */
  readonly subnets: SubnetSizes;
  /** Tells nobody what it added up of others' votes. */
  readonly silent: boolean;
  /** Wait before the contracts are asked again, ms. */
  readonly retryMs: number;
}

export interface EngineModules {
  readonly links: ConsensusLinks;
  readonly wal: RecordLog;
  readonly protection: Protection;
  /** Null: a follower. */
  readonly signer: Signer | null;
  readonly verifier: Verifier;
  readonly data: DataPath;
  readonly execution: ExecutionEngine;
  readonly chain: ChainStore;
  readonly registries: RegistryStore;
  readonly settlement: Settlement;
  readonly listener: EngineListener;
  readonly log: Log;
  readonly metrics: EngineMetrics;
  /** ms since 1970 */
  readonly clock: () => number;
}

/** An input before the time is added: it is taken when the input's turn comes. */
export type Waiting = Input extends infer I ? (I extends { now: number } ? Omit<I, "now"> : never) : never;
export type EffectOf<T extends Effect["type"]> = Extract<Effect, { type: T }>;

/** What the parts of the engine may ask of it: none of them calls `step`. */
export interface EngineLoop {
  /** Queues an input. */
  submit(input: Waiting): void;
  /** Lets a promise run; what it fails with is logged, never lost. */
  background(work: Promise<unknown>, doing: string): void;
  /** Stops the replica for good. */
  halt(reason: string, contradiction: boolean): void;
  /** Nothing new is begun. */
  isClosed(): boolean;
}

/** The replica's write-ahead log. */
export interface RecordLog {
  /** Resolves with the record's index once it is durable; in the order of the calls. */
  append(record: DurableRecord): Promise<number>;
  /** What was recorded below an index is stored elsewhere. */
  stored(below: number): Promise<void>;
  /** The contracts are in this epoch. */
  settled(epoch: number): Promise<void>;
  /** The replica goes back to an epoch whose highest final block is at this height. */
  resumed(epoch: number, incarnation: number, height: number): Promise<number>;
  /** An epoch's records, from its beginning; null if they are not kept. */
  ofEpoch(epoch: number, incarnation: number): Promise<DurableRecord[] | null>;
}

/** A certificate with the header of the block that it certifies. */
export interface CertifiedHeader {
  readonly certificate: Certificate;
  readonly header: Header;
}

/** Sends on the consensus channel. */
export interface ConsensusLinks {
  /** The own name. */
  readonly self: Peer;
  send(to: Peer, frame: Uint8Array): boolean;
  broadcast(frame: Uint8Array): void;
  ban(peer: Peer, reason: string): void;
  /** Peers with an open link. */
  connected(): readonly Peer[];
  /** The validator behind a peer, and the peer of a validator; null: none is known. */
  validatorOf(peer: Peer): number | null;
  peerOf(validatorId: number): Peer | null;
}

/** What the rest of the node is told, in the order of the chain. */
export interface EngineListener {
  /** Final, executed and durable: receipts can be read. `result` is null for blocks executed before a restart. */
  finalized(final: FinalBlock, result: ExecutionResult | null): void;
  /** A block was executed: `latest` may have moved. */
  executed(): void;
  backed(certificate: CheckpointCertificate): void;
  epoch(start: EpochStart, registry: Registry): void;
  evidence(evidence: Evidence): void;
  /** N or F for the recovery that is open. */
  certificate(held: CertifiedHeader, registry: Registry): void;
  /** The own READY. */
  ready(signal: Extract<Signal, { kind: "ready" }>, registry: Registry): void;
  /** The own RESTART, durable and signed; with its block's certificate if nobody posted that. */
  restart(vote: RestartVote, held: CertifiedHeader | null): void;
  /** A peer's certificate of an epoch that is over, not verified. */
  past(from: Peer, statement: Past): void;
  /** What is final here conflicts with what a quorum signed: no votes until a recovery, which the node still sees to. */
  contradicted(reason: string): void;
  /** The replica stopped for good. `contradiction`: it cannot go on from what is final here. */
  halted(reason: string, contradiction: boolean): void;
}

/** What the engine counts (metrics/). */
export interface EngineMetrics {
  step(input: string, seconds: number): void;
  verified(what: string, seconds: number): void;
  commit(seconds: number): void;
  message(type: (Message | PartialMessage)["type"], direction: "in" | "out"): void;
  /** Bytes of votes, aggregates and certificates. */
  votes(direction: "in" | "out", bytes: number): void;
  /** An aggregate sent, a certificate made of aggregates, a vote told to everybody since no aggregator answered. */
  aggregation(what: "aggregate" | "certificate" | "direct"): void;
  refused(reason: "malformed" | "queue-full" | "signature" | "protection" | "over-budget"): void;
  queued(inputs: number): void;
  executed(seconds: number): void;
}
