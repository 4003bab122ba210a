import { deepEqual } from "node:assert/strict";
import { describe, test } from "node:test";
import { verdictOf } from "../prove.ts";

const info = (message: string) => ({ severity: "info", message });
const safe = info("CHC: Assertion violation check is safe!");

describe("verdictOf", () => {
  test("counts what is shown", () => {
    const unsupported = { severity: "warning", message: "SMTChecker: 12 unsupported language feature(s)." };
    deepEqual(verdictOf("A", [safe, unsupported, safe]), { name: "A", safe: 2, open: [] });
  });

  test("what is refuted or not decided is open", () => {
    const refuted = {
      severity: "warning",
      message: "CHC: Assertion violation happens here.\nCounterexample: x = 3",
    };
    const undecided = { severity: "warning", message: "CHC: Overflow might happen here." };
    deepEqual(verdictOf("A", [safe, refuted, undecided]).open, [refuted.message, undecided.message]);
  });

  test("an error or an empty answer proves nothing", () => {
    deepEqual(verdictOf("A", [safe, { severity: "error", message: "Parser error" }]).open, ["Parser error"]);
    deepEqual(verdictOf("A", []).open, ["the checker found nothing to prove"]);
  });
});
