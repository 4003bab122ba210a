import { network } from "hardhat";
import type { ParameterFile } from "../../tasks/parameters.ts";
import { COIN, deployCore } from "../support/core.ts";
import { impersonate } from "../support/custody.ts";
import { begin, fund, testHistories, type Weights } from "./support/histories.ts";

const connection = await network.create();

const WEIGHTS: Weights = {
  delegate: 10,
  delegateFor: 2,
  undelegate: 7,
  cancel: 2,
  withdraw: 7,
  redelegate: 6,
  settleLiability: 2,
  clearLiability: 2,
  settleEntry: 2,
  depositBond: 2,
  requestUnbond: 4,
  withdrawBond: 4,
  slash: 1,
  collectSlashed: 2,
  jail: 1,
  unjail: 3,
  join: 3,
  enter: 3,
  rotateKey: 1,
  changeRole: 1,
  epoch: 14,
  accrue: 18,
  claim: 2,
  convict: 6,
  convictGroup: 3,
  executeGroup: 5,
  settleSlashing: 5,
  chargeAbsence: 8,
  leak: 2,
  veto: 8,
  commit: 2,
  takeReward: 2,
};

/** Absence is noticed after an epoch: the vectors of these histories have no long runs. */
const quick = (file: ParameterFile): ParameterFile => ({
  ...file,
  slashing: { ...file.slashing, jailAfter: 1 },
  slashingBounds: {
    ...file.slashingBounds,
    lower: { ...file.slashingBounds.lower, jailAfter: 1 },
  },
});

describe("slashing and its model", () => {
  const started = async () => {
    const core = await deployCore(connection, quick);
    const world = await begin(core, await impersonate(core, core.addresses.slashing));
    await fund(world, 200_000_000n * COIN);
    return world;
  };
  testHistories(
    connection,
    started,
    [{ what: "offences and absences", weights: WEIGHTS, steps: 100, histories: 4 }],
    ["convict", "convictGroup", "executeGroup", "settleSlashing", "chargeAbsence", "leak", "veto"],
  );
});
