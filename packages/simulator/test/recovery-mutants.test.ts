import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Rules } from "../src/index.ts";
import {
  authoritiesGone,
  blindMembers,
  cancelled,
  type Drill,
  haltedResume,
  hiddenCertificate,
  lastBlockAcrossLease,
  oneWentOn,
  stakeRefuses,
  unpostedIsLost,
} from "./support/drills.ts";
import { type Mutation, withMutant } from "./support/mutant.ts";

/** Rules of recovery broken one at a time, each with the drill that notices. */
const MUTANTS: readonly (readonly [Drill, Mutation])[] = [
  [
    authoritiesGone("balanced"),
    {
      name: "RESTART is signed within grace",
      file: "recovery/restart.ts",
      from: "if (d.s.contracts!.at <= recovery.graceEnd) return;",
      to: "",
    },
  ],
  [
    blindMembers,
    {
      name: "RESTART does not wait for the lease",
      file: "recovery/restart.ts",
      from: "return stamp + registry.params.lease + 2 * params.drift;",
      to: "return stamp - registry.params.lease - params.drift;",
    },
  ],
  [
    unpostedIsLost,
    {
      name: "RESTART below an own FINALIZE",
      file: "recovery/restart.ts",
      from: "place.view >= d.s.finalizedView &&",
      to: "",
    },
  ],
  [
    hiddenCertificate("fast", true),
    {
      name: "RESTART regardless of what was posted",
      file: "recovery/restart.ts",
      from: "if (highest === undefined) return own[0] ?? null;",
      to: "if (d.s.now >= 0) return own[0] ?? null;",
    },
  ],
  [
    hiddenCertificate("fast", true),
    {
      name: "RESTART does not wait for a block on its way",
      file: "recovery/restart.ts",
      from: "const PATIENCE = 16;",
      to: "const PATIENCE = 0;",
    },
  ],
  [
    stakeRefuses,
    {
      name: "nobody posts certificates",
      file: "recovery/restart.ts",
      from: "  postBest(d, recovery);\n",
      to: "",
    },
  ],
  [
    cancelled(200),
    {
      name: "RESTART does not silence its signer in e",
      file: "silence.ts",
      from: "(epoch === restarted.epoch || epoch === restarted.epoch + 1);",
      to: "epoch === restarted.epoch + 1;",
    },
  ],
  [
    cancelled(6),
    {
      name: "RESTART does not silence its signer in e + 1",
      file: "silence.ts",
      from: "(epoch === restarted.epoch || epoch === restarted.epoch + 1);",
      to: "epoch === restarted.epoch;",
    },
  ],
  [
    cancelled(6),
    {
      name: "a restart in e + 1 forgets the RESTART of e",
      file: "restore.ts",
      from: "d.s.restarted = { epoch: d.epoch.start.epoch - 1, incarnation: d.epoch.start.incarnation };",
      to: "",
    },
  ],
  [
    cancelled(200),
    {
      name: "a restart forgets the RESTART",
      file: "restore.ts",
      from: "  d.bind(intent);\n",
      to: "",
    },
  ],
  [
    cancelled(200),
    {
      name: "a later recovery does not get the RESTART",
      file: "recovery/restart.ts",
      from: "if (isSame && d.s.answeredRecovery === recovery.graceEnd) return;",
      to: "if (isSame) return;",
    },
  ],
  [
    stakeRefuses,
    {
      name: "members back although they see a recovery open",
      file: "silence.ts",
      from: 'intent.what === "checkpoint" && mode === "fast" && openRecovery(s) !== null',
      to: 'intent.what === "checkpoint" && mode === "fast" && openRecovery(s) !== null && s.now < 0',
    },
  ],
  [
    stakeRefuses,
    {
      name: "Fast goes on without backing",
      file: "params.ts",
      from: 'lease: mode === "fast" ? p.lease : Number.POSITIVE_INFINITY,',
      to: "lease: Number.POSITIVE_INFINITY,",
    },
  ],
  [
    lastBlockAcrossLease,
    {
      name: "a last block's lease is its header's alone",
      file: "view/lease.ts",
      from: "const settledAt = isOwn && contracts.settledAt > header.settledAt ? contracts.settledAt : header.settledAt;",
      to: "const settledAt = isOwn ? header.settledAt : header.settledAt;",
    },
  ],
  [
    authoritiesGone("balanced"),
    {
      name: "the seed does not depend on the recovery",
      file: "epoch/start.ts",
      from: "seed: recoverySeed(context.start.seed, activation.incarnation, activation.blockHash),",
      to: "seed: context.start.seed,",
    },
  ],
  [
    unpostedIsLost,
    {
      name: "final blocks above the point are kept",
      file: "recovery/activate.ts",
      from: "  giveUp(d, place.fork);\n",
      to: "",
    },
  ],
  [
    haltedResume,
    {
      name: "halted nodes sign no RESTART",
      file: "silence.ts",
      from: '  if (intent.what === "restart") return null;\n  if (s.halted !== null) return "halted";',
      to: '  if (s.halted !== null) return "halted";\n  if (intent.what === "restart") return null;',
    },
  ],
  [
    haltedResume,
    {
      name: "halted nodes do not look at the other side",
      file: "block/progress.ts",
      from: "d.s.contradicted || isOver(d.s);",
      to: "isOver(d.s);",
    },
  ],
  [
    oneWentOn,
    {
      name: "nobody comes back from a later epoch",
      file: "recovery/activate.ts",
      from: "    resume(d, activation);\n",
      to: "",
    },
  ],
];

describe("the drills are not blind", () => {
  for (const [drill, mutation] of MUTANTS) {
    it(`notice: ${mutation.name}`, async () => {
      const failures = await withMutant(mutation, async (url) => {
        const rules = (await import(url)) as Rules;
        try {
          return drill(rules);
        } catch (error) {
          return [`the rules threw: ${String(error)}`];
        }
      });
      assert.notEqual(failures.length, 0);
    });
  }
});
