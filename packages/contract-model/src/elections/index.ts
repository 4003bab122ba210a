export { candidateOf, enter, refresh, told } from "./live.ts";
export { greatestCut, type LiveSeat, type SealedWeights, sealWeights } from "./rules.ts";
export { seal, sealGenesis, sealRecovery, seatUnder, snapshotOf } from "./seal.ts";
