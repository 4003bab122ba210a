import { network } from "hardhat";
import { COIN, deployCore } from "../support/core.ts";
import { impersonate } from "../support/custody.ts";
import {
  begin,
  expectSeen,
  fund,
  historyOf,
  loadWorld,
  play,
  seeds,
  type Weights,
} from "./support/histories.ts";

const connection = await network.create();

const STEPS = 120;

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

/** Kinds of steps that succeed in one of the fixed histories at least. */
const SUCCEED = [
  "delegate",
  "undelegate",
  "applyCommission",
  "boundary",
  "seal",
  "accrue",
  "settle",
  "claim",
  "claimValidator",
  "compound",
  "claimCredits",
];

describe("rewards against the model", () => {
  const seen = new Map<string, number>();
  const started = async () => {
    const core = await deployCore(connection);
    const world = await begin(core, await impersonate(core, core.addresses.slashing));
    await fund(world, 200_000_000n * COIN);
    return world;
  };

  for (const seed of seeds([1, 2, 3, 4])) {
    it(`agrees to the wei on a random history (seed ${seed})`, async () => {
      const world = await loadWorld(connection, started);
      await play(world, historyOf(WEIGHTS, STEPS, seed));
      for (const [what, times] of world.seen) seen.set(what, (seen.get(what) ?? 0) + times);
    });
  }

  it("saw every kind of step succeed", () => {
    if (process.env.AITBC_HYBRID_HISTORIES) console.log(new Map([...seen].sort()));
    expectSeen(seen, SUCCEED);
  });
});
