/** Milliseconds from the wallet's send to the finalized receipt it read back. */
export interface Finality {
  readonly p50: number;
  readonly p99: number;
}

export interface ValidatorStatus {
  readonly name: string;
  readonly rpc: string;
  /** Whether its process runs and answers. */
  readonly up: boolean;
  readonly finalHeight: number;
}

/** A checkpoint that the contracts accepted. */
export interface PostedCheckpoint {
  readonly height: number;
  readonly epoch: number;
  readonly gasUsed: bigint;
  readonly transaction: string;
}

/** What the live view shows. */
export interface DevnetStatus {
  readonly mode: string;
  readonly epoch: number;
  readonly height: number;
  readonly finality: Finality | null;
  /** Finalized transfers a second over the last seconds. */
  readonly tps: number;
  readonly finalized: number;
  readonly rejected: number;
  readonly pending: number;
  readonly validators: readonly ValidatorStatus[];
  readonly checkpoints: number;
  readonly lastCheckpoint: PostedCheckpoint | null;
  readonly handOvers: number;
  readonly slashed: number;
  /** Epochs of which the rewards were accrued in this run. */
  readonly accruedEpochs: number;
  /** Until the end of a timed run, counted from the first final block; null: no end, or not begun. */
  readonly leftMs: number | null;
}

/** Where everything is, once it runs. */
export interface DevnetInfo {
  readonly folder: string;
  readonly settlementUrl: string;
  readonly validators: readonly { readonly name: string; readonly rpc: string; readonly metrics: string }[];
  /** A funded account of the ledger for the user, and a command that sends from it. */
  readonly testAccount: string;
  readonly tryIt: string;
  readonly resumed: boolean;
}

/** The last line of `--json`. */
export interface DevnetResult {
  readonly height: number;
  readonly finalizedTransactions: number;
  readonly rejectedTransactions: number;
  /** Sent, and neither final nor refused some seconds after the wallet stopped sending. */
  readonly unresolvedTransactions: number;
  readonly tps: number;
  readonly finalityMs: Finality;
  /** Epochs begun in this run under a registry that the contracts sealed after genesis. */
  readonly handOvers: number;
  /** Checkpoints the contracts accepted in this run. */
  readonly checkpoints: number;
  /** Convictions in this run. */
  readonly slashed: number;
  /** Epochs of which the rewards were accrued in this run. */
  readonly accruedEpochs: number;
  /** What those paid to seats, AITBC as a decimal. */
  readonly rewardsPaid: string;
  /** What delegators put in, moved out and claimed in this run, AITBC as decimals. */
  readonly delegated: string;
  readonly undelegated: string;
  readonly claimed: string;
  /** What reporters of misbehaviour were paid in this run, AITBC as a decimal. */
  readonly evidencePaid: string;
  readonly validators: number;
  readonly agreement: boolean;
  readonly epoch: number;
  readonly seconds: number;
  /** Gas of the last checkpoint posted. */
  readonly checkpointGas: number;
  /** What fell short, as sentences; empty if nothing. */
  readonly problems: readonly string[];
}

/** Everything a devnet tells while it runs. */
export type DevnetEvent =
  | { readonly type: "step"; readonly text: string }
  | { readonly type: "done"; readonly ms: number }
  | { readonly type: "ready"; readonly info: DevnetInfo }
  | { readonly type: "status"; readonly status: DevnetStatus }
  | { readonly type: "note"; readonly level: "info" | "warn"; readonly text: string };
