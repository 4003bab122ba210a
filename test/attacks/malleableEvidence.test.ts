import { expect } from "chai";
import { network } from "hardhat";
import {
  type Core,
  finalize,
  hashOf,
  loadCore,
  notarize,
  startedCore,
  votePair,
  ZERO,
} from "../support/core.ts";
import { contradiction, statement } from "../support/evidence.ts";
import { g2Hex, g2Struct, outsideG2 } from "../support/points.ts";

const OUTSIDE = g2Hex(outsideG2());

const connection = await network.create();
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);

describe("attack: encodings that mean the same, or nothing", () => {
  it("bits of vacant seats, seats beyond the registry, empty sets", async () => {
    const core = await load(started);
    const first = await statement(core, finalize(7, "a"), { signers: [4, 5] });
    for (const listed of [
      [4, 5, 7],
      [4, 5, 1023],
    ]) {
      const second = await statement(core, finalize(7, "b"), { signers: [4, 5], listed });
      await expect(
        core.slashing.submitContradiction(contradiction(first, second), ZERO),
      ).to.be.revertedWithCustomError(core.slashing, "SlashingManagerVacantSeat");
    }
    const empty = await statement(core, finalize(7, "b"), { signers: [4], listed: [] });
    await expect(
      core.slashing.submitContradiction(contradiction(first, empty), ZERO),
    ).to.be.revertedWithCustomError(core.slashing, "SlashingManagerNobody");
  });

  it("infinity, points off the curve and out of the subgroup", async () => {
    const core = await load(started);
    const one = await statement(core, finalize(7, "a"), { signers: [4] });
    const other = await statement(core, finalize(7, "b"), { signers: [4] });
    const c = contradiction(one, other);
    const pair = await votePair(core, 4, finalize(7, "a"), finalize(7, "b"));
    // On the curve y^2 = x^3 + 4(1 + u) at x = 2, but not of prime order.
    const bad = [`0x${"00".repeat(256)}`, `0x${"00".repeat(63)}01${"00".repeat(192)}`, OUTSIDE].map(g2Struct);
    for (const signature of bad) {
      await expect(core.slashing.submitContradiction({ ...c, signature }, ZERO)).to.revert(connection.ethers);
      await expect(core.slashing.submitVotes({ ...pair, signature })).to.revert(connection.ethers);
    }
  });

  it("wrong kinds, view 0, the pair turned round", async () => {
    const core = await load(started);
    const pair = await votePair(core, 4, notarize(7, "a"), finalize(7, "b"));
    for (const changed of [
      { ...pair, first: pair.second, second: pair.first },
      { ...pair, first: { ...pair.first, kind: 1 } },
      { ...pair, second: { ...pair.second, kind: 5 } },
      { ...pair, first: { ...pair.first, viewNumber: 0 }, second: { ...pair.second, viewNumber: 0 } },
      { ...pair, second: { ...pair.second, viewNumber: 8 } },
    ]) {
      await expect(core.slashing.submitVotes(changed)).to.be.revertedWithCustomError(
        core.slashing,
        "SlashingManagerNotAnOffence",
      );
    }
  });

  it("fields that a NULLIFY does not sign change neither the verdict nor its identity", async () => {
    const core = await load(started);
    const one = await statement(core, finalize(7, "a"), { signers: [4] });
    const nul = await statement(
      core,
      { kind: "nullify", view: 7, parentView: 0, blockHash: ZERO },
      { signers: [4] },
    );
    const odd = {
      ...nul,
      words: { ...nul.words, vote: { ...nul.words.vote, parentView: 3, blockHash: hashOf("noise") } },
    };
    await core.slashing.submitContradiction(contradiction(one, nul), ZERO);
    await expect(
      core.slashing.submitContradiction(contradiction(one, odd), ZERO),
    ).to.be.revertedWithCustomError(core.slashing, "SlashingManagerAlreadyCharged");
  });
});
