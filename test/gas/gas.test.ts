import { expect } from "chai";
import { globalOptions } from "hardhat";
import { type GasFigures, measureGas, readTable, type TableEntry } from "../support/gas.ts";

/** Growth that is noise: signatures and hashes differ from run to run, and with them a few hundred gas of a proof. */
const TOLERANCE = 1.03;

// Contracts instrumented for measuring coverage cost more.
if (!globalOptions.coverage) {
  describe("gas and sizes beside docs/gas.json", () => {
    const table = readTable().figures;
    let measured: GasFigures;

    before(async () => {
      measured = await measureGas([7, 21]);
    });

    it("nothing grew by more than 3 % or beyond its bar", () => {
      const problems = Object.entries(measured).flatMap(([name, value]) =>
        problemsOf(name, value, table[name]),
      );
      expect(problems, problems.join("\n")).to.deep.equal([]);
    });

    it("the table says truly which bars are met", () => {
      for (const [name, { value, bar, met }] of Object.entries(table)) {
        expect(met, name).to.equal(bar === undefined ? undefined : value <= bar);
      }
    });

    it("growth, a bar passed and a figure not in the table are told", () => {
      expect(problemsOf("a", 103, { value: 100 })).to.deep.equal([]);
      expect(problemsOf("a", 104, { value: 100 })).to.have.length(1);
      expect(problemsOf("a", 102, { value: 100, bar: 101, met: true })).to.have.length(1);
      expect(problemsOf("a", 102, { value: 100, bar: 90, met: false })).to.deep.equal([]);
      expect(problemsOf("a", 1, undefined)).to.have.length(1);
    });
  });
}

function problemsOf(name: string, value: number, entry: TableEntry | undefined): string[] {
  if (entry === undefined) return [`${name}: ${value} is not in docs/gas.json`];
  if (value > entry.value * TOLERANCE) return [`${name}: ${value} after ${entry.value}`];
  return entry.met === true && value > entry.bar!
    ? [`${name}: ${value} is above its bar of ${entry.bar}`]
    : [];
}
