import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { explore, type Reducer, SETUPS, smallSetup } from "../src/index.ts";
import { type Mutation, withMutant } from "./support/mutant.ts";

/** States of the quick configurations: a change of the rules that adds or takes away behaviour shows here. */
const STATES: Readonly<Record<string, number>> = {
  "fast, an honest leader, one view": 664,
  "balanced, a corrupt leader, one view": 6_822,
  "secure, a third of the stake corrupt, an honest leader, two views": 6_306,
  "balanced, an honest leader, one view, a crash": 8_764,
};

describe("small configurations, explored whole", () => {
  for (const { name, setup } of SETUPS.filter(({ quick }) => quick)) {
    it(`${name}: no two final blocks contradict each other, nobody can be slashed`, () => {
      const { states, complete, withFinal, disagreement, violation } = explore(setup);
      assert.deepEqual({ disagreement, violation }, { disagreement: null, violation: null });
      assert.ok(complete);
      assert.ok(withFinal > 100, `${withFinal} states with a final block`);
      assert.equal(states, STATES[name]);
    });
  }
});

const FINALIZE_AFTER_NULLIFY: Mutation = {
  name: "rule 5: FINALIZE although the term was nullified",
  file: "view/rules.ts",
  from: "if (nullifiedInTerm(d, view) || ",
  to: "if (",
};

/** A replica that signed FINALIZE has left the view, unless it comes back from a crash and has to execute the block again. */
const NULLIFY_AFTER_FINALIZE: Mutation = {
  name: "rule 6: NULLIFY although FINALIZE is signed",
  file: "view/rules.ts",
  from: "  if (d.own(view).nullify || finalizedInTerm(d, view)) return;\n",
  to: "  if (d.own(view).nullify) return;\n",
};

describe("the explorer is not blind", () => {
  it(`finds an offence after a crash: ${NULLIFY_AFTER_FINALIZE.name}`, async () => {
    const setup = smallSetup({
      mode: "balanced",
      authorities: 4,
      stakes: [0n, 0n, 0n, 0n],
      corrupt: [3],
      leaders: [0],
      views: 1,
    });
    const [without, withCrash] = await withMutant(NULLIFY_AFTER_FINALIZE, async (url) => {
      const reducer = (await import(url)) as Reducer;
      return [0, 1].map((crashes) => explore({ ...setup, crashes, stopsAtViolation: true }, reducer));
    });
    assert.equal(without!.violation, null);
    assert.match(withCrash!.violation?.at(-1) ?? "", /nullify-finalize/);
  });

  it(`finds two final blocks: ${FINALIZE_AFTER_NULLIFY.name}`, async () => {
    const setup = smallSetup({
      mode: "balanced",
      authorities: 4,
      stakes: [0n, 0n, 0n, 0n],
      corrupt: [3],
      leaders: [0, 1],
      views: 2,
      deliversFinal: false,
    });
    const result = await withMutant(FINALIZE_AFTER_NULLIFY, async (url) =>
      explore({ ...setup, mostStates: 40_000 }, (await import(url)) as Reducer),
    );
    assert.ok(result.disagreement !== null, `${result.states} states agree`);
    assert.match(result.violation?.at(-1) ?? "", /nullify-finalize/);
  });

  it("finds two final blocks above the fault bound", () => {
    const setup = smallSetup({
      mode: "fast",
      authorities: 4,
      stakes: [0n, 0n, 0n, 0n],
      corrupt: [2, 3],
      leaders: [3],
      views: 1,
    });
    const { disagreement, violation } = explore(setup);
    assert.ok(disagreement !== null);
    assert.equal(violation, null);
  });
});
