import type { ShellFaults } from "../../src/index.ts";
import type { Mutation } from "./mutant.ts";

/** Rules broken one at a time; each is noticed by some random schedule. */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: "rule 5: FINALIZE although the term was nullified",
    file: "view/rules.ts",
    from: "if (nullifiedInTerm(d, view) || ",
    to: "if (",
  },
  {
    name: "rule 6: NULLIFY although FINALIZE is signed",
    file: "view/rules.ts",
    from: "if (d.own(view).nullify || finalizedInTerm(d, view)) return;",
    to: "if (d.own(view).nullify) return;",
  },
  {
    name: "rule 2: build on the highest certified block, gaps or not",
    file: "view/conditions.ts",
    from: "if (coverOf(d, w) === null) return null;",
    to: "",
  },
  {
    name: "rule 3: gaps need no X",
    file: "view/conditions.ts",
    from: "if (coverOf(d, w) === null) return w;",
    to: "",
  },
  {
    name: "rule 2: an epoch's last block gets a child",
    file: "view/propose.ts",
    from: "block.header.height === d.epoch.lastHeight) {",
    to: "block.header.height > d.epoch.lastHeight) {",
  },
  {
    name: "rule 6: nothing is repeated",
    file: "view/rules.ts",
    from: "if (now < timers.retry) return;",
    to: "if (now >= 0) return;",
  },
  {
    name: "quorum: two thirds of the authorities are enough",
    file: "quorum.ts",
    from: "3 * x.authorities > 2 * e.authorities",
    to: "3 * x.authorities >= 2 * e.authorities",
  },
  {
    name: "quorum: two thirds of the stake are enough",
    file: "quorum.ts",
    from: "const twoThirdsOfStake = 3n * x.stake > 2n * e.stake",
    to: "const twoThirdsOfStake = 3n * x.stake >= 2n * e.stake",
  },
  {
    name: "votes of another domain count",
    file: "messages.ts",
    from: "if (of.epoch === epoch) return of.domain === d.epoch.domain;",
    to: "if (of.epoch === epoch) return true;",
  },
  {
    name: "restart: NULLIFY is forgotten",
    file: "restore.ts",
    from: 'if (kind === "nullify") d.setOwn(view, { nullify: true });',
    to: 'if (kind === "nullify") return;',
  },
  {
    name: "restart: N and X are forgotten",
    file: "restore.ts",
    from: "if (certificate.domain !== d.epoch.domain) return;",
    to: 'if (certificate.kind !== "finalize") return;',
  },
  {
    name: "section 8: checkpoint votes are sent once",
    file: "checkpoint/backing.ts",
    from: "export function repeatCheckpointVotes(d: Draft): void {",
    to: "export function repeatCheckpointVotes(d: Draft): void {\n  if (d.s.now > 0) return;",
  },
  {
    name: "section 1: the candidate's reading is not checked",
    file: "view/rules.ts",
    from: 'return commitment.registryAfter === after ? "yes" : "no";',
    to: 'return "yes";',
  },
  {
    name: "section 1: a candidate without a quorum is taken over",
    file: "registries.ts",
    from: "if (canDecide(electorate(registry, modeNext))) return candidate;",
    to: "if (registry.root === candidate) return candidate;",
  },
  {
    name: "section 6: a late vote is carried twice",
    file: "modes/late.ts",
    from: 'return hasSeat(carried.signers, item.seat) ? "late vote carried twice" : null;',
    to: "return null;",
  },
  {
    name: "section 6: late votes count for nobody",
    file: "modes/attendance.ts",
    from: "missed: added(before.missed, seat, -1),",
    to: "",
  },
  {
    name: "section 6: a wanted mode begins whoever is ready",
    file: "modes/decide.ts",
    from: "return isQuorum(members, weight) ? context.start.hybrid.modeWanted : context.start.mode;",
    to: "return weight.authorities < 0 ? context.start.mode : context.start.hybrid.modeWanted;",
  },
  {
    name: "section 6: no residency",
    file: "modes/rule.ts",
    from: "inputs.resident < params.residency ? inputs.base : wish(inputs, params)",
    to: "wish(inputs, params)",
  },
  {
    name: "section 6: governance's floor is no floor",
    file: "modes/rule.ts",
    from: "modeIndex(wanted) < params.modeFloor ? MODES[params.modeFloor]! : wanted",
    to: "modeIndex(wanted) > 2 ? MODES[params.modeFloor]! : wanted",
  },
  {
    name: "section 6: the load is not rescaled on a switch",
    file: "modes/decide.ts",
    from: "params.blockTime[base], start.hybrid.capacity",
    to: "params.blockTime.fast, start.hybrid.capacity",
  },
  {
    name: "section 6: the last block's own use counts",
    file: "checkpoint/chain.ts",
    from: "const counts = header.height !== epoch.lastHeight;",
    to: "const counts = header.height > 0;",
  },
  {
    name: "restart: what blocks used is forgotten",
    file: "restore.ts",
    from: "appendFinal(d, hash, block, verdict.chain, roots,",
    to: "appendFinal(d, hash, block, verdict.chain, { ...roots, used: 0 },",
  },
];

/** Too rare for random schedules: noticed by {@link turns}. */
export const RETURNING_REGISTRY: Mutation = {
  name: "section 1: a registry is asked for only once",
  file: "handover.ts",
  from: "s.registriesAsked = new Set(s.registriesAsked.has(start.registryNext) ? [start.registryNext] : []);",
  to: "",
};

/** A leader must find somebody's name that is missing to forge it: noticed by {@link inAnothersName}. */
export const UNVERIFIED_LATE_VOTES: Mutation = {
  name: "section 6: late votes are not verified",
  file: "view/proposals.ts",
  from: "groups: lateGroups(d, body), certificates };",
  to: "groups: [], certificates };",
};

/** Duties of the shell neglected one at a time. */
export const NEGLECTED: readonly { readonly name: string; readonly faults: ShellFaults }[] = [
  { name: "signatures leave before their record is durable", faults: { sendsBeforeDurable: true } },
  { name: "a restarted node does not know what it signed", faults: { forgetsSigned: true } },
  { name: "a restarted node does not know the certificates it held", faults: { forgetsCertificates: true } },
];
