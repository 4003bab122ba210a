import { DEFAULT_RULES } from "@aitbc-hybrid/contract-model";

const MILLION = 1e6;
const { basePenalty, surchargeFactor } = DEFAULT_RULES.slashing;

/** Part of a bond that one conviction burns, without a surcharge. */
export const BASE_PENALTY = Number(basePenalty) / MILLION;
/** Part of the convicted stake that burns when a part of all of it is convicted around the same time. */
export const penaltyOf = (share: number): number =>
  Math.min(1, Math.max(BASE_PENALTY, Number(surchargeFactor) * share));
