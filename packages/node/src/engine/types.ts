import type { ExecutionResult } from "@aitbc-hybrid/execution";
import type {
  CheckpointCertificate,
  DurableRecord,
  EpochStart,
  Message,
  Peer,
  Registry,
  VoteEvidence,
} from "@aitbc-hybrid/protocol";
import type { FinalBlock } from "../chain/index.ts";

/** The replica's write-ahead log. */
export interface RecordLog {
  /** Resolves with the record's index once it is durable; in the order of the calls. */
  append(record: DurableRecord): Promise<number>;
  /** Records below an index are not needed any more. */
  prune(below: number): Promise<void>;
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
  evidence(evidence: VoteEvidence): void;
  /** Nothing is signed any more. `contradiction`: what is final here conflicts with what a quorum signed. */
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
