import { deepEqual, throws } from "node:assert/strict";
import { describe, test } from "node:test";
import { faultsOf, readResult } from "../model.ts";

const witnessed = (rule: string, count: number) =>
  `fired.contains("${rule}") was witnessed in ${count} trace(s) out of 300 explored (1.00%)\n`;
const holds = `[ok] No violation found (9364ms at 32 traces/second).\nWitnesses:\n`;

describe("a run of the model", () => {
  test("holds if nothing breaks and every rule was used", () => {
    const result = readResult(holds + witnessed("propose", 300) + witnessed("leak", 2));
    deepEqual([result.traces, result.broken], [300, false]);
    deepEqual(faultsOf({ name: "a/step", share: 1, rules: ["leak"] }, result), []);
  });

  test("a rule that no trace used makes it blind", () => {
    const result = readResult(holds + witnessed("propose", 300) + witnessed("leak", 0));
    deepEqual(faultsOf({ name: "a/step", share: 1, rules: ["leak"] }, result), [
      'a/step: no trace used "leak"',
    ]);
  });

  test("above the bounds something must break", () => {
    const broken = readResult(`${witnessed("propose", 9)}error: Invariant violated`);
    const above = { name: "above/step", share: 1, rules: [], breaks: true };
    deepEqual(faultsOf(above, broken), []);
    deepEqual(faultsOf({ ...above, breaks: false }, broken), ["above/step: an invariant breaks"]);
    deepEqual(faultsOf(above, readResult(holds + witnessed("propose", 300))).length, 1);
  });

  test("an answer that says neither is an error", () => {
    throws(() => readResult("error: parsing failed"), /says neither/);
  });
});
