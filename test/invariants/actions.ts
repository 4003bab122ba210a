import type { Hash } from "@aitbc-hybrid/protocol";
import { keccak256, ZeroHash } from "ethers";
import {
  boundaryNow,
  COIN,
  checkpointAt,
  notarize,
  possession,
  type Signer,
  submission,
  votePair,
} from "../support/core.ts";
import { contradiction, statement } from "../support/evidence.ts";
import { harmless } from "../support/governance.ts";
import { vectorOf } from "../support/rewards.ts";
import { hold, type Look, naming, type Outcome, type Proposal, STATUS, type World } from "./world.ts";

/** These validators are never convicted, jailed or let go: two authorities and two stakers keep the chain going. */
const STAY: ReadonlySet<number> = new Set([1, 2, 5, 6]);
const MOST_VALIDATORS = 22;
const WITHDRAWABLE = 120;
const VOTING = 60;
/** Seconds for which a reward is kept back while somebody else may have committed to the evidence. */
const PROTECTION = 3_600;

const lookOf = (w: World, id: number): Look => w.looks.get(id)!;
const open = (w: World): number[] =>
  w.ids.filter((id) => [STATUS.active, STATUS.jailed].includes(lookOf(w, id).status as 1));
const those = (w: World, wanted: (look: Look, id: number) => boolean): number[] =>
  w.ids.filter((id) => wanted(lookOf(w, id), id));

/** Whether nothing fits and this is not the time to try all the same. */
const skips = (w: World, fit: readonly unknown[]): boolean => fit.length === 0 && !w.chance.oneIn(8);

/** One of those that fit; now and then, or if none does, anybody. */
const choose = (w: World, fit: readonly number[]): number =>
  fit.length === 0 || w.chance.oneIn(12) ? w.chance.pick(w.ids) : w.chance.pick(fit);

interface Place {
  readonly id: number;
  readonly owner: number;
}

/** Positions, or entries in the queue, that fit. */
function places(w: World, fits: (look: Look, owner: number, id: number) => boolean): Place[] {
  return w.ids.flatMap((id) =>
    w.owners.flatMap((_, owner) => (fits(lookOf(w, id), owner, id) ? [{ id, owner }] : [])),
  );
}

const choosePlace = (w: World, fit: readonly Place[]): Place =>
  fit.length === 0 || w.chance.oneIn(15)
    ? { id: w.chance.pick(w.ids), owner: w.chance.below(w.owners.length) }
    : w.chance.pick(fit);

const amountOf = (w: World): bigint =>
  w.chance.oneIn(20)
    ? BigInt(w.chance.below(1_000_000))
    : BigInt(1 + w.chance.below(30_000)) * COIN + BigInt(w.chance.below(1_000_007));

/** An epoch whose boundary started the clock of what seal `lastSeal` counted, and when that ends. */
function clockOf(w: World, lastSeal: bigint): { witness: number; over: number } {
  const witness = w.accepted.findIndex(({ seal }) => BigInt(seal) > lastSeal);
  return witness === -1
    ? { witness: 0, over: Number.POSITIVE_INFINITY }
    : { witness, over: w.accepted[witness]!.at + WITHDRAWABLE };
}

const reporter = (w: World): Signer => w.chance.pick(w.reporters);
const anybody = (w: World): Signer => w.chance.pick(w.delegators);
const operator = (w: World, id: number): Signer =>
  w.chance.oneIn(25) ? w.chance.pick(w.operators) : w.operatorOf.get(id)!;

/** A seat of the present registry or the one before whose validator may be convicted. */
async function suspects(w: World): Promise<{ epoch: number; seats: { seat: number; id: number }[] }> {
  const epoch = Math.max(0, w.accepted.length - (w.chance.oneIn(4) ? 1 : 0));
  const seal = epoch < 1 ? 1 : w.accepted[epoch - 1]!.seal;
  const members = await w.membersOf(seal);
  const seats = members.flatMap((id, seat) => (id === 0 || STAY.has(id) ? [] : [{ seat, id }]));
  return { epoch, seats };
}

