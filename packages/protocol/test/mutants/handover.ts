import type { Mutant } from "./mutant.ts";

const JOINING = "packages/node/test/sync/client.test.ts";
const HANDED_OVER = "packages/protocol/test/view/handed-over.test.ts";

const VERIFY = "packages/node/src/sync/verify.ts";

/** What an epoch takes over, section 8. */
export const mutants: readonly Mutant[] = [
  {
    name: "hand-over: blocks commit what their leader likes",
    file: "packages/protocol/src/block/validity.ts",
    find: "block.header.commitment === plainCommitment(context, block.header.height)",
    replace: "block.header.height > 0",
    opens: "averages and a base fee of a leader's invention at every node that joins",
    test: HANDED_OVER,
  },
  {
    name: "hand-over: a first header commits nothing",
    file: "packages/protocol/src/block/build.ts",
    find: "(height === start.firstHeight ? handover : ZERO_HASH)",
    replace: "(height < start.firstHeight ? handover : ZERO_HASH)",
    opens: "nodes that join on the word of peers",
    test: HANDED_OVER,
  },
  {
    name: "hand-over: joining nodes compare no commitment",
    file: VERIFY,
    find: "return handoverHash(start) === header.commitment",
    replace: "return start.epoch > 0",
    opens: "other averages than the network's: a node that calls its blocks invalid",
    test: JOINING,
  },
  {
    name: "hand-over: joining nodes take any base fee",
    file: VERIFY,
    find: "ledger.receiptsRoot !== last.receiptsRoot || handedOn(ledger) !== last.handedOn",
    replace: "ledger.receiptsRoot !== last.receiptsRoot",
    opens: "another state after the first block than the network's",
    test: JOINING,
  },
  {
    name: "hand-over: a first block that nobody signed",
    file: VERIFY,
    find: "if (!isCertified(first, { registry: begun.registry, mode, epoch, domain }, bls))",
    replace: "if (first.certificate === null)",
    opens: "beginnings that one peer makes up",
    test: JOINING,
  },
];
