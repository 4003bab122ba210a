import { expect } from "chai";
import { network } from "hardhat";
import {
  type Core,
  checkpointAt,
  finalize,
  hashOf,
  loadCore,
  notarize,
  nullify,
  startedCore,
  ZERO,
} from "../support/core.ts";
import { contradiction, type Said, statement } from "../support/evidence.ts";

const connection = await network.create();
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);

describe("attack: framing honest signers by certificates that may stand side by side", () => {
  const restart: Said = { kind: "restart", view: 9, blockHash: hashOf("r") };
  const checkpoint = (height: number, view: number): Said => ({
    kind: "checkpoint",
    checkpoint: { ...checkpointAt({ height }), view },
  });
  const legal: [string, Said, Said][] = [
    ["NOTARIZE and NULLIFY of one view", notarize(7, "a"), nullify(7)],
    ["FINALIZE, later NOTARIZE over a gap that covers it", notarize(9, "b", 6), finalize(7, "a")],
    ["one block proposed again in a later view", notarize(7, "a", 6), notarize(8, "a", 6)],
    ["votes on two branches in different views", notarize(7, "a"), notarize(8, "b", 5)],
    ["NOTARIZE and FINALIZE of one block", notarize(7, "a"), finalize(7, "a")],
    ["NULLIFY after the FINALIZE of an earlier view", finalize(6, "a"), nullify(7)],
    ["checkpoints of two heights, nothing between them shown", checkpoint(5, 5), checkpoint(10, 10)],
    ["a checkpoint against what others finalized", finalize(5, "other"), checkpoint(5, 5)],
    ["RESTART at or above one's FINALIZE", finalize(9, "a"), restart],
    ["RESTART after NOTARIZE and NULLIFY of higher views", notarize(12, "a"), restart],
    ["RESTART at one's checkpoint", checkpoint(5, 9), restart],
    ["two RESTART", restart, { ...restart, view: 11 } as Said],
  ];
  for (const [name, first, second] of legal) {
    it(name, async () => {
      const core = await load(started);
      const all = { signers: [0, 1, 2, 4, 5, 6] };
      const c = contradiction(await statement(core, first, all), await statement(core, second, all));
      await expect(core.slashing.submitContradiction(c, ZERO)).to.be.revertedWithCustomError(
        core.slashing,
        "SlashingManagerNotAnOffence",
      );
    });
  }

  it("signers of one of two contradicting certificates are not in the other", async () => {
    const core = await load(started);
    const c = contradiction(
      await statement(core, finalize(7, "a"), { signers: [0, 1, 2] }),
      await statement(core, finalize(7, "b"), { signers: [3, 4, 5] }),
    );
    await expect(core.slashing.submitContradiction(c, ZERO)).to.be.revertedWithCustomError(
      core.slashing,
      "SlashingManagerNobody",
    );
  });
});
