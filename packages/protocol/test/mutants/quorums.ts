import type { Mutant } from "./mutant.ts";

const QUORUMS = "packages/protocol/test/quorum.test.ts";
const SWITCHING = "packages/protocol/test/modes/switching.test.ts";
const STATEMENTS = "packages/protocol/test/evidence/statements.test.ts";
const RESTORE = "packages/protocol/test/restore.test.ts";
const REGISTRIES = "packages/protocol/test/registries.test.ts";
const QUORUM = "packages/protocol/src/quorum.ts";

/** Sections 2, 4, 6 and 7: quorums, restarting, modes, evidence. */
export const mutants: readonly Mutant[] = [
  {
    name: "section 1: a candidate without a quorum is taken over",
    file: "packages/protocol/src/registries.ts",
    find: "if (canDecide(electorate(registry, modeNext))) return candidate;",
    replace: "if (registry.root === candidate) return candidate;",
    opens: "an epoch without a quorum, which is the last",
    test: REGISTRIES,
  },
  {
    name: "section 2: two thirds of the authorities are enough",
    file: QUORUM,
    find: "3 * x.authorities > 2 * e.authorities",
    replace: "3 * x.authorities >= 2 * e.authorities",
    opens: "two quorums that share a third",
    test: QUORUMS,
  },
  {
    name: "section 2: two thirds of the stake are enough",
    file: QUORUM,
    find: "const twoThirdsOfStake = 3n * x.stake > 2n * e.stake",
    replace: "const twoThirdsOfStake = 3n * x.stake >= 2n * e.stake",
    opens: "two quorums that share a third",
    test: QUORUMS,
  },
  {
    name: "section 4: NULLIFY is forgotten by a restart",
    file: "packages/protocol/src/restore.ts",
    find: 'if (kind === "nullify") d.setOwn(view, { nullify: true });',
    replace: 'if (kind === "nullify") return;',
    opens: "an honest key is slashed after a crash",
    test: RESTORE,
  },
  {
    name: "section 4: N and X are forgotten by a restart",
    file: "packages/protocol/src/restore.ts",
    find: "if (certificate.domain !== d.epoch.domain) return;",
    replace: 'if (certificate.kind !== "finalize") return;',
    opens: "a restart of all loses what gaps are covered by",
    test: RESTORE,
  },
  {
    name: "section 6: modes are not checked",
    file: "packages/protocol/src/block/validity.ts",
    find: "modes.modeNext === commitment.modeNext && modes.modeWanted === commitment.modeWanted",
    replace: "modes.modeNext !== undefined && commitment !== null",
    opens: "an epoch's last leader chooses the mode",
    test: SWITCHING,
  },
  {
    name: "section 6: a wanted mode begins whoever is ready",
    file: "packages/protocol/src/modes/decide.ts",
    find: "return isQuorum(members, weight) ? context.start.hybrid.modeWanted : context.start.mode;",
    replace: "return weight.authorities < 0 ? context.start.mode : context.start.hybrid.modeWanted;",
    opens: "a mode that has no quorum",
    test: SWITCHING,
  },
  {
    name: "section 7: a backing of another chain is relayed for ever",
    file: "packages/protocol/src/evidence/checkpoints.ts",
    find: "  return d.s.strayBackings.some((each) => checkpointRootOf(each.domain, each.checkpoint) === root);\n",
    replace: "  return root.length === 0;\n",
    opens: "halted nodes that fill the network",
    test: STATEMENTS,
  },
];