const newOnes = (w: World, seats: readonly { seat: number; id: number }[]) =>
  seats.filter(({ id }) => lookOf(w, id).status !== STATUS.tombstoned);

/** Whether a position has a vote on a proposal. */
async function votes(w: World, proposal: Proposal, id: number, owner: number): Promise<boolean> {
  const { governor } = w.core;
  try {
    const args = [proposal.id, id, w.owners[owner]];
    const [weight] = await w.read(governor.target as string, governor.interface, "overrideWeight", args);
    return weight > 0n;
  } catch {
    // No seat in that registry.
    return false;
  }
}

/** What may happen, and how. */
export const ACTIONS = {
  async deposit(w: World): Promise<Outcome> {
    const id = choose(w, open(w));
    return w.act("deposit", operator(w, id), w.core.pool, "depositBond", [id, amountOf(w)]);
  },

  async unbond(w: World): Promise<Outcome> {
    const id = choose(
      w,
      those(w, ({ bond }) => bond > 0n),
    );
    const { bond } = lookOf(w, id);
    const most = STAY.has(id) || !w.chance.oneIn(4) ? bond / 20n : bond;
    return w.act("unbond", operator(w, id), w.core.pool, "requestUnbond", [id, w.chance.partOf(most)]);
  },

  async cancelBond(w: World): Promise<Outcome | undefined> {
    const queued = (look: Look, id: number) =>
      look.bonds.some(({ tokens }) => tokens > 0n) && open(w).includes(id);
    const fit = those(w, queued);
    if (skips(w, fit)) return undefined;
    const id = choose(w, fit);
    const { bonds } = lookOf(w, id);
    const index = Math.max(
      0,
      bonds.findLastIndex(({ tokens }) => tokens > 0n),
    );
    const amount = w.chance.partOf(bonds[index]?.tokens ?? 1n);
    return w.act("cancelBond", operator(w, id), w.core.queue, "cancelBond", [id, index, amount]);
  },

  async withdrawBond(w: World): Promise<Outcome | undefined> {
    const ready = (look: Look): number =>
      look.bonds.findIndex(({ tokens, lastSeal }) => tokens > 0n && clockOf(w, lastSeal).over <= w.at);
    const fit = those(w, (look) => ready(look) !== -1);
    if (skips(w, fit)) return undefined;
    const id = choose(w, fit);
    const index = Math.max(0, ready(lookOf(w, id)));
    const { witness } = clockOf(w, lookOf(w, id).bonds[index]?.lastSeal ?? 0n);
    return w.act("withdrawBond", operator(w, id), w.core.queue, "withdrawBond", [id, index, witness]);
  },

  async delegate(w: World): Promise<Outcome> {
    const id = choose(w, open(w));
    return w.act("delegate", anybody(w), w.core.pool, "delegate", [id, amountOf(w)]);
  },

  async delegateFor(w: World): Promise<Outcome> {
    const taking = new Set(open(w));
    const { id, owner } = choosePlace(
      w,
      places(w, ({ owners }, who, to) => owners[who]!.shares > 0n && taking.has(to)),
    );
    const args = [id, w.owners[owner], amountOf(w)];
    return w.act("delegateFor", anybody(w), w.core.pool, "delegateFor", args);
  },

  async undelegate(w: World): Promise<Outcome> {
    const { id, owner } = choosePlace(
      w,
      places(w, ({ owners }, who) => owners[who]!.tokens > 0n),
    );
    const shares = w.chance.partOf(lookOf(w, id).owners[owner]!.shares);
    return w.act("undelegate", w.delegators[owner]!, w.core.pool, "undelegate", [id, shares]);
  },

  async cancel(w: World): Promise<Outcome> {
    const taking = new Set(open(w));
    const { id, owner } = choosePlace(
      w,
      places(w, ({ owners }, who, from) => owners[who]!.queued > 0n && taking.has(from)),
    );
    const { parts } = lookOf(w, id).owners[owner]!;
    const index = Math.max(
      0,
      parts.findLastIndex((shares) => shares > 0n),
    );
    const shares = w.chance.partOf(parts[index] ?? 1n);
    return w.act("cancel", w.delegators[owner]!, w.core.queue, "cancel", [id, index, shares]);
  },

  async withdraw(w: World): Promise<Outcome | undefined> {
    const ready = ({ delegations, owners }: Look, who: number): number =>
      owners[who]!.parts.findIndex(
        (shares, index) => shares > 0n && clockOf(w, delegations[index]!.lastSeal).over <= w.at,
      );
    const fit = places(w, (look, who) => ready(look, who) !== -1);
    if (skips(w, fit)) return undefined;
    const { id, owner } = choosePlace(w, fit);
    const look = lookOf(w, id);
    const index = Math.max(0, ready(look, owner));
    const { witness } = clockOf(w, look.delegations[index]?.lastSeal ?? 0n);
    return w.act("withdraw", w.delegators[owner]!, w.core.queue, "withdraw", [id, index, witness]);
  },

  async redelegate(w: World): Promise<Outcome> {
    const { id, owner } = choosePlace(
      w,
      places(
        w,
        ({ owners, status }, who) =>
          owners[who]!.tokens > COIN && !owners[who]!.encumbered && status !== STATUS.tombstoned,
      ),
    );
    const to = choose(
      w,
      open(w).filter((each) => each !== id && !lookOf(w, each).owners[owner]!.encumbered),
    );
    const shares = w.chance.partOf(lookOf(w, id).owners[owner]!.shares);
    return w.act("redelegate", w.delegators[owner]!, w.core.pool, "redelegate", [id, to, shares]);
  },

  async clearLiability(w: World): Promise<Outcome> {
    const { id, owner } = choosePlace(
      w,
      places(w, ({ owners }, who) => owners[who]!.encumbered),
    );
    const witness = Math.max(0, w.accepted.length - 1 - w.chance.below(4));
    const args = [id, w.owners[owner], witness];
    return w.act("clearLiability", anybody(w), w.core.pool, "clearLiability", args);
  },

  /** The slasher in office takes what it likes, for any seal, with or without a hold. */
  async slash(w: World): Promise<Outcome> {
    const id = w.chance.pick(w.ids);
    const { bond, delegated } = lookOf(w, id);
    const all = bond + delegated;
    const amount = w.chance.oneIn(6) ? w.chance.partOf(all) : (all * BigInt(w.chance.below(200))) / 1_000n;
    const seal = Math.max(1, w.sums.sealNumber - w.chance.below(5));
    const until = w.chance.oneIn(4) ? w.at + w.chance.below(200) : 0;
    const args = [id, seal, amount, all, until];
    return w.act("slash", w.slasher, w.core.pool, "slash", args);
  },

  /** Two votes of one seat, signed. */
  async convict(w: World): Promise<Outcome | undefined> {
    const { epoch, seats } = await suspects(w);
    if (seats.length === 0) return undefined;
    const fresh = newOnes(w, seats);
    const { seat } = w.chance.pick(fresh.length === 0 || w.chance.oneIn(6) ? seats : fresh);
    const view = 1 + w.chance.below(4);
    const pair = await votePair(w.core, seat, notarize(view, "one"), notarize(view, "two"), { epoch });
    return w.act("convict", reporter(w), w.core.slashing, "submitVotes", [pair]);
  },

  /** Two certificates: everybody who signed both, at once. */
  async group(w: World): Promise<Outcome | undefined> {
    const { epoch, seats } = await suspects(w);
    const fresh = newOnes(w, seats);
    const first = w.chance.below(Math.max(1, fresh.length - 1));
    const chosen = (fresh.length < 2 || w.chance.oneIn(10) ? seats : fresh.slice(first)).slice(0, 2);
    if (chosen.length < 2) return undefined;
    const signers = chosen.map(({ seat }) => seat).sort((a, b) => a - b);
    const view = 11 + w.chance.below(9);
    const both = contradiction(
      await statement(w.core, notarize(view, "one"), { epoch, signers }),
      await statement(w.core, notarize(view, "two"), { epoch, signers }),
    );
    const outcome = await w.act("group", reporter(w), w.core.slashing, "submitContradiction", [
      both,
      ZeroHash,
    ]);
    if (!outcome.ok) return outcome;
    const event = outcome.events.find(({ name }) => name === "GroupConvicted")!;
    w.groups.push({ id: event.args.id as string, seats: signers });
    // Held without an event that names it.
    return { ...outcome, touched: [...new Set([...outcome.touched, ...chosen.map(({ id }) => id)])] };
  },

  async executeGroup(w: World): Promise<Outcome | undefined> {
    if (w.groups.length === 0) return undefined;
    const { id, seats } = w.chance.pick(w.groups);
    const some = w.chance.oneIn(3) ? seats.slice(0, 1) : seats;
    return w.act("executeGroup", reporter(w), w.core.slashing, "executeGroup", [id, some]);
  },

  /** Surcharges and absences that are due. */
  async settle(w: World): Promise<Outcome> {
    const id = choose(
      w,
      those(w, ({ status }) => status === STATUS.tombstoned),
    );
    return w.act("settle", reporter(w), w.core.slashing, "settle", [id]);
  },

  async takeReward(w: World): Promise<Outcome | undefined> {
    if (w.keptIds.length === 0) return undefined;
    const id = w.chance.pick(w.keptIds);
    // Before the hour in which somebody else may show an older commitment is over, or behind it.
    const after = w.chance.oneIn(3) ? 1 : PROTECTION;
    return w.act("takeReward", reporter(w), w.core.slashing, "takeReward", [id, ZeroHash], after);
  },

  async commit(w: World): Promise<Outcome> {
    const commitment = keccak256(`0x${w.chance.below(65_536).toString(16).padStart(4, "0")}`);
    return w.act("commit", reporter(w), w.core.slashing, "commit", [commitment]);
  },

  async collect(w: World): Promise<Outcome> {
    return w.act("collect", anybody(w), w.core.pool, "collectSlashed", [w.core.addresses.slashing]);
  },

  /** The boundary of the present epoch, signed by its backing set, and the seal of the next candidate. */
  async seal(w: World): Promise<Outcome> {
    const { core, chance } = w;
    const epoch = w.accepted.length;
    const record = await core.checkpoints.epochRecord(epoch);
    const { n } = await core.elections.snapshotAt(record.snapshot);
    const vector = vectorOf(
      Array.from({ length: Number(n) }, () => ({
        missed: chance.oneIn(5) ? 65_535 : chance.oneIn(5) ? chance.below(65_535) : 0,
        proposed: chance.below(4),
      })),
    );
    const boundary = {
      ...(await boundaryNow(core)),
      accounting: {
        epoch,
        views: chance.below(25),
        stamp: w.at * 1000 + chance.below(9_000) - 6_000,
        loadMultiplier: 400_000 + chance.below(1_800_000),
        vectorHash: keccak256(vector) as Hash,
      },
    };
    const s = await submission(core, checkpointAt({ height: Number(record.lastHeight), boundary }));
    const from = anybody(w);
    const accepted = await w.act("boundary", from, core.checkpoints, "submitBoundary", [s]);
    if (!accepted.ok) return accepted;
    w.epochs.push({ accounting: boundary.accounting, vector, submitter: from.address });
    const next = await core.checkpoints.recordedRegistry(epoch + 1);
    w.accepted.push({ seal: Number(next.seal), at: w.at });
    const hints = await core.elections.sealHints.staticCall();
    const { cut, lastWeight, lastSeat } = hints;
    return w.act("seal", anybody(w), core.elections, "seal", [epoch + 3, { cut, lastWeight, lastSeat }]);
  },

  async accrue(w: World): Promise<Outcome | undefined> {
    const epoch = Math.min(w.accrued, w.epochs.length - 1);
    const account = w.epochs[epoch];
    if (account === undefined) return undefined;
    const { accounting, vector, submitter } = account;
    const args = [epoch, accounting, w.chance.oneIn(20) ? "0x" : vector, submitter];
    const outcome = await w.act("accrue", anybody(w), w.core.distributor, "accrue", args);
    if (outcome.ok) w.accrued++;
    return outcome;
  },

  async claim(w: World): Promise<Outcome> {
    const { id, owner } = choosePlace(
      w,
      places(w, ({ owners }, who) => owners[who]!.shares > 0n),
    );
    const args = [[...new Set([id, w.chance.pick(w.ids)])], w.owners[owner]];
    return w.act("claim", anybody(w), w.core.distributor, "claim", args);
  },

  async claimValidator(w: World): Promise<Outcome> {
    const ids = [w.chance.pick(w.ids)];
    return w.act("claimValidator", anybody(w), w.core.distributor, "claimValidator", [ids]);
  },

  async claimCredits(w: World): Promise<Outcome> {
    const relayer = anybody(w).address;
    return w.act("claimCredits", anybody(w), w.core.distributor, "claimCredits", [relayer]);
  },

  async compound(w: World): Promise<Outcome> {
    const id = choose(
      w,
      those(w, ({ shares }) => shares > 0n),
    );
    if (w.chance.oneIn(2)) {
      const [from, on] = [anybody(w), !w.chance.oneIn(5)];
      return w.act("setCompound", from, w.core.distributor, "setCompound", [id, on]);
    }
    return w.act("compound", anybody(w), w.core.distributor, "compound", [id, w.owners]);
  },

  async jail(w: World): Promise<Outcome> {
    const id = choose(
      w,
      those(w, ({ status }, each) => status === STATUS.active && !STAY.has(each)),
    );
    return w.act("jail", w.slasher, w.core.registry, "jail", [STAY.has(id) ? w.ids.at(-1) : id]);
  },

  async unjail(w: World): Promise<Outcome | undefined> {
    const fit = those(w, ({ status, jailedUntil }) => status === STATUS.jailed && jailedUntil <= w.at);
    if (skips(w, fit)) return undefined;
    const id = choose(w, fit);
    return w.act("unjail", w.operatorOf.get(id)!, w.core.registry, "unjail", [id]);
  },

  async rotate(w: World): Promise<Outcome> {
    const id = choose(w, open(w));
    const { key, proof } = possession(w.core, `key ${w.at} ${id}`, id);
    return w.act("rotate", operator(w, id), w.core.registry, "setKey", [id, key, proof]);
  },

  async exit(w: World): Promise<Outcome> {
    const id = choose(
      w,
      open(w).filter((each) => !STAY.has(each)),
    );
    return w.act("exit", w.operatorOf.get(id)!, w.core.registry, "exit", [STAY.has(id) ? w.ids.at(-1) : id]);
  },

  /** Somebody registers; half of them as authorities. */
  async join(w: World): Promise<Outcome | undefined> {
    const { core, chance } = w;
    const id = w.ids.length + 1;
    if (id > MOST_VALIDATORS) return undefined;
    const from = chance.pick(w.operators);
    const { key, proof } = possession(core, `member ${id}`, id);
    w.operatorOf.set(id, from);
    const outcome = await w.act("join", from, core.registry, "register", [
      from.address,
      from.address,
      key,
      proof,
      "",
    ]);
    hold(outcome.ok, "nobody can register");
    w.looks.set(id, await w.lookAt(id));
    w.bonds.set(from.address, w.bonds.get(from.address) ?? 0n);
    if (chance.oneIn(2)) await w.send(core.deployer, core.registry, "admit", [id]);
    const bond = BigInt(10_000 + chance.below(20_000)) * COIN;
    return w.act("deposit", from, core.pool, "depositBond", [id, bond]);
  },

  async enter(w: World): Promise<Outcome> {
    const id = choose(w, open(w));
    return w.act("enter", anybody(w), w.core.elections, "enter", [[id]]);
  },

  /** Tokens that nobody asked for. */
  async donate(w: World): Promise<Outcome> {
    const { pool, distributor, slashing } = w.core.addresses;
    const which = w.chance.below(3);
    const amount = BigInt(w.chance.below(1_000)) * COIN;
    const to = [pool, distributor, slashing][which];
    const outcome = await w.act("donate", reporter(w), w.core.token, "transfer", [to, amount]);
    if (outcome.ok) w.gifts[which]! += amount;
    return outcome;
  },

  async pass(w: World): Promise<Outcome> {
    const seconds = w.chance.oneIn(3) ? 150 + w.chance.below(300) : 10 + w.chance.below(60);
    return w.act("pass", anybody(w), w.core.token, "transfer", [reporter(w).address, 0n], seconds);
  },

  async propose(w: World): Promise<Outcome | undefined> {
    const { core } = w;
    const { target, data } = harmless(core);
    const args = [[target], [0n], [data], `proposal ${w.proposals.length}`];
    const outcome = await w.act("propose", reporter(w), core.governor, "propose", args);
    if (!outcome.ok) return outcome;
    const id = await core.governor.getProposalId(
      [target],
      [0n],
      [data],
      keccak256(new TextEncoder().encode(args[3] as string)),
    );
    const [blob] = await core.governor.electorateOf(id);
    const { totalStake } = await core.elections.snapshotAt(blob);
    w.proposals.push({
      id,
      total: totalStake,
      open: true,
      end: Number(await core.governor.proposalDeadline(id)),
    });
    return outcome;
  },

  async vote(w: World): Promise<Outcome | undefined> {
    const proposal = w.proposals.at(-1);
    const isOpen = proposal !== undefined && w.at < proposal.end && w.at > proposal.end - VOTING;
    if (proposal === undefined || (!isOpen && !w.chance.oneIn(8))) return undefined;
    const id = w.chance.pick(w.ids);
    const args = [proposal.id, w.chance.below(3), "", naming([id])];
    return w.act("vote", w.operatorOf.get(id)!, w.core.governor, "castVoteWithReasonAndParams", args);
  },

  async overrideVote(w: World): Promise<Outcome | undefined> {
    const proposal = w.proposals.at(-1);
    const isOpen = proposal !== undefined && w.at < proposal.end && w.at > proposal.end - VOTING;
    if (proposal === undefined || (!isOpen && !w.chance.oneIn(8))) return undefined;
    const held = places(w, ({ owners }, who) => owners[who]!.shares > 0n);
    let { id, owner } = choosePlace(w, held);
    // What has a vote depends on an earlier registry.
    for (let tries = 0; tries < 8 && !(await votes(w, proposal, id, owner)); tries++)
      ({ id, owner } = choosePlace(w, held));
    const args = [proposal.id, w.chance.below(3), [id]];
    return w.act("overrideVote", w.delegators[owner]!, w.core.governor, "castOverride", args);
  },

  async settleDeposit(w: World): Promise<Outcome | undefined> {
    const proposal = w.proposals.find((each) => each.open);
    if (proposal === undefined || (w.at < proposal.end && !w.chance.oneIn(8))) return undefined;
    const outcome = await w.act("settleDeposit", anybody(w), w.core.governor, "settleDeposit", [proposal.id]);
    if (outcome.ok) proposal.open = false;
    return outcome;
  },
} as const;

/** How often each is tried. Slashing and leaving for good are rare: a run must not end in an empty network. */
export const WEIGHTS: Readonly<Record<keyof typeof ACTIONS, number>> = {
  deposit: 40,
  unbond: 30,
  cancelBond: 15,
  withdrawBond: 15,
  delegate: 120,
  delegateFor: 30,
  undelegate: 100,
  cancel: 60,
  withdraw: 60,
  redelegate: 70,
  clearLiability: 15,
  slash: 40,
  convict: 9,
  group: 12,
  executeGroup: 12,
  settle: 15,
  takeReward: 6,
  commit: 8,
  collect: 15,
  seal: 45,
  accrue: 50,
  claim: 80,
  claimValidator: 20,
  claimCredits: 10,
  compound: 60,
  jail: 15,
  unjail: 15,
  rotate: 12,
  exit: 4,
  join: 28,
  enter: 15,
  donate: 6,
  pass: 40,
  propose: 8,
  vote: 25,
  overrideVote: 25,
  settleDeposit: 6,
};
