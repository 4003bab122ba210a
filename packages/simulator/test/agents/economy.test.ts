import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DEFAULT_RULES } from "@aitbc-hybrid/contract-model";
import {
  cartelOf,
  DEFAULTS,
  Economy,
  type EconomyOptions,
  marginOf,
  penaltyOf,
  simulateEconomy,
  yearlyPay,
} from "../../src/agents/index.ts";
import { gini, mean, sum } from "../../src/statistics.ts";

const near = (a: number, b: number, part: number) =>
  assert.ok(Math.abs(a - b) <= part * Math.abs(b), `${a} is not within ${100 * part} % of ${b}`);

/** Nobody decides anything, and all are equal. */
const FROZEN: EconomyOptions = {
  ...DEFAULTS,
  operators: 30,
  delegators: 300,
  attention: 0,
  churn: 0,
  hazard: 0,
  entrants: 0,
  cost: 0,
  uptime: 1,
  commission: 0,
  commissionMax: 0,
  outsideYield: 0,
  outsideSpread: 0,
  bond: 1_000_000,
};

/** A year's pay by the shares of docs/parameters.md alone, for stakers who miss nothing. */
const SUPPLY_SHARE = 1e9 * 0.05 * 0.5;
const STAKERS_PAY = SUPPLY_SHARE * (0.88 * 0.4 + 0.1 * 0.3);

describe("pay", () => {
  it("of stakers who miss nothing is their share of half the annual cap, and their part of the proposer bonus", () => {
    const stakers = Array.from({ length: 40 }, (_, at) => ({
      bond: 20_000,
      stake: 100_000 + 1_000 * at,
      uptime: 1,
    }));
    const pay = yearlyPay(stakers, DEFAULT_RULES.rewards, 1);
    near(pay.budget, SUPPLY_SHARE, 1e-9);
    near(sum(pay.stakers), STAKERS_PAY, 1e-3);
    // In proportion to stake.
    near(pay.stakers[39]! / pay.stakers[0]!, 139 / 100, 1e-2);
  });

  it("of one who is half away is half, and nobody gains by it", () => {
    const stakers = Array.from({ length: 30 }, () => ({ bond: 20_000, stake: 100_000, uptime: 1 }));
    const away = stakers.map((staker, at) => (at === 0 ? { ...staker, uptime: 0.5 } : staker));
    const [before, after] = [
      yearlyPay(stakers, DEFAULT_RULES.rewards, 1),
      yearlyPay(away, DEFAULT_RULES.rewards, 1),
    ];
    // What is for votes halves; leading is paid by blocks made.
    const led = (SUPPLY_SHARE * 0.1 * 0.3) / 30;
    near(after.stakers[0]! - led, (before.stakers[0]! - led) / 2, 1e-2);
    near(after.stakers[1]!, before.stakers[1]!, 1e-9);
  });
});

