import { network } from "hardhat";
import { deployCore } from "../support/core.ts";
import { impersonate } from "../support/custody.ts";
import { begin, expectSeen, historyOf, loadWorld, play, seeds, type Weights } from "./support/histories.ts";

const connection = await network.create();

const STEPS = 120;

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

/** Kinds of steps that succeed in one of the fixed histories at least: a history in which nothing happens proves nothing. */
const STEPS_SEEN = [
  "delegate",
  "delegateFor",
  "undelegate",
  "withdraw",
  "redelegate",
  "requestUnbond",
  "slash",
  "boundary",
  "seal",
];

describe("staking and elections against the model", () => {
  const seen = new Map<string, number>();
  const started = async () => {
    const core = await deployCore(connection);
    return begin(core, await impersonate(core, core.addresses.slashing));
  };

  const agrees = (what: string, weights: Weights, seed: number) =>
    it(`agrees to the wei on a random history of ${what} (seed ${seed})`, async () => {
      const world = await loadWorld(connection, started);
      await play(world, historyOf(weights, STEPS, seed));
      for (const [step, times] of world.seen) seen.set(step, (seen.get(step) ?? 0) + times);
    });

  for (const seed of seeds([1, 2, 3, 4])) agrees("everything", WEIGHTS, seed);
  for (const seed of seeds([1, 2, 3])) agrees("stake that moves", MOVING, seed);

  it("saw every kind of step succeed", () => {
    if (process.env.AITBC_HYBRID_HISTORIES !== undefined) console.log(new Map([...seen].sort()));
    expectSeen(seen, STEPS_SEEN);
  });
});
