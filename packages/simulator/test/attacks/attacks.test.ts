import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as rules from "@aitbc-hybrid/protocol";
import { ATTACKS, caseName } from "../../src/index.ts";

describe("attacks fail where the protocol promises it, and succeed where its arithmetic says so", () => {
  for (const attack of ATTACKS)
    for (const of of attack.cases) {
      it(`${caseName(attack, of)}: fails at ${of.safe}/${of.scale}`, () => {
        const outcome = of.play(of.safe, "test", { rules });
        assert.deepEqual(outcome.failures, []);
        assert.equal(outcome.succeeded, false);
      });
      if (of.broken === null) continue;
      const { broken } = of;
      it(`${caseName(attack, of)}: succeeds at ${broken}/${of.scale}`, () => {
        const outcome = of.play(broken, "test", { rules });
        assert.deepEqual(outcome.failures, []);
        assert.equal(outcome.succeeded, true);
      });
    }
});

describe("the attack library", () => {
  it("names every case once, and bounds within its scale", () => {
    const names = ATTACKS.flatMap((attack) => attack.cases.map((of) => caseName(attack, of)));
    assert.equal(new Set(names).size, names.length);
    for (const { cases } of ATTACKS)
      for (const { safe, broken, most, scale } of cases) {
        assert.ok(0 < safe && safe <= most && most <= scale);
        assert.ok(broken === null ? safe === most : safe < broken && broken <= most);
      }
  });

  it("plays the same run again from the same seed", () => {
    const of = ATTACKS.find(({ name }) => name === "equivocating-leader")!.cases[0]!;
    const play = () => of.play(of.broken!, "again", { rules });
    assert.deepEqual(play(), play());
  });
});

describe("what attacks measure", () => {
  const measured = (
    name: string,
    index: number,
    level: (of: { safe: number; broken: number | null }) => number,
  ) => {
    const of = ATTACKS.find((attack) => attack.name === name)!.cases[index]!;
    return of.play(level(of), "measured", { rules }).measures;
  };

  it("an equivocation happens below the bound too", () => {
    assert.ok(measured("equivocating-leader", 0, ({ safe }) => safe).equivocations! > 0);
  });

  it("below a third the inbox is taken, whoever leads; between a third and two thirds nobody gets past it", () => {
    const live = ({ mode }: { mode: string }): number => (mode === "fast" ? 2 : 9);
    for (const index of [0, 1]) {
      const of = ATTACKS.find(({ name }) => name === "inbox-censorship")!.cases[index]!;
      const { taken, passedBy } = of.play(live(of), "measured", { rules }).measures;
      assert.ok(taken! > 5 && passedBy === 0, `${taken} taken, ${passedBy} passed by`);
      assert.equal(of.play(of.safe, "measured", { rules }).measures.passedBy, 0);
    }
  });

  it("a fork convicts more than a third of the class, and a bribe of that much burns all of it", () => {
    const { convictedEnough, stakeBurnt } = measured("bribed-third", 0, ({ broken }) => broken!);
    assert.equal(convictedEnough, 1);
    assert.ok(Math.abs(stakeBurnt! - 11 / 30) < 1e-12);
  });

  it("a forged block is really proposed below the bound", () => {
    assert.equal(measured("forged-block", 0, ({ safe }) => safe).forged, 1);
  });

  it("votes of a victim that corrupt leaders overlook come back by honest ones", () => {
    assert.ok(measured("bitmap-censorship", 0, ({ safe }) => safe).victimNamed! > 0.5);
  });
});
