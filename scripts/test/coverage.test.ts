import { deepEqual, throws } from "node:assert/strict";
import { describe, test } from "node:test";
import { readReport, totals } from "../coverage.ts";

const lcov = `TN:
SF:contracts/a/Half.sol
DA:3,1
DA:4,0
LH:1
LF:2
end_of_record
SF:contracts/Whole.sol
DA:1,7
DA:2,1
end_of_record
SF:test/harness/Open.sol
DA:1,0
end_of_record
`;
const printed = `
║ File Path               │ Line % │ Statement % │ Uncovered Lines ║
║ contracts/a/Half.sol    │ 50.00  │ 40.00       │ 4               ║
║ contracts/Whole.sol     │ 100.00 │ 100.00      │ -               ║
║ test/harness/Open.sol   │ 0.00   │ 0.00        │ 1               ║
`;

describe("readReport", () => {
  test("takes what is ours, with the lines that were not executed", () => {
    deepEqual(readReport(lcov, printed), [
      { file: "contracts/a/Half.sol", lines: 2, uncovered: [4], statements: 40 },
      { file: "contracts/Whole.sol", lines: 2, uncovered: [], statements: 100 },
    ]);
  });

  test("refuses a report that lacks a file", () => {
    throws(() => readReport(lcov, "nothing printed"), /does not list contracts\/a\/Half.sol/);
    throws(() => readReport("TN:\n", printed), /no contract/);
  });
});

describe("totals", () => {
  test("are rounded down: 100 means all", () => {
    deepEqual(totals(readReport(lcov, printed)), { lines: 75, statements: 70 });
    const file = (uncovered: number[], statements: number) => ({
      file: "x",
      lines: 100_000,
      uncovered,
      statements,
    });
    deepEqual(totals([file([1], 99.99)]), { lines: 99.99, statements: 99.99 });
    deepEqual(totals([file([], 100)]), { lines: 100, statements: 100 });
  });
});
