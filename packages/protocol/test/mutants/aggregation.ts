import type { Mutant } from "./mutant.ts";

const AGGREGATING = "packages/protocol/test/aggregation/aggregation.test.ts";
const CONTRADICTING = "packages/protocol/test/aggregation/contradictions.test.ts";
const LIMITED = "packages/protocol/test/aggregation/limits.test.ts";
const LATE = "packages/protocol/test/aggregation/late.test.ts";
const SUBNETS = "packages/protocol/test/aggregation/subnets.test.ts";

const AGGREGATION = "packages/protocol/src/aggregation/aggregation.ts";
const COLLECTOR = "packages/protocol/src/aggregation/collector.ts";
const CONTRADICTIONS = "packages/protocol/src/aggregation/contradictions.ts";
const GATHERER = "packages/protocol/src/aggregation/gatherer.ts";
const SHARES = "packages/protocol/src/aggregation/shares.ts";
const SUSPECTS = "packages/protocol/src/aggregation/suspects.ts";
const LATE_VOTES = "packages/protocol/src/aggregation/late.ts";

/** Section 3, above 100 voters: subnets, what aggregators may do, and what happens where they do nothing. */
export const mutants: readonly Mutant[] = [
  {
    name: "aggregation: certificates of less than a quorum",
    file: COLLECTOR,
    find: "isQuorum(electorate, weight) : isBacking(electorate, weight);",
    replace: "weight.stake > 0n : isBacking(electorate, weight);",
    opens: "certificates that everybody refuses, and their makers banned",
    test: AGGREGATING,
  },
  {
    name: "aggregation: forged votes are added up",
    file: GATHERER,
    find: "if (valid.has(seat)) gathering.verified.set(seat, signature);",
    replace: "if (valid.size >= 0) gathering.verified.set(seat, signature);",
    opens: "one forged vote spoils every later aggregate of its subnet",
    test: AGGREGATING,
  },
  {
    name: "aggregation: who forges an aggregate keeps his place",
    file: COLLECTOR,
    find: '      outbox.emit({ type: "ban", seat: part.from, reason: "forged aggregate" });\n',
    replace: "",
    opens: "a collector that does bisection for free, view after view",
    test: AGGREGATING,
  },
  {
    name: "aggregation: votes of others are taken",
    file: AGGREGATION,
    find: "if (vote.seat !== from) {",
    replace: "if (vote.seat < 0) {",
    opens: "forged votes in others' names, which cost a bisection each",
    test: AGGREGATING,
  },
  {
    name: "aggregation: aggregates of whoever",
    file: COLLECTOR,
    find: "if (!turns.isAggregator(view, subnet, from) || !turns.isCollector(view)) return;",
    replace: "if (!turns.isCollector(view)) return;",
    opens: "every voter's aggregates are kept, not those of a subnet's five aggregators",
    test: AGGREGATING,
  },
  {
    name: "aggregation: aggregates over several subnets",
    file: COLLECTOR,
    find: "!members[seat] || subnets.of(seat) !== subnet",
    replace: "!members[seat]",
    opens: "an aggregator keeps other subnets' aggregates out by overlapping them",
    test: AGGREGATING,
  },
  {
    name: "aggregation: any number of votes of a signer",
    file: SHARES,
    find: "{ votes: 6,",
    replace: "{ votes: 6_000,",
    opens: "memory and verifications for statements that nobody else signs",
    test: AGGREGATING,
  },
  {
    name: "aggregation: a signer's checkpoints of a view, one of each height it invents",
    file: SHARES,
    find: "checkpoints: 1 }",
    replace: "checkpoints: 1_000 }",
    opens: "one key that fills the memory of every aggregator",
    test: LIMITED,
  },
  {
    name: "aggregation: something is begun for what exceeds a share",
    file: GATHERER,
    find: "    if (!shares.admit(message, from, subnet)) return false;\n    this.gather(now, topics.of(message), message);",
    replace:
      "    const topic = topics.of(message);\n    if (!shares.admit(message, from, subnet)) return false;\n    this.gather(now, topic, message);",
    opens: "one key that fills the memory of every aggregator, at the rate at which it may send",
    test: LIMITED,
  },
  {
    name: "aggregation: duties are drawn for whatever view is named",
    file: COLLECTOR,
    find: "    if (!horizon.isNear(view, isOfVotes(message))) return;\n",
    replace: "",
    opens: "hundreds of hashes for each message of a peer, none of which is signed",
    test: LIMITED,
  },
  {
    name: "aggregation: suspicions beyond those under verification are lost",
    file: SUSPECTS,
    find: "if (this.#unseen.size < MOST_UNSEEN) this.#unseen.add(statement);",
    replace: "",
    opens: "whoever contradicts himself hides it behind forged contradictions",
    test: LIMITED,
  },
  {
    name: "aggregation: of two votes the wrong one is taken for forged",
    file: SUSPECTS,
    find: "singles.push(each);",
    replace: "singles.unshift(each);",
    opens: "a forged vote hides the true ones that contradict it",
    test: LIMITED,
  },
  {
    name: "aggregation: whoever is convicted is convicted again and again",
    file: CONTRADICTIONS,
    find: "signersOf(statement).filter((seat) => !slot.convicted.has(seat))",
    replace: "signersOf(statement)",
    opens: "as many verifications as there are pairs of statements of one key",
    test: LIMITED,
  },
  {
    name: "aggregation: aggregates of any number of statements are compared",
    file: CONTRADICTIONS,
    find: "if (held === undefined && aggregates.size >= MOST_AGGREGATED) return false;",
    replace: "",
    opens: "thousands of comparisons for each statement, with thousands that nobody else makes",
    test: LIMITED,
  },
  {
    name: "aggregation: aggregates of next to nobody",
    file: GATHERER,
    find: "if (LEAST_SHARE * (gathering.pending.size + gathering.verified.size) < all) {",
    replace: "if (all < 0) {",
    opens: "an honest aggregator sends every invention of a few signers to all collectors",
    test: AGGREGATING,
  },
  {
    name: "aggregation: silent aggregators are waited for",
    file: "packages/protocol/src/aggregation/own.ts",
    find: "if (attempt > MOST_ATTEMPTS) {",
    replace: "if (attempt > 2 * MOST_ATTEMPTS) {",
    opens: "a network whose aggregators are all silent, and that stands still",
    test: AGGREGATING,
  },
  {
    name: "aggregation: what is not for the aggregator is dropped",
    file: AGGREGATION,
    find: '    outbox.emit({ type: "deliver", from, message });\n',
    replace: "",
    opens: "late votes are lost, votes told to everybody are not heard, who is behind gets no answer",
    test: AGGREGATING,
  },
  {
    name: "aggregation: votes that certificates lack are lost",
    file: LATE_VOTES,
    find: 'if (kind !== "nullify" && !hasSeat(bitmap, seat))',
    replace: 'if (kind === "nullify" && !hasSeat(bitmap, seat))',
    opens: "who is slow is not paid, and seems absent to the hybrid manager",
    test: LATE,
  },
  {
    name: "aggregation: late votes are sent whatever carries them",
    file: LATE_VOTES,
    find: 'if (item.seat === seat && "blockHash" in item) this.#absences.delete(item.view);',
    replace: "if (item.seat < 0) this.#absences.delete(seat);",
    opens: "leaders told the same again for a whole window",
    test: LATE,
  },
  {
    name: "aggregation: contradicting aggregates convict nobody",
    file: CONTRADICTIONS,
    find: "suspect(other, signers);",
    replace: "suspect(other, []);",
    opens: "a key that tells each aggregator something else is never convicted",
    test: CONTRADICTING,
  },
  {
    name: "aggregation: a forged aggregate hides what a true one proves",
    file: CONTRADICTIONS,
    find: "    for (const seat of seats) told?.delete(seat);\n",
    replace: "",
    opens: "whoever is about to be convicted forges an aggregate with himself in it",
    test: CONTRADICTING,
  },
  {
    name: "aggregation: evidence without looking at signatures",
    file: SUSPECTS,
    find: "    this.#suspicions--;\n    if (ok) {",
    replace: "    this.#suspicions--;\n    if (ok || singles.length + aggregates.length > 0) {",
    opens: "evidence that the contracts refuse, and whose reporter pays for the attempt",
    test: CONTRADICTING,
  },
  {
    name: "aggregation: one mesh for all views",
    file: "packages/protocol/src/aggregation/subnets.ts",
    find: 'const bits = new Bits("mesh", this.#seed, view);',
    replace: 'const bits = new Bits("mesh", this.#seed, 0);',
    opens: "a node whose neighbours are silent hears nothing for an epoch",
    test: SUBNETS,
  },
];
