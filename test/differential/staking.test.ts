import { network } from "hardhat";
import { deployCore } from "../support/core.ts";
import { impersonate } from "../support/custody.ts";
import { begin, testHistories, type Weights } from "./support/histories.ts";

const connection = await network.create();

const WEIGHTS: Weights = {
  delegate: 12,
  delegateFor: 4,
  undelegate: 10,
  cancel: 4,
  withdraw: 7,
  redelegate: 7,
  settleLiability: 2,
  clearLiability: 2,
  settleEntry: 2,
  depositBond: 3,
  requestUnbond: 4,
  cancelBond: 2,
  withdrawBond: 3,
  announceCommission: 3,
  applyCommission: 3,
  pause: 1,
  slash: 5,
  hold: 1,
  collectSlashed: 1,
  jail: 1,
  unjail: 1,
  exit: 1,
  rotateKey: 1,
  changeRole: 1,
  join: 2,
  enter: 2,
  epoch: 12,
};

/** Stake that moves from validator to validator while these are slashed: liabilities, split, inherited and charged. */
const MOVING: Weights = {
  delegate: 14,
  delegateFor: 3,
  undelegate: 14,
  cancel: 10,
  withdraw: 8,
  redelegate: 24,
  settleLiability: 4,
  clearLiability: 4,
  settleEntry: 5,
  announceCommission: 4,
  slash: 10,
  hold: 2,
  epoch: 6,
};

describe("staking, elections and their model", () => {
  const started = async () => {
    const core = await deployCore(connection);
    return begin(core, await impersonate(core, core.addresses.slashing));
  };
  testHistories(
    connection,
    started,
    [
      { what: "everything", weights: WEIGHTS, steps: 120, histories: 4 },
      { what: "stake that moves", weights: MOVING, steps: 120, histories: 3 },
    ],
    [
      "delegate",
      "delegateFor",
      "undelegate",
      "cancel",
      "withdraw",
      "redelegate",
      "depositBond",
      "requestUnbond",
      "announceCommission",
      "slash",
      "hold",
      "epoch",
    ],
  );
});
