/** How far a validator's pay is split, and what is owed to the validator itself. */
export interface Ledger {
  /** Pay of one share up to the start of `row`, times 2^64. */
  acc: bigint;
  /** Index of the row that `epoch` falls into. */
  row: number;
  /** Tenures of seats begun by `epoch`. */
  tenures: number;
  /** First epoch not counted yet. */
  epoch: number;
  /** Stakers' pay of the row up to `epoch`, gwei. */
  pay: bigint;
  /** What of it the validator itself was given: bond and commission. */
  taken: bigint;
  /** Owed to the validator. */
  owed: bigint;
  /** Pay of one share, times 2^64, at the start of each row begun. */
  readonly starts: bigint[];
}

/** How far a position is paid. */
export interface PaidPosition {
  /** Pay of one share, times 2^64, up to which it was paid. */
  acc: bigint;
  /** Index of the trace's entry that counted last. */
  entry: number;
  /** Entries of this seal and older ones count already or never will. */
  seal: number;
  /** Epochs accrued when it was last settled in full. */
  epochs: number;
  /** Whether anyone may put its pay back into it. */
  compounding: boolean;
}

/** What one epoch paid, gwei by seat, and who had a duty and showed nothing. */
export interface EpochPay {
  readonly authority: readonly bigint[];
  readonly stakers: readonly bigint[];
  readonly absent: ReadonlySet<number>;
}

export interface RewardsState {
  reserve: bigint;
  /** Paid to seats or credited, and not paid out. */
  outstanding: bigint;
  creditLeft: bigint;
  /** Time up to which is paid, ms. */
  paidUntil: number;
  /** By epoch accrued: the seal of its registry. */
  readonly seals: number[];
  /** By epoch accrued; null: it paid nothing. */
  readonly pays: (EpochPay | null)[];
  readonly owed: Map<string, bigint>;
  readonly credits: Map<string, bigint>;
  readonly ledgers: Map<number, Ledger>;
  /** By validator and owner. */
  readonly positions: Map<number, Map<string, PaidPosition>>;
}
