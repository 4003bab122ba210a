/** A rule of the model taken away, and the run in which an invariant must break. `npm run mutate -- model` tries them. */
interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  readonly opens: string;
  readonly test: string;
}

const file = "packages/protocol/model/hybrid.qnt";
const run = (name: string): string => `${file}#${name}`;

export const mutants: readonly Mutant[] = [
  {
    name: "model: two NOTARIZE of one view",
    file,
    find: "      not(node.notarized.exists(y => y.d == d and y.v == x.v)),\n",
    replace: "",
    opens: "two certificates of one view",
    test: run("balanced/viewStep"),
  },
  {
    name: "model: NOTARIZE after FINALIZE of the view",
    file,
    find: "u: x.v })),\n      not(node.finalized.exists(y => y.d == d and y.v == x.v)),\n",
    replace: "u: x.v })),\n",
    opens: "NOTARIZE and FINALIZE of one view differ",
    test: run("balanced/viewStep"),
  },
  {
    name: "model: gaps need no X",
    file,
    find: "        covered(d, x.pv, x.v),\n",
    replace: "",
    opens: "a block beside a final one",
    test: run("balanced/viewStep"),
  },
  {
    name: "model: parents need no certificate",
    file,
    find: "        again or certified(d, x.pv, parent),\n",
    replace: "",
    opens: "a block on a losing branch",
    test: run("balanced/viewStep"),
  },
  {
    name: "model: later views of a term need no vote for the parent",
    file,
    find: "        again or node.notarized.exists(y => y.d == d and y.v == x.pv and y.h == parent) or certified(d, x.pv, parent),\n",
    replace: "",
    opens: "a term that leaves its own branch",
    test: run("authorities/viewStep"),
  },
  {
    name: "model: an epoch's last block gets a child",
    file,
    find: "      not(isLast(d, parent)),\n",
    replace: "",
    opens: "an epoch longer than its successor knows",
    test: run("short/viewStep"),
  },
  {
    name: "model: FINALIZE although another block was notarized",
    file,
    find: "          others == Set(),\n",
    replace: "",
    opens: "a slashable pair",
    test: run("balanced/viewStep"),
  },
  {
    name: "model: FINALIZE after NULLIFY of the term",
    file,
    find: "          not(node.nullified.exists(y => y.d == d and y.u <= x.v and x.v <= termLast(y.u))),\n",
    replace: "",
    opens: "a gap over a final view",
    test: run("balanced/viewStep"),
  },
  {
    name: "model: NULLIFY ends its view only, not its term",
    file,
    find: "y.u <= x.v and x.v <= termLast(y.u))),",
    replace: "y.u == x.v)),",
    opens: "a gap over a final view of the term",
    test: run("authorities/viewStep"),
  },
  {
    name: "model: NULLIFY after FINALIZE",
    file,
    find: "      not(node.finalized.exists(x => x.d == d and v <= x.v and x.v <= termLast(v))),\n",
    replace: "",
    opens: "a gap over a final view",
    test: run("balanced/viewStep"),
  },
  {
    name: "model: two thirds of the stake are enough",
    file,
    find: "3 * a > 2 * totalA(e) and 3 * s > 2 * totalS(e)\n",
    replace: "3 * a > 2 * totalA(e) and 3 * s >= 2 * (totalS(e) - 1)\n",
    opens: "quorums that share nobody honest",
    test: run("balanced/viewStep"),
  },
  {
    name: "model: two thirds of the authorities are enough in Fast",
    file,
    find: 'if (MODE == "Fast") 3 * a > 2 * totalA(e)',
    replace: 'if (MODE == "Fast") 3 * a >= 2 * (totalA(e) - 1)',
    opens: "quorums that share nobody honest",
    test: run("fast/viewStep"),
  },
  {
    name: "model: the next epoch begins without a backed boundary",
    file,
    find: "    val ends = backings.filter(c => c.d == d and isLast(d, c.h))\n",
    replace:
      "    val ends = HONEST.map(m => nodes.get(m).checkpoints).flatten().union(notarizations.map(x => { d: x.d, h: x.h })).filter(c => c.d == d and isLast(d, c.h))\n",
    opens: "epochs on two branches",
    test: run("short/viewStep"),
  },
  {
    name: "model: a checkpoint of what is only notarized",
    file,
    find: "        nondet x = finalizations.filter(x => x.d == d).oneOf()\n        all {\n          isMember(d.e, n),\n          not(stopped(node, d)),\n          // Fast",
    replace:
      "        nondet x = notarizations.union(finalizations).filter(x => x.d == d).oneOf()\n        all {\n          isMember(d.e, n),\n          not(stopped(node, d)),\n          // Fast",
    opens: "a checkpoint that loses",
    test: run("short/viewStep"),
  },
  {
    name: "model: RESTART below the highest FINALIZE",
    file,
    find: "      node.finalized.forall(x => x.d != d or x.v <= c.v),\n",
    replace: "",
    opens: "a recovery that loses a final block",
    test: run("balanced/step"),
  },
  {
    name: "model: RESTART beside the highest checkpoint signed",
    file,
    find: "      node.checkpoints.forall(x => x.d != d or isAncestor(x.h, c.h)),\n",
    replace: "",
    opens: "a slashable pair, in Fast a backed block lost",
    test: run("balanced/step"),
  },
  {
    name: "model: voting goes on after RESTART",
    file,
    find: "    node.restarts.exists(r => r.d == d or (r.d.i == d.i and r.d.e + 1 == d.e))\n",
    replace: "    node.restarts.exists(r => r.d.i == d.i and r.d.e + 1 == d.e)\n",
    opens: "finality after recovery, off its chain",
    test: run("balanced/step"),
  },
  {
    name: "model: voting in the next epoch after RESTART",
    file,
    find: "    node.restarts.exists(r => r.d == d or (r.d.i == d.i and r.d.e + 1 == d.e))\n",
    replace: "    node.restarts.exists(r => r.d == d)\n",
    opens: "an epoch that goes on in two incarnations",
    test: run("short/step/boundary"),
  },
  {
    name: "model: RESTART after votes in the next epoch",
    file,
    find: "      not(node.notarized.union(node.finalized).exists(x => x.d == later)),\n",
    replace: "",
    opens: "an epoch that goes on in two incarnations",
    test: run("short/step/boundary"),
  },
  {
    name: "model: activation asks the present epoch only",
    file,
    find: "          restartsWith(d.e + 1, signers, leaked),\n",
    replace: "",
    opens: "a successor epoch beside the recovery",
    test: run("short/step/boundary"),
  },
  {
    name: "model: activation by half of the stake",
    file,
    find: "    3 * s > 2 * (totalS(e) - sum(gone, registry(e).s))\n",
    replace: "    2 * s >= totalS(e) - sum(gone, registry(e).s)\n",
    opens: "a recovery that a third of the stake decides",
    test: run("balanced/step"),
  },
  {
    name: "model: Fast signs on past its lease",
    file,
    find: 'MODE != "Fast" or not(node.lapsed)',
    replace: "true",
    opens: "finality after recovery, off its chain",
    test: run("apart/step"),
  },
  {
    name: "model: the lease counts as over while an honest clock is within it",
    file,
    find: "    HONEST.forall(n => nodes.get(n).lapsed or nodes.get(n).d != recovery.d),\n",
    replace: "",
    opens: "finality after recovery, off its chain",
    test: run("apart/step"),
  },
  {
    name: "model: a posted certificate binds nobody",
    file,
    find: "        recovery.postedView == 0 or c == { v: recovery.postedView, h: recovery.posted },\n",
    replace: "",
    opens: "a certificate shown in time is ignored",
    test: run("apart/step"),
  },
];
