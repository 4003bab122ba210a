import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../src/random.ts";
import { randomScenario } from "../../src/scenario.ts";
import { churned, honestSuffice, sealRegistry } from "../../src/settlement/index.ts";
import { Keyring } from "../../src/signatures.ts";

describe("random schedules", () => {
  it("keep the byzantine validators within the bounds, and are awkward", () => {
    const residues = new Set<string>();
    let emptyStakers = 0;
    let whales = 0;
    let heavyAuthorities = 0;
    let byzantine = 0;
    for (let seed = 0; seed < 300; seed++) {
      const { plan, mode, byzantine: bad, pool } = randomScenario(`${seed}`);
      const keyring = new Keyring({ validators: pool, seed: `${seed}` }, { registryOf: () => undefined });
      const registry = sealRegistry(plan, keyring);
      assert.ok(honestSuffice(registry, mode, new Set(bad.keys())), `seed ${seed}`);
      byzantine += bad.size;
      const stakes = plan.seats.map((seat) => seat.stake);
      const total = stakes.reduce((sum, stake) => sum + stake, 0n);
      residues.add(`${total % 3n}`);
      if (plan.seats.length === plan.authorities) emptyStakers++;
      if (total > 0n && stakes.some((stake) => 3n * stake === total)) whales++;
      if (stakes.slice(0, plan.authorities).some((stake) => stake > 0n)) heavyAuthorities++;
    }
    assert.equal(residues.size, 3);
    assert.ok(byzantine > 200 && emptyStakers > 10 && whales > 10 && heavyAuthorities > 10);
  });

  it("churn registries without moving a seat of who stays", () => {
    const random = new Random("churn");
    let changed = 0;
    for (let seed = 0; seed < 100; seed++) {
      const { plan, pool } = randomScenario(`${seed}`);
      const next = churned(plan, pool, random);
      plan.seats.forEach((seat, index) => {
        const later = next.seats[index]!.validator;
        if (seat.validator !== null && later !== null && later !== seat.validator)
          assert.ok(!next.seats.some((each) => each.validator === seat.validator));
      });
      if (JSON.stringify(next.seats.map(String)) !== "" && next !== plan) changed++;
    }
    assert.ok(changed > 50);
  });
});
