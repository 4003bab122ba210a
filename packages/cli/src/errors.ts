/** Exit codes, part of the interface: scripts and supervisors branch on them. */
export const EXIT = {
  ok: 0,
  /** Something went wrong that is none of the below. */
  failed: 1,
  /** Arguments, configuration, keystore or password. */
  usage: 2,
  /** Slashed or locked: do not start again before a person looked at it. */
  slashed: 3,
  /** Halted by a contradiction: keep the data, ask. */
  halted: 4,
  /** A devnet that did not finalize, checkpoint and agree. */
  fellShort: 5,
  interrupted: 130,
} as const;

/** A mistake in what was typed, said in a sentence. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}
