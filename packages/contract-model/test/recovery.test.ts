import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  activate,
  COIN,
  chargeLeak,
  delegate,
  isRecovering,
  jail,
  lastHeight,
  leakRound,
  openRecovery,
  poolOf,
  postCertificate,
  registryOf,
  restart,
  submit,
} from "../src/index.ts";
import { assertConserved, type Play, RULES, started } from "./support/world.ts";

const { stall, grace, leakAfter } = RULES.recovery;
const BLOCK = { view: 7, blockHash: "block 25" };
/** Seats 0 to n - 1. */
const seats = (n: number): number[] => Array.from({ length: n }, (_, seat) => seat);

/** Six stakers of equal stake, two epochs on, and silence for as long as it takes to open a recovery. */
function stalled(): Play {
  const play = started([20_000, 20_000, 20_000, 20_000, 20_000, 20_000]);
  play.epoch();
  play.epoch();
  play.refused("anyone", "HybridManagerNotStalled", (tx) => openRecovery(tx));
  play.at += stall;
  assert.equal(
    play.do("anyone", (tx) => openRecovery(tx)),
    1,
  );
  return play;
}

const post = (play: Play, from = "anyone") =>
  play.try(from, (tx) =>
    postCertificate(tx, { ...BLOCK, height: 25, stamp: play.at * 1000, signers: seats(5) }),
  );

const ask = (play: Play, by: readonly number[]) =>
  play.do("anyone", (tx) => restart(tx, BLOCK, { present: by, next: [] }));

describe("recovery", () => {
  it("opens once, and a boundary or a younger checkpoint ends it", () => {
    const play = stalled();
    play.refused("anyone", "HybridManagerAlreadyOpen", (tx) => openRecovery(tx));
    const checkpoint = (height: number, stamp: number) =>
      play.do("anyone", (tx) =>
        submit(tx, {
          height,
          stamp,
          view: height,
          blockHash: `${height}`,
          boundary: null,
          signers: seats(6),
        }),
      );
    checkpoint(22, (play.at - stall) * 1000 - 5_000);
    assert.ok(isRecovering(play.state));
    checkpoint(23, play.at * 1000);
    assert.ok(!isRecovering(play.state));
  });

  it("needs three stakers in the next epoch's registry, to open and to activate", () => {
    const few = started([20_000, 20_000]);
    few.at += stall;
    few.refused("anyone", "HybridManagerTooFewStakers", (tx) => openRecovery(tx));
    const play = started([20_000, 20_000, 20_000]);
    play.epoch();
    play.epoch();
    play.at += stall;
    play.do("anyone", (tx) => openRecovery(tx));
    play.do("anyone", (tx) =>
      postCertificate(tx, { ...BLOCK, height: 25, stamp: play.at * 1000, signers: seats(3) }),
    );
    play.at += grace;
    ask(play, seats(3));
    play.do("slasher", (tx) => jail(tx, 3));
    play.refused("anyone", "HybridManagerTooFewStakers", (tx) => activate(tx, BLOCK));
  });

  it("hears nobody in grace, and restarts with more than two thirds of both registries", () => {
    const play = stalled();
    assert.ok(post(play).ok);
    play.refused("anyone", "HybridManagerStillGrace", (tx) => restart(tx, BLOCK, { present: [0], next: [] }));
    play.at += grace;
    ask(play, seats(4));
    play.refused("anyone", "HybridManagerNoQuorum", (tx) => activate(tx, BLOCK));
    ask(play, [4]);
    play.refused("anyone", "HybridManagerNotCertified", (tx) =>
      activate(tx, { view: 8, blockHash: "other" }),
    );
    assert.equal(
      play.do("anyone", (tx) => activate(tx, BLOCK)),
      1,
    );
    const { schedule } = play.state;
    assert.deepEqual([schedule.epoch, schedule.height], [3, 25]);
    assert.deepEqual([schedule.records.get(3)!.firstHeight, schedule.records.get(3)!.mode], [26, "secure"]);
    assert.equal(schedule.boundaries.get(2)!.accounting.vector, null);
    // The next epoch reuses that registry; then candidates are sealed as ever.
    assert.equal(registryOf(play.state, 4), registryOf(play.state, 3));
    play.epoch();
    play.epoch();
    assert.equal(lastHeight(play.state, 5), 55);
  });

  it("does not go below what is accepted, and posts only ever higher in grace", () => {
    const play = stalled();
    const certificate = (view: number, blockHash: string, height: number) => ({
      view,
      blockHash,
      height,
      stamp: 0,
      signers: seats(6),
    });
    play.refused("anyone", "HybridManagerBelowFloor", (tx) => postCertificate(tx, certificate(1, "old", 20)));
    play.do("anyone", (tx) => postCertificate(tx, certificate(5, "a", 22)));
    play.refused("anyone", "HybridManagerNotHigher", (tx) => postCertificate(tx, certificate(5, "b", 22)));
    play.refused("anyone", "CheckpointManagerNoQuorum", (tx) =>
      postCertificate(tx, { ...certificate(6, "c", 23), signers: seats(4) }),
    );
    play.refused("anyone", "HybridManagerBelowFloor", (tx) => postCertificate(tx, certificate(6, "d", 12)));
  });

  it("leaks a tenth a round, at least one, never those heard, never below half", () => {
    const play = stalled();
    assert.ok(post(play).ok);
    play.at += grace;
    ask(play, seats(3));
    const rank = (_: number, __: number, seat: number) => BigInt(seat);
    play.refused("anyone", "HybridManagerNotYet", (tx) => leakRound(tx, rank));
    play.at += leakAfter;
    // A sixth is more than the step holds: one all the same.
    assert.deepEqual(
      play.do("anyone", (tx) => leakRound(tx, rank)),
      [3],
    );
    play.refused("anyone", "HybridManagerNotYet", (tx) => leakRound(tx, rank));
    play.refused("anyone", "HybridManagerNoQuorum", (tx) => activate(tx, BLOCK));
    play.at += RULES.recovery.leakRound;
    assert.deepEqual(
      play.do("anyone", (tx) => leakRound(tx, rank)),
      [4],
    );
    // Three of the four left: more than two thirds.
    play.do("anyone", (tx) => chargeLeak(tx, 1, [3, 4]));
    play.refused("anyone", "HybridManagerNotLeft", (tx) => chargeLeak(tx, 1, [3]));
    assert.equal(play.state.registry.validators.get(4)!.status, "jailed");
    play.do("anyone", (tx) => activate(tx, BLOCK));
    assert.deepEqual(registryOf(play.state, 3).weights, [20_000n, 20_000n, 20_000n, 0n, 0n, 20_000n]);
    assertConserved(play);
  });

  it("counts who is heard late again, and pays nothing for the recovered epoch", () => {
    const play = stalled();
    play.do("ann", (tx) => delegate(tx, 4, 10n * COIN));
    assert.ok(post(play).ok);
    play.at += grace;
    ask(play, seats(3));
    play.at += leakAfter;
    play.do("anyone", (tx) => leakRound(tx, (_, __, seat) => BigInt(seat)));
    ask(play, [3]);
    play.refused("anyone", "HybridManagerNoQuorum", (tx) => activate(tx, BLOCK));
    ask(play, [5]);
    play.do("anyone", (tx) => activate(tx, BLOCK));
    assert.ok(registryOf(play.state, 3).weights.every((weight) => weight === 20_000n));
    assert.equal(poolOf(play.state, 4).delegated, 10n * COIN);
  });
});
