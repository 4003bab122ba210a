import type { Mutant } from "./mutant.ts";

const PURE = "packages/protocol/test/inbox/forced.test.ts";
const VOTING = "packages/protocol/test/view/forced.test.ts";

const FORCED = "packages/protocol/src/inbox/forced.ts";
const RULES_TS = "packages/protocol/src/view/rules.ts";
const VALIDITY = "packages/protocol/src/block/validity.ts";

/** Forced inclusion, section 9. */
export const mutants: readonly Mutant[] = [
  {
    name: "forced: a block takes less than its quota holds",
    file: FORCED,
    find: "(count > 0 && bytes > most)",
    replace: "(count > 0 && bytes >= most)",
    opens: "leaders who disagree about what is owed",
    test: PURE,
  },
  {
    name: "forced: an entry above the quota is never taken",
    file: FORCED,
    find: "(count > 0 && bytes > most)",
    replace: "bytes > most",
    opens: "an inbox that stands still behind one large entry",
    test: PURE,
  },
  {
    name: "forced: as many entries as the quota holds, whatever a batch may hold",
    file: FORCED,
    find: "count === FORCED_LIMITS.entries",
    replace: "count < 0",
    opens: "blocks whose batches no node takes in",
    test: PURE,
  },
  {
    name: "forced: due a second early",
    file: FORCED,
    find: "(part < 0 ? ms - part - 1_000 : ms - part)",
    replace: "(part === 0 ? ms : ms - part + 1_000)",
    opens: "voters who disagree about what is due",
    test: PURE,
  },
  {
    name: "forced: the cursor is not compared",
    file: RULES_TS,
    find: "if (header.inboxCursor !== from + forced.length || (batch",
    replace: "if ((batch",
    opens: "entries that are taken although none is due",
    test: VOTING,
  },
  {
    name: "forced: the entries themselves are not compared",
    file: RULES_TS,
    find: " || (batch !== null && body.batches[0] !== batch)) {",
    replace: ") {",
    opens: "a cursor that passes by what it counts",
    test: VOTING,
  },
  {
    name: "forced: only new references owe anything",
    file: RULES_TS,
    find: "  const key = readingKey(reference, from);\n",
    replace: '  if (!needed) return "yes";\n  const key = readingKey(reference, from);\n',
    opens: "a quota a reference instead of a block, and leaders who stay with the parent's",
    test: VOTING,
  },
  {
    name: "forced: at the parent's reference another opinion is called invalid",
    file: RULES_TS,
    find: 'return needed ? "no" : "wait";',
    replace: 'return "no";',
    opens: "honest nodes that halt over a block of those who could not tell",
    test: VOTING,
  },
  {
    name: "forced: who cannot tell waits at the parent's reference",
    file: RULES_TS,
    find: 'return needed ? "wait" : "yes";',
    replace: 'return "wait";',
    opens: "a chain that stops with the settlement chain",
    test: VOTING,
  },
  {
    name: "forced: a cursor below the parent's",
    file: VALIDITY,
    find: '  if (header.inboxCursor < parent.inboxCursor) return invalid("inbox cursor below the parent\'s");\n',
    replace: "",
    opens: "entries that are executed twice",
    test: VOTING,
  },
  {
    name: "forced: a cursor that moves without entries",
    file: VALIDITY,
    find: 'return header.inboxCursor === parent.inboxCursor ? null : "the inbox cursor moves without its entries";',
    replace: "return null;",
    opens: "entries that count as consumed and were never executed",
    test: VOTING,
  },
  {
    name: "forced: entries from anywhere in the inbox",
    file: VALIDITY,
    find: "const moves = inboxFrom === parent.inboxCursor && header.inboxCursor > inboxFrom;",
    replace: "const moves = header.inboxCursor > inboxFrom;",
    opens: "entries out of turn",
    test: VOTING,
  },
];
