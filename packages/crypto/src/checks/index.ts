export { bitmapSeats } from "./bitmap.ts";
export { type Check, decide, decideLater, type Pairing, type Refusal, type Verdict } from "./check.ts";
export {
  certificateCheck,
  evidenceCheck,
  proposalCheck,
  type SignedByMany,
  type SignedBySeat,
  type SignedProposal,
  voteCheck,
} from "./messages.ts";
