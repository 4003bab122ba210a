import { expect } from "chai";
import { network } from "hardhat";
import { loadCore } from "../support/core.ts";
import {
  accrueEpoch,
  delegate,
  deployWorld,
  endEpoch,
  endHour,
  expectCovered,
  fundedCore,
  loadWorld,
  payHour,
  RULES,
  sealRegistry,
} from "../support/rewards.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const funded = () => fundedCore(connection);
const load = () => loadCore(connection, funded);
const fresh = () => deployWorld(connection);
const STAKER = 5;

describe("attack: stopping accrual", () => {
  it("a quorum that hides its vector or commits to nonsense costs that epoch's pay and no other's", async () => {
    const w = await loadWorld(connection, fresh);
    await sealRegistry(w, { seal: 1, authorities: 1, weights: [0, 10, 10] });
    await accrueEpoch(w, 1, { vector: "0x1234567890" });
    expect(await w.distributor.outstanding()).to.equal(0n);
    const hidden = await endEpoch(w, 1);
    await accrueLater(hidden);
    expect(await w.distributor.outstanding()).to.equal(0n);
    w.stamp = Number(await w.distributor.paidUntil());
    await networkHelpers.time.increase(3_600);
    await accrueEpoch(w, 1);
    expect(await w.distributor.outstanding()).to.be.greaterThan(0n);

    async function accrueLater(due: typeof hidden) {
      await networkHelpers.time.increase(Number(RULES.accrualDeadline));
      await w.distributor.accrue(due.epoch, due.accounting, "0x", due.relayer);
    }
  });

  it("epochs accrued late are paid as if accrued in time", async () => {
    const core = await load();
    const ann = core.others[10]!;
    await delegate(core, ann, STAKER, 10_000);
    const due = [];
    for (let epoch = 0; epoch < 6; epoch++) due.push(await endHour(core));
    expect(await core.distributor.settle.staticCall(STAKER, ann.address)).to.equal(0n);
    for (const { epoch, accounting, vector, relayer } of due) {
      await core.distributor.accrue(epoch, accounting, vector, relayer);
    }
    const late = await core.distributor.settle.staticCall(STAKER, ann.address);
    const again = await load();
    await delegate(again, again.others[10]!, STAKER, 10_000);
    for (let epoch = 0; epoch < 6; epoch++) await payHour(again);
    expect(await again.distributor.settle.staticCall(STAKER, ann.address)).to.equal(late);
  });

  it("stake leaves and claims go on while nobody accrues", async () => {
    const core = await load();
    const ann = core.others[10]!;
    await delegate(core, ann, STAKER, 10_000);
    for (let epoch = 0; epoch < 5; epoch++) await payHour(core);
    for (let epoch = 0; epoch < 3; epoch++) await endHour(core);
    const due = await core.distributor.settle.staticCall(STAKER, ann.address);
    await core.distributor.claim([STAKER], ann.address);
    const { shares } = await core.pool.position(STAKER, ann.address);
    await core.pool.connect(ann).undelegate(STAKER, shares);
    expect(due).to.be.greaterThan(0n);
    await expectCovered(core);
  });
});
