import type { PeerEntry } from "@aitbc-hybrid/node";

/** What the adversary process is told, in a file: paths, never secrets. */
export interface AdversaryPlan {
  /** The corrupted authority's keys: BLS and network (keystores), and the file with their password. */
  readonly blsKeystore: string;
  readonly networkKeystore: string;
  readonly passwordFile: string;
  /** Its seat in the registry in force. */
  readonly seat: number;
  readonly listen: readonly string[];
  readonly peers: readonly PeerEntry[];
}

/** Told over the channel each time two conflicting votes were sent. */
export interface AdversaryReport {
  readonly type: "equivocated";
  readonly epoch: number;
  readonly view: number;
}
