import { expect } from "chai";
import { network } from "hardhat";
import {
  accrueEpoch,
  deployWorld,
  loadWorld,
  type Presence,
  RULES,
  sealRegistry,
} from "../support/rewards.ts";

const connection = await network.create();
const fresh = () => deployWorld(connection);
const load = () => loadWorld(connection, fresh);
const WEIGHTS = [10, 10, 100, 200];
const BLOCKS = 100;

describe("attack: nullifying a proposer's views to share its bonus", () => {
  /** What a seat's proposals bring when `proposed` blocks were made in `views` views. */
  async function bonuses(proposed: readonly number[], views: number): Promise<bigint[]> {
    const w = await load();
    await sealRegistry(w, { seal: 1, authorities: 2, weights: WEIGHTS });
    // Nothing but the bonus: it is the whole budget and nobody's votes were carried.
    await w.world.setRules({ ...RULES, creditShare: 0n });
    const presence: Presence[] = proposed.map((count) => ({ proposed: count, missed: 65_535 }));
    await accrueEpoch(w, 1, { presence, views, blocks: BLOCKS });
    return Promise.all(
      WEIGHTS.map(async (_, seat) => {
        const [authority, stakers] = await w.distributor.countersAt(0, seat);
        return authority + stakers;
      }),
    );
  }

  it("a proposer whose views were nullified leaves its bonus to nobody", async () => {
    const fair = await bonuses([25, 25, 25, 25], 100);
    // The epoch still has its 100 blocks: the excluded proposer's 25 views are made good by 25 more.
    const without = await bonuses([33, 33, 0, 34], 133);
    for (const seat of [0, 1, 3]) {
      const blocks = seat === 3 ? 34n : 33n;
      expect(without[seat]! / blocks, "a block's").to.be.lessThan(fair[seat]! / 25n);
    }
    const total = (values: readonly bigint[]) => values.reduce((sum, value) => sum + value, 0n);
    expect(total(without)).to.be.lessThan(total(fair));
    // A third of all views at most: what it gains in blocks it loses in pay for each.
    expect(without[0]!).to.be.lessThanOrEqual(fair[0]!);
  });

  it("a vector that counts more blocks than there were views pays no more than the bonus", async () => {
    const honest = await bonuses([25, 25, 25, 25], 100);
    const lying = await bonuses([65_535, 65_535, 65_535, 65_535], 100);
    const total = (values: readonly bigint[]) => values.reduce((sum, value) => sum + value, 0n);
    expect(total(lying)).to.equal(total(honest));
  });
});