describe("the market, against closed forms", () => {
  it("frozen: stake grows by what is paid, day by day, and the distribution stays as it is", () => {
    const economy = new Economy(FROZEN, "frozen");
    const before = [...economy.stakes().values()];
    const days = 200;
    for (let day = 0; day < days; day++) economy.step();
    const after = [...economy.stakes().values()];
    near(sum(after) - sum(before), (STAKERS_PAY * days) / 365, 2e-3);
    near(gini(after), gini(before), 1e-3);
  });

  it("free to leave and to come, stake settles where its yield is what can be had elsewhere: S = P / r", () => {
    const r = 0.06;
    const { days } = simulateEconomy(
      {
        ...FROZEN,
        delegators: 3_000,
        meanWealth: 100_000,
        paretoExponent: 1e9,
        bond: 100_000,
        attention: 0.02,
        friction: 0,
        herding: 0,
        outsideYield: r,
        compounding: false,
        stakeCap: 1_000_000,
        days: 400,
      },
      "outside",
    );
    const tail = days.slice(-5);
    near(mean(tail.map(({ stake }) => stake)), STAKERS_PAY / r, 0.05);
    near(mean(tail.map((day) => day.yield)), r, 0.05);
  });

  it("churn alone, each newcomer choosing evenly: shares concentrate as drawn at random, E Σx² = 1/n + (1 - 1/n)/N", () => {
    const [n, N] = [10, 200];
    const seen = Array.from({ length: 20 }, (_, run) => {
      const economy = new Economy(
        {
          ...FROZEN,
          operators: n,
          delegators: N,
          paretoExponent: 1e9,
          churn: 0.05,
          looks: 1,
          herding: 0,
          friction: -1,
          compounding: false,
        },
        `churn ${run}`,
      );
      for (let day = 0; day < 120; day++) economy.step();
      const counts = economy.operators.map((one) => economy.delegators.filter(({ at }) => at === one).length);
      return sum(counts.map((count) => (count / N) ** 2));
    });
    near(mean(seen), 1 / n + (1 - 1 / n) / N, 0.02);
  });

  it("convictions burn the base penalty at their rate: a stake decays by h · 10 % a year", () => {
    const hazard = 2;
    const lost = Array.from({ length: 8 }, (_, run) => {
      const economy = new Economy(
        { ...FROZEN, operators: 100, delegators: 0, hazard, compounding: false },
        `burnt ${run}`,
      );
      const before = sum([...economy.stakes().values()]);
      for (let day = 0; day < 365; day++) economy.step();
      return Math.log(before / sum([...economy.stakes().values()]));
    });
    // Each conviction multiplies by 0.9; the mean bond after Poisson(h) convictions is exp(-0.1 h).
    near(mean(lost), 0.1 * hazard, 0.06);
  });

  it("whom a validator costs more than it can earn leaves after a quarter; nobody leaves who gains", () => {
    const gains = new Economy(FROZEN, "exit");
    const loses = new Economy({ ...FROZEN, cost: 1e9 }, "exit");
    for (let day = 0; day < 95; day++) {
      gains.step();
      loses.step();
    }
    assert.equal(gains.operators.length, 30);
    assert.equal(loses.operators.length, 0);
  });

  it("the same seed gives the same life, another seed another", () => {
    const short = { ...DEFAULTS, days: 60 };
    assert.deepEqual(simulateEconomy(short, "a"), simulateEconomy(short, "a"));
    assert.notDeepEqual(simulateEconomy(short, "a"), simulateEconomy(short, "b"));
  });
});

describe("cartels", () => {
  const operators = Array.from({ length: 1_000 }, (_, at) => ({
    stake: 1_000,
    quantile: (at + 0.5) / 1_000,
  }));
  const stake = 1_000_000;

  it("a third is burnt whole when it is convicted, a hundredth by the base penalty", () => {
    assert.equal(penaltyOf(1 / 3), 1);
    assert.equal(penaltyOf(0.01), 0.1);
    assert.ok(Math.abs(penaltyOf(0.2) - 0.6) < 1e-12);
  });

  it("the willing part is 1 - exp(-margin / scruple), and a cartel forms above a third", () => {
    for (const rent of [100_000, 300_000, 400_000]) {
      const options = { rent, detection: 0.5, scruple: 1 };
      const margin = marginOf(stake, options);
      const willing = margin <= 0 ? 0 : 1 - Math.exp(-margin);
      const found = cartelOf(operators, options);
      assert.ok(Math.abs(found.willing - willing) < 2e-3, `${found.willing} at ${rent}, expected ${willing}`);
      assert.equal(found.forms, willing > 1 / 3);
    }
  });

  it("its price is where the margin is nothing", () => {
    const { price } = cartelOf(operators, { rent: 0, detection: 0.25, scruple: 1 });
    assert.ok(Math.abs(marginOf(stake, { rent: price, detection: 0.25 })) < 1e-12);
  });
});
