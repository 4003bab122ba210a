import type { Mutant } from "./mutant.ts";

const RULE = "packages/protocol/test/modes/rule.test.ts";
const VALUE = "packages/protocol/test/modes/value.test.ts";

const RULE_TS = "packages/protocol/src/modes/rule.ts";
const DECIDE = "packages/protocol/src/modes/decide.ts";
const CHAIN = "packages/protocol/src/checkpoint/chain.ts";

/** Value at stake, section 6. */
export const mutants: readonly Mutant[] = [
  {
    name: "value: the limit itself is too much",
    file: RULE_TS,
    find: "value > p.valueLimit) return",
    replace: "value >= p.valueLimit) return",
    opens: "nodes that disagree about the mode at the limit",
    test: RULE,
  },
  {
    name: "value: a limit of none is a limit of nothing",
    file: RULE_TS,
    find: "p.valueLimit > 0 && value",
    replace: "value",
    opens: "Secure for good wherever the rule is off",
    test: RULE,
  },
  {
    name: "value: nothing is concluded from it where nobody voted",
    file: RULE_TS,
    find: '  if (p.valueLimit > 0 && value > p.valueLimit) return "secure";\n  // Without votes to go by nothing is known that a switch could be justified with.\n  if (availability === null) return base;\n',
    replace:
      '  if (availability === null) return base;\n  if (p.valueLimit > 0 && value > p.valueLimit) return "secure";\n',
    opens: "whoever keeps votes out of blocks moves what he likes",
    test: RULE,
  },
  {
    name: "value: no block is asked for it",
    file: "packages/protocol/src/block/progress.ts",
    find: "registry.params.valueLimit === 0 ? null : start.firstHeight;",
    replace: "registry.params.valueLimit >= 0 ? null : start.firstHeight;",
    opens: "a limit that nothing is held against",
    test: VALUE,
  },
  {
    name: "value: every block is asked for it",
    file: "packages/protocol/src/block/progress.ts",
    find: "registry.params.valueLimit === 0 ? null : start.firstHeight;",
    replace: "start.firstHeight;",
    opens: "nodes that keep and add up what nobody looks at, and that fail where it is not kept",
    test: VALUE,
  },
  {
    name: "value: the modes are decided without it",
    file: DECIDE,
    find: "value: usage.value,",
    replace: "value: 0,",
    opens: "any sum moves in the mode in which fewest must be corrupted",
    test: VALUE,
  },
  {
    name: "value: blocks that are not final yet are left out",
    file: DECIDE,
    find: "      ({ value } = roots);\n",
    replace: "",
    opens: "leaders whose last block depends on what is final at them",
    test: VALUE,
  },
  {
    name: "value: what final blocks moved is forgotten",
    file: CHAIN,
    find: "value: counts ? roots.value : ledgered.value,",
    replace: "value: ledgered.value,",
    opens: "what moves early in an epoch is not counted",
    test: VALUE,
  },
];
