import type { ExecutionResult } from "@aitbc-hybrid/execution";
import type {
  Certificate,
  CheckpointCertificate,
  DurableRecord,
  EpochStart,
  Evidence,
  Header,
  Message,
  Peer,
  Registry,
  RestartVote,
  Signal,
} from "@aitbc-hybrid/protocol";
import type { FinalBlock, Past } from "../chain/index.ts";

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
  send(to: Peer, frame: Uint8Array): boolean;
  broadcast(frame: Uint8Array): void;
  ban(peer: Peer, reason: string): void;
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
  /** Peers that are connected now. */
  peers(): readonly Peer[];
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
  message(type: Message["type"], direction: "in" | "out"): void;
  refused(reason: "malformed" | "queue-full" | "signature" | "protection"): void;
  queued(inputs: number): void;
  executed(seconds: number): void;
}
