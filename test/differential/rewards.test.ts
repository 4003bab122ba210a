import { network } from "hardhat";
import { COIN, deployCore } from "../support/core.ts";
import { impersonate } from "../support/custody.ts";
import { begin, fund, testHistories, type Weights } from "./support/histories.ts";

const connection = await network.create();

const WEIGHTS: Weights = {
  delegate: 8,
  delegateFor: 3,
  undelegate: 6,
  cancel: 2,
  withdraw: 2,
  redelegate: 3,
  depositBond: 2,
  requestUnbond: 2,
  announceCommission: 3,
  applyCommission: 4,
  slash: 2,
  jail: 1,
  unjail: 1,
  exit: 1,
  rotateKey: 1,
  changeRole: 1,
  join: 2,
  enter: 2,
  epoch: 18,
  accrue: 20,
  settle: 4,
  settleRows: 2,
  claim: 6,
  claimValidator: 5,
  setCompound: 3,
  compound: 4,
  claimCredits: 2,
};

describe("rewards and their model", () => {
  const started = async () => {
    const core = await deployCore(connection);
    const world = await begin(core, await impersonate(core, core.addresses.slashing));
    await fund(world, 200_000_000n * COIN);
    return world;
  };
  testHistories(
    connection,
    started,
    [{ what: "epochs that are paid", weights: WEIGHTS, steps: 120, histories: 4 }],
    [
      "delegate",
      "undelegate",
      "applyCommission",
      "epoch",
      "accrue",
      "settle",
      "claim",
      "claimValidator",
      "compound",
      "claimCredits",
    ],
  );
});
