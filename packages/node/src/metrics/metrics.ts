import { monitorEventLoopDelay } from "node:perf_hooks";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { DataMetrics } from "../data/index.ts";
import type { EngineMetrics } from "../engine/index.ts";
import type { NetworkMetrics } from "../network/index.ts";
import type { SyncMetrics } from "../sync/index.ts";

/** Every name begins like this (conventions.md, "Operations"). */
const PREFIX = "aitbc_hybrid_";
const FAST_SECONDS = [0.0001, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5];
const BLOCK_SECONDS = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 5, 10, 60];

/** Figures that are read when somebody asks for them. */
export interface Sampled {
  readonly height: (level: "latest" | "finalized" | "backed" | "settled") => number;
  readonly epoch: () => number;
  readonly view: () => number;
  readonly settlementReachable: () => boolean;
  readonly signerReady: () => boolean;
}

const AGGREGATION = {
  aggregate: "aggregates_sent",
  certificate: "certificates_aggregated",
  direct: "votes_direct",
} as const;

export type Metrics = ReturnType<typeof createMetrics>;

/** All metrics of the node, made in one place: base units, bounded labels, no identities in names. */
export function createMetrics(version: string, mode: () => string) {
  const registers = [new Registry()];
  const registry = registers[0]!;
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> =>
    new Counter({ name: PREFIX + name, help, labelNames: [...labelNames], registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> =>
    new Gauge({ name: PREFIX + name, help, labelNames: [...labelNames], registers });
  const histogram = <L extends string>(
    name: string,
    help: string,
    buckets: readonly number[],
    labelNames: readonly L[] = [],
  ): Histogram<L> =>
    new Histogram({
      name: PREFIX + name,
      help,
      buckets: [...buckets],
      labelNames: [...labelNames],
      registers,
    });
  collectDefaultMetrics({ register: registry, prefix: PREFIX });

  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();

  gauge("build_info", "Program and version", ["version"]).set({ version }, 1);
  const peers = gauge("peers", "Peers with an open link");
  const sent = counter("network_sent_bytes_total", "Bytes sent", ["channel"]);
  const received = counter("network_received_bytes_total", "Bytes received", ["channel"]);
  const dropped = counter("network_dropped_frames_total", "Frames not sent", ["channel", "reason"]);
  const banned = counter("network_bans_total", "Peers banned");
  const messages = counter("consensus_messages_total", "Messages of the replica", ["type", "direction"]);
  const votes = counter("vote_bytes_total", "Bytes of votes, aggregates and certificates", ["direction"]);
  const aggregation = counter(
    "aggregation_total",
    "Aggregates sent, certificates made of aggregates, votes told to everybody for want of aggregators",
    ["what"],
  );
  const refused = counter("consensus_refused_total", "Messages and intents refused", ["reason"]);
  const step = histogram("step_seconds", "Time of one step of the replica", FAST_SECONDS, ["input"]);
  const verified = histogram("verification_seconds", "Time of one verification", FAST_SECONDS, ["what"]);
  const commit = histogram("commit_seconds", "From a record to its durability", FAST_SECONDS);
  const executed = histogram("execution_seconds", "Time of executing a block", FAST_SECONDS);
  const inputs = gauge("inputs_waiting", "Inputs of the replica that wait");
  const batches = counter("batches_total", "Batches by origin", ["origin"]);
  const batchBytes = counter("batch_bytes_total", "Bytes of transactions in batches by origin", ["origin"]);
  const batchesRefused = counter("batches_refused_total", "Batches not taken", ["reason"]);
  const unorderedBatches = gauge("batches_unordered", "Batches that no final block ordered yet");
  const unorderedBytes = gauge("batches_unordered_bytes", "Bytes of batches that no final block ordered yet");
  const fetches = counter("batch_fetches_total", "Requests for missing batches");
  const finalBlocks = counter("final_blocks_total", "Blocks that became final here");
  const finality = histogram("finality_seconds", "From a block's stamp to its finality here", BLOCK_SECONDS);
  const transactions = counter("final_transactions_total", "Transactions executed in final blocks");
  const submitted = counter("submitted_transactions_total", "Transactions of clients", ["outcome"]);
  const proofsLimited = counter("rpc_limited_total", "Calls refused to clients that asked for too much", [
    "method",
  ]);
  const proofTrees = counter("proof_trees_total", "Trees that proofs were read from", ["outcome"]);
  const syncAnswers = counter("sync_answers_total", "Answers to peers that join", ["what"]);
  const syncLimited = counter("sync_limited_total", "Questions of peers that asked for too much", [
    "outcome",
  ]);
  const evidence = counter("evidence_total", "Conflicting signatures found");
  const halted = gauge("halted", "1 if the node halted");
  const inMode = gauge("mode", "1 for the mode in force", ["mode"]);

  const figures = {
    peers: 0,
    batches_unordered: 0,
    final_blocks_total: 0,
    final_transactions_total: 0,
    finality_seconds: 0,
    evidence_total: 0,
    halted: 0,
    vote_bytes_sent: 0,
    vote_bytes_received: 0,
    aggregates_sent: 0,
    certificates_aggregated: 0,
    votes_direct: 0,
  };
  const network: NetworkMetrics = {
    peers: (count) => {
      figures.peers = count;
      peers.set(count);
    },
    sent: (channel, bytes) => sent.inc({ channel }, bytes),
    received: (channel, bytes) => received.inc({ channel }, bytes),
    dropped: (channel, reason) => dropped.inc({ channel, reason }),
    banned: () => banned.inc(),
  };
  const engine: EngineMetrics = {
    step: (input, seconds) => step.observe({ input }, seconds),
    verified: (what, seconds) => verified.observe({ what }, seconds),
    commit: (seconds) => commit.observe(seconds),
    message: (type, direction) => messages.inc({ type, direction }),
    votes: (direction, bytes) => {
      figures[direction === "out" ? "vote_bytes_sent" : "vote_bytes_received"] += bytes;
      votes.inc({ direction }, bytes);
    },
    aggregation: (what) => {
      figures[AGGREGATION[what]]++;
      aggregation.inc({ what });
    },
    refused: (reason) => refused.inc({ reason }),
    queued: (count) => inputs.set(count),
    executed: (seconds) => executed.observe(seconds),
  };
  const data: DataMetrics = {
    batch: (origin, bytes) => {
      batches.inc({ origin });
      batchBytes.inc({ origin }, bytes);
    },
    refused: (reason) => batchesRefused.inc({ reason }),
    unordered: (count, bytes) => {
      figures.batches_unordered = count;
      unorderedBatches.set(count);
      unorderedBytes.set(bytes);
    },
    fetched: () => fetches.inc(),
  };

  const sync: SyncMetrics = {
    answered: (what) => syncAnswers.inc({ what }),
    limited: (outcome) => syncLimited.inc({ outcome }),
  };

  return {
    network,
    engine,
    data,
    sync,
    /** A client asked for more than its share. */
    limited: (method: string) => proofsLimited.inc({ method }),
    /** A proof was read from a tree that was there, or had to be grown. */
    tree: (known: boolean) => proofTrees.inc({ outcome: known ? "kept" : "grown" }),
    /** A block became final here, `seconds` after its stamp. */
    final(seconds: number, executedTransactions: number): void {
      finalBlocks.inc();
      figures.final_blocks_total++;
      figures.final_transactions_total += executedTransactions;
      figures.finality_seconds = Math.max(0, seconds);
      finality.observe(Math.max(0, seconds));
      transactions.inc(executedTransactions);
    },
    submitted: (accepted: boolean) => submitted.inc({ outcome: accepted ? "accepted" : "refused" }),
    evidence(): void {
      figures.evidence_total++;
      evidence.inc();
    },
    halted(is: boolean): void {
      figures.halted = Number(is);
      halted.set(Number(is));
    },
    /** Registers gauges that are read on demand. Call once. */
    sample(sampled: Sampled): void {
      const read = (name: string, help: string, value: () => number): void => {
        new Gauge({
          name: PREFIX + name,
          help,
          registers,
          collect() {
            this.set(value());
          },
        });
      };
      const LEVELS = ["latest", "finalized", "backed", "settled"] as const;
      new Gauge({
        name: `${PREFIX}height`,
        help: "Height by level of finality",
        labelNames: ["level"],
        registers,
        collect() {
          for (const level of LEVELS) this.set({ level }, sampled.height(level));
          inMode.reset();
          inMode.set({ mode: mode() }, 1);
        },
      });
      read("epoch", "Epoch of the replica", sampled.epoch);
      read("view", "View of the replica", sampled.view);
      read("settlement_reachable", "1 if the settlement chain answers", () =>
        Number(sampled.settlementReachable()),
      );
      read("signer_ready", "1 if the signer answers", () => Number(sampled.signerReady()));
      read(
        "event_loop_delay_p99_seconds",
        "Delay of the main loop, 99 % of the time below, since the last reading",
        () => {
          const value = delay.percentile(99) / 1e9;
          delay.reset();
          return value;
        },
      );
    },
    text: (): Promise<string> => registry.metrics(),
    /** Selected figures by name without the prefix. */
    summary: (): Readonly<Record<string, number>> => ({ ...figures }),
    close(): void {
      delay.disable();
      registry.clear();
    },
  };
}
