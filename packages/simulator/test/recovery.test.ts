import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as rules from "@aitbc-hybrid/protocol";
import { World } from "../src/index.ts";
import {
  authoritiesGone,
  BRANCHES,
  blindMembers,
  cancelled,
  type Drill,
  haltedResume,
  hiddenCertificate,
  lastBlockAcrossLease,
  lateAssembled,
  oneWentOn,
  outage,
  reached,
  stakeGone,
  stakeRefuses,
  unpostedIsLost,
} from "./support/drills.ts";
import { randomRecovery } from "./support/recovery.ts";

const DRILLS: Readonly<Record<string, Drill>> = {
  "fast: half of the authorities is gone for good": authoritiesGone("fast"),
  "balanced: half of the authorities is gone for good": authoritiesGone("balanced"),
  "fast: the same, and epochs go on after the recovery": authoritiesGone("fast", 6),
  "balanced: the same, and epochs go on after the recovery": authoritiesGone("balanced", 6),
  "fast: more than a third of the stake is gone for good, and leaks": stakeGone("fast"),
  "balanced: more than a third of the stake is gone for good, and leaks": stakeGone("balanced"),
  "secure: more than a third of the stake is gone for good, and leaks": stakeGone("secure"),
  "fast: more than a third of the stake refuses to back": stakeRefuses,
  "fast: nobody sees the recovery before its grace is over": blindMembers,
  "fast: what was final, neither backed nor posted, is given up everywhere": unpostedIsLost,
  "fast: the settlement chain stops for longer than every lease": outage("fast"),
  "balanced: the settlement chain stops for longer than the lease": outage("balanced"),
  "secure: the settlement chain stops for longer than the lease": outage("secure"),
  "an epoch's last block is certified, not final, when its lease ends": lastBlockAcrossLease,
  "fast: F of a block that was given up is assembled after the recovery": lateAssembled("fast"),
  "balanced: F assembled after the recovery is of a block that was kept": lateAssembled("balanced"),
  "fast: a hidden N is shown at the last moment, its block can be had": hiddenCertificate("fast", true),
  "fast: a hidden N is shown at the last moment, its block cannot be had": hiddenCertificate("fast", false),
  "balanced: a hidden N is shown at the last moment": hiddenCertificate("balanced", true),
  "fast: nodes halted by a contradiction sign RESTART and resume": haltedResume,
  "a node that went on to the next epoch alone comes back": oneWentOn,
  "RESTART is signed, then the boundary is accepted": cancelled(6),
  "RESTART is signed, then a checkpoint is accepted": cancelled(200),
};

describe("recovery, directed", () => {
  for (const [name, drill] of Object.entries(DRILLS)) it(name, () => assert.deepEqual(drill(rules), []));

  it("come to every branch of recovery", () => {
    assert.deepEqual(
      BRANCHES.filter((name) => !reached.has(name)),
      [],
    );
  });
});

describe("recovery, random schedules", () => {
  const SCHEDULES = 30;
  it(`${SCHEDULES}: no backed block is lost, nobody signs an offence, the chain goes on`, () => {
    const taken = new Map<string, number>();
    const note = (name: string, times: number): void => {
      taken.set(name, (taken.get(name) ?? 0) + times);
    };
    for (let seed = 1; seed <= SCHEDULES; seed++) {
      const world = new World({ scenario: randomRecovery(seed) }, { rules });
      const { failures, counts } = world.run();
      assert.deepEqual(failures, [], `seed ${seed}`);
      for (const [name, times] of world.settlement.recoveries?.taken ?? []) note(name, times);
      for (const [name, times] of counts.rules) note(name, times);
    }
    for (const name of ["opened", "posted", "activated", "cancelled", "leaked", "6: RESTART", "6: recovered"])
      assert.ok((taken.get(name) ?? 0) > 0, name);
  });
});
