import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type BlockSummary, handedOn } from "../../src/index.ts";

interface Vector {
  readonly name: string;
  readonly input: Readonly<Record<string, string>>;
  readonly hash: string;
}

const { hashes }: { readonly hashes: { readonly handedOn: readonly Vector[] } } = JSON.parse(
  readFileSync(new URL("../../../../vectors/codec.json", import.meta.url), "utf8"),
);

const ZERO = `0x${"00".repeat(32)}` as const;
const summaryOf = (input: Vector["input"]): BlockSummary => ({
  // None of these is part of it.
  hash: ZERO,
  parentHash: ZERO,
  stateRoot: ZERO,
  receiptsRoot: ZERO,
  feeRecipient: `0x${"00".repeat(20)}`,
  height: 1,
  stamp: 2,
  gasUsed: Number(input.gasUsed),
  gasTarget: Number(input.gasTarget),
  bytesUsed: Number(input.bytesUsed),
  executed: Number(input.executed),
  skipped: Number(input.skipped),
  baseFee: BigInt(input.baseFee!),
  burnt: BigInt(input.burnt!),
});

test("what a block hands on has the known hash", () => {
  // Numbers end at 2^53 - 1 here.
  const known = hashes.handedOn.filter(({ name }) => name !== "wide");
  assert.deepEqual(
    known.map(({ name }) => name),
    ["typical", "zero", "greatest"],
  );
  for (const { name, input, hash } of known) assert.equal(handedOn(summaryOf(input)), hash, name);
});
