import type { Hash, Mode } from "./primitives.ts";

/** What the last block of epoch e commits (section 1, "Configuration"; section 6). */
export interface Commitment {
  /** R_{e+1}, committed by the last block of e - 1 and repeated here for the contracts. */
  readonly registryNext: Hash;
  /** R_{e+2}. */
  readonly registryAfter: Hash;
  /** m_{e+1}, now fixed. */
  readonly modeNext: Mode;
  /** The wanted m_{e+2}. */
  readonly modeWanted: Mode;
  /** seed_{e+1}. */
  readonly seedNext: Hash;
}
