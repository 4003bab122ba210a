import { expect } from "chai";
import { network } from "hardhat";
import { COIN } from "../support/core.ts";
import {
  accrueEpoch,
  deployWorld,
  expectCovered,
  loadWorld,
  RULES,
  sealRegistry,
} from "../support/rewards.ts";

const connection = await network.create();
const fresh = () => deployWorld(connection);
const load = () => loadWorld(connection, fresh);

describe("attack: tokens given to the distributor to move its books", () => {
  it("a plain transfer changes neither reserve nor pay, and is nobody's", async () => {
    const paid: bigint[] = [];
    for (const gift of [0n, 1_000_000n * COIN]) {
      const w = await load();
      if (gift !== 0n) await w.token.transfer(await w.distributor.getAddress(), gift);
      await sealRegistry(w, { seal: 1, authorities: 1, weights: [0, 10, 10] });
      const reserve = await w.distributor.reserve();
      await accrueEpoch(w, 1);
      paid.push(reserve - (await w.distributor.reserve()));
      expect(await expectCovered(w)).to.equal(gift);
    }
    expect(paid[0]).to.equal(paid[1]);
  });

  it("an empty reserve pays nothing, whatever the balance, and stops nothing", async () => {
    const w = await load();
    await sealRegistry(w, { seal: 1, authorities: 1, weights: [0, 10, 10] });
    // A budget far beyond what is there, again and again.
    await w.world.setRules({ ...RULES, supply: 10n ** 13n });
    for (let i = 0; i < 30; i++) await accrueEpoch(w, 1, { blocks: 10_000_000 });
    await w.token.transfer(await w.distributor.getAddress(), 1_000_000n * COIN);
    const before = await w.distributor.reserve();
    expect(before).to.be.lessThan(1_000n * COIN);
    await accrueEpoch(w, 1, { blocks: 10_000_000 });
    expect(before - (await w.distributor.reserve())).to.be.within(0n, before);
    expect(await expectCovered(w)).to.equal(1_000_000n * COIN);
  });
});
