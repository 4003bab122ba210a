import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  defaultLedgerParameters,
  ExecutionError,
  formatGenesisFile,
  genesisStateRoot,
  parseGenesisFile,
} from "../src/index.ts";

const a = `0x${"aa".repeat(20)}`;
const b = `0x${"bb".repeat(20)}`;

describe("the allocation file", () => {
  const good = { chainId: 5, parameters: { gasTarget: 42 }, allocation: { [a]: "1000", [b]: "0" } };

  it("gives parameters over the defaults, and balances", () => {
    const genesis = parseGenesisFile(JSON.stringify(good));
    assert.deepEqual(genesis.parameters, { ...defaultLedgerParameters(5), gasTarget: 42 });
    assert.deepEqual(
      [...genesis.allocation],
      [
        [a, 1000n],
        [b, 0n],
      ],
    );
    assert.deepEqual(parseGenesisFile(formatGenesisFile(genesis)), genesis);
  });

  it("gives one root whatever the order and case of addresses, and empty accounts count for nothing", () => {
    const root = genesisStateRoot(parseGenesisFile(JSON.stringify(good)));
    const same = { chainId: 5, allocation: { [b]: "0", [a.toUpperCase().replace("X", "x")]: "1000" } };
    assert.equal(genesisStateRoot(parseGenesisFile(JSON.stringify(same))), root);
    const other = { chainId: 5, allocation: { [a]: "1001" } };
    assert.notEqual(genesisStateRoot(parseGenesisFile(JSON.stringify(other))), root);
  });

  const bad: readonly [string, unknown][] = [
    ["no object", [1]],
    ["an unknown key", { ...good, comment: "" }],
    ["an unknown parameter", { ...good, parameters: { gas: 1 } }],
    ["no chain id", { allocation: {} }],
    ["a fraction", { ...good, chainId: 1.5 }],
    ["a number for an amount", { ...good, allocation: { [a]: 5 } }],
    ["a negative amount", { ...good, allocation: { [a]: "-5" } }],
    ["a short address", { ...good, allocation: { "0xaa": "5" } }],
    ["an address in two cases", { ...good, allocation: { [a]: "5", [a.replace("a", "A")]: "5" } }],
    ["a supply of 2^128", { ...good, allocation: { [a]: `${(1n << 128n) - 1n}`, [b]: "1" } }],
  ];
  for (const [name, file] of bad) {
    it(`is refused with ${name}`, () => {
      assert.throws(
        () => genesisStateRoot(parseGenesisFile(JSON.stringify(file))),
        (error) => error instanceof ExecutionError && error.code === "BAD_GENESIS",
      );
    });
  }

  it("is refused if it is not JSON", () => {
    assert.throws(() => parseGenesisFile("{"), { code: "BAD_GENESIS" });
  });
});
