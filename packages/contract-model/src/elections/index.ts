export { candidateOf, enter, refresh, told } from "./live.ts";
export { greatestCut, type LiveSeat, type SealedWeights, sealWeights } from "./rules.ts";
export { readmit, seal, sealAgain, sealGenesis, seatUnder, snapshotOf } from "./seal.ts";
export { sitsAsAuthority, standingOf } from "./standings.ts";
