import type { Hex } from "viem";

/** What a wallet process is told, in a file: paths, never secrets. */
export interface WalletPlan {
  /** Chain id of the ledger. */
  readonly chainId: number;
  /** RPC endpoints; accounts are spread over them and move on when one does not answer. */
  readonly endpoints: readonly string[];
  /** Keystore (secp256k1) that the accounts are derived from, and the file with its password. */
  readonly keystore: string;
  readonly passwordFile: string;
  /** Accounts that send; each has its own nonces. */
  readonly accounts: number;
  /** Transfers a second, in all. */
  readonly rate: number;
}

/** What the wallet reports, once a second and at the end. */
export interface WalletReport {
  readonly type: "report";
  readonly sent: number;
  readonly finalized: number;
  readonly rejected: number;
  /** Sent, and neither final nor refused yet. */
  readonly pending: number;
  /** Milliseconds from just before the send to the finalized receipt read back, of those final since the last report. */
  readonly latencies: readonly number[];
  /** The last refusal's reason. */
  readonly refusal: string | null;
  /** True in the last report: everything sent has an outcome or was given up. */
  readonly done: boolean;
}

/** What it is told while running: stop sending, wait for outcomes, report and end. */
export interface WalletCommand {
  readonly type: "stop";
}

/** Keys of the accounts derived from a wallet's secret. */
export interface WalletAccount {
  readonly address: Hex;
  readonly key: Hex;
}
