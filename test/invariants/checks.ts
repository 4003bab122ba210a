import type { Look, Outcome, Sums, World } from "./world.ts";
import { hold } from "./world.ts";

/** What rounding may give to others in one call, base units. */
const DUST = 4n;
const VIRTUAL_SHARES = 1_000_000n;

const sum = (list: readonly bigint[]): bigint => list.reduce((total, each) => total + each, 0n);

/** What everybody with stake or rewards for offences has, and what operators and reporters have. */
export interface Wealth {
  readonly all: bigint;
  readonly coalition: bigint;
}

export function wealthOf(w: World): Wealth {
  let staked = 0n;
  let bonded = 0n;
  for (const { bond, bonds, owners } of w.looks.values()) {
    bonded += bond + sum(bonds.map(({ tokens }) => tokens));
    for (const { tokens, queued } of owners) staked += tokens + queued;
  }
  const wallets = w.sums.balances.slice(0, w.core.others.length);
  const coalition = sum(wallets.slice(w.delegators.length)) + bonded + w.kept;
  return { all: coalition + sum(wallets.slice(0, w.delegators.length)) + staked, coalition };
}

/** Keeps the books of who put in and took out what, by the transfers and events of a call. */
export function book(w: World, outcome: Outcome): void {
  if (!outcome.ok) return;
  const pool = w.core.addresses.pool.toLowerCase();
  const add = (map: Map<string, bigint>, who: string, amount: bigint): void => {
    if (map.has(who)) map.set(who, map.get(who)! + amount);
  };
  let received = 0n;
  let delegated = 0n;
  for (const { by, name, args } of outcome.events) {
    const amount = args.amount as bigint;
    if (name === "Transfer") {
      const { from, to, value } = args as { from: string; to: string; value: bigint };
      if (to.toLowerCase() === pool && w.stakes.has(from)) received += value;
      if (to.toLowerCase() === pool) add(w.bonds, from, value);
      if (from.toLowerCase() === pool) {
        add(w.stakes, to, -value);
        add(w.bonds, to, -value);
      }
    } else if (name === "Delegated") {
      delegated += amount;
      add(w.stakes, args.owner as string, amount);
    } else if (name === "Credited" && by === pool) {
      const owner = args.owner as string;
      if (BigInt(owner) === 0n) add(w.bonds, w.operatorOf.get(Number(args.validator))!.address, amount);
      else add(w.stakes, owner, amount);
    } else if (name === "RewardKept") {
      w.kept += amount;
      w.keptIds.push(args.id as string);
    } else if (name === "RewardPaid") {
      w.kept -= amount;
    } else if (name === "Slashed") {
      const taken = args.taken as { bond: bigint; queuedBond: bigint };
      w.junior += taken.bond + taken.queuedBond;
    } else if (name === "Convicted") {
      const { bondTaken, reward } = args as { bondTaken: bigint; reward: bigint };
      hold(2n * reward <= bondTaken, `a reward of ${reward} for ${bondTaken} of the operator's`);
      w.rewarded += reward;
    }
  }
  hold(received === delegated, `${received} came, ${delegated} became stake`);
  hold(2n * w.rewarded <= w.junior, "reporters got more than half of what operators lost");
}

/** Nothing but what it takes from a validator lowers the worth of its shares. */
function checkPrice(id: number, before: Look, after: Look, outcome: Outcome): void {
  const slashed =
    outcome.ok &&
    outcome.events.some(({ name, args }) => name === "Slashed" && Number(args.validator) === id);
  if (slashed) return;
  hold(
    before.generation === 0n || before.generation === after.generation,
    `validator ${id}: a pool retired unslashed`,
  );
  const [was, is] = [
    (before.delegated + 1n) * (after.shares + VIRTUAL_SHARES),
    (after.delegated + 1n) * (before.shares + VIRTUAL_SHARES),
  ];
  hold(is >= was, `validator ${id}: the price of a share fell unslashed`);
  hold(after.bond >= before.bond || outcome.ok, `validator ${id}: its bond fell by nothing`);
  for (const [index, cohort] of before.delegations.entries()) {
    const now = after.delegations[index]!;
    if (cohort.shares === 0n || now.shares === 0n) continue;
    hold(
      now.tokens * cohort.shares >= cohort.tokens * now.shares,
      `validator ${id}: the price of cohort ${index} fell unslashed`,
    );
  }
}

/** A validator's stake is what its owners have, less what rounding left. */
function checkLook(id: number, look: Look): void {
  const { owners, shares, delegated, delegations, counted, most } = look;
  hold(sum(owners.map((owner) => owner.shares)) === shares, `validator ${id}: shares of nobody`);
  hold(sum(owners.map((owner) => owner.tokens)) <= delegated, `validator ${id}: shares worth more than it`);
  hold(delegated <= 1n << 96n && look.bond <= 1n << 96n, `validator ${id}: stake beyond any supply`);
  for (const [index, cohort] of delegations.entries()) {
    hold(
      sum(owners.map(({ parts }) => parts[index] ?? 0n)) === cohort.shares,
      `validator ${id}: parts of nobody in cohort ${index}`,
    );
    hold(cohort.tokens <= cohort.shares, `validator ${id}: cohort ${index} grew`);
  }
  hold(
    sum(owners.map(({ queued }) => queued)) <= sum(delegations.map(({ tokens }) => tokens)),
    `validator ${id}: more is leaving than left`,
  );
  for (const [back, shares_] of counted.entries()) {
    hold(shares_ <= most[back]!, `validator ${id}: owners vote with more than seal -${back} counted`);
  }
}

/** Every contract holds what it owes. */
function checkBalances(w: World, s: Sums): void {
  let staked = 0n;
  let queued = 0n;
  let pay = 0n;
  for (const look of w.looks.values()) {
    staked += look.bond + look.delegated;
    for (const { tokens } of [...look.bonds, ...look.delegations]) queued += tokens;
    pay += look.pay;
  }
  const [pool = 0n, queue = 0n, distributor = 0n, slashing = 0n, governor = 0n] = s.balances.slice(
    w.core.others.length,
  );
  hold(s.totalStake === staked, `bonds and pools: ${staked}, in all ${s.totalStake}`);
  hold(s.totalQueued === queued, `cohorts: ${queued}, in all ${s.totalQueued}`);
  hold(pool === staked + queued + s.totalOwed + w.gifts[0], "custody does not hold what it owes");
  hold(queue === 0n, "the queue holds tokens");
  hold(distributor === s.reserve + s.outstanding + w.gifts[1], "the distributor does not hold what it owes");
  hold(s.owed + s.credits + pay <= s.outstanding, "the distributor owes more than it paid");
  hold(slashing + s.totalOwed >= w.kept, "rewards kept back are not there");
  const deposits = w.proposals.filter((proposal) => proposal.open).length;
  hold(governor === BigInt(deposits) * DEPOSIT, "the governor does not hold its deposits");
}

const DEPOSIT = 1_000n * 10n ** 18n;

/** Nobody has, and took out, more than was put in for him. */
function checkEntitled(w: World): void {
  const dust = DUST * BigInt(w.calls + 1);
  for (const [index, owner] of w.owners.entries()) {
    let has = 0n;
    for (const { owners } of w.looks.values()) has += owners[index]!.tokens + owners[index]!.queued;
    hold(has <= w.stakes.get(owner)! + dust, `${owner} has ${has} of ${w.stakes.get(owner)}`);
  }
  const bonded = new Map<string, bigint>();
  for (const [id, { bond, bonds }] of w.looks) {
    const { address } = w.operatorOf.get(id)!;
    bonded.set(address, (bonded.get(address) ?? 0n) + bond + sum(bonds.map(({ tokens }) => tokens)));
  }
  for (const [operator, has] of bonded) {
    hold(has <= w.bonds.get(operator)!, `${operator} bonds ${has} of ${w.bonds.get(operator)}`);
  }
}

/** Snapshots stay as they were sealed. */
function checkSnapshots(before: Sums, after: Sums, outcome: Outcome): void {
  const sealed = outcome.ok && outcome.events.some(({ name }) => name === "Sealed");
  hold(after.sealNumber === before.sealNumber + (sealed ? 1 : 0), "a seal out of nothing");
  const [now, was] = sealed ? [after.blobs.slice(1), before.blobs] : [after.blobs, before.blobs];
  for (const [back, blob] of now.entries()) hold(blob === was[back], "a snapshot changed after its seal");
}

async function checkSealed(w: World): Promise<void> {
  const [said, added] = await w.read(w.lensAddress, w.lens.interface, "totals", [w.sums.sealNumber]);
  for (const index of [0, 1, 2]) {
    hold(
      said[index] === added[index],
      `a snapshot's total ${index}: ${said[index]}, its seats ${added[index]}`,
    );
  }
}

async function checkVotes(w: World): Promise<void> {
  const { governor } = w.core;
  for (const { id, total } of w.proposals.slice(-2)) {
    const votes = await w.read(governor.target as string, governor.interface, "proposalVotes", [id]);
    hold(sum([...votes] as bigint[]) <= total, `votes ${votes} of ${total}`);
  }
}

const same = (a: Look, b: Look): boolean =>
  a.bond === b.bond &&
  a.delegated === b.delegated &&
  a.shares === b.shares &&
  JSON.stringify([a.bonds, a.delegations, a.owners], words) ===
    JSON.stringify([b.bonds, b.delegations, b.owners], words);
const words = (_: string, value: unknown): unknown => (typeof value === "bigint" ? value.toString() : value);

/** Checks everything that one call may have broken. */
export async function check(w: World, name: string, outcome: Outcome, full: boolean): Promise<void> {
  const before = { looks: new Map(w.looks), sums: w.sums, wealth: wealthOf(w) };
  book(w, outcome);
  const touched = new Set(outcome.ok ? outcome.touched : []);
  // A seal changes what is counted everywhere, a claim what a validator is owed.
  const again = full ? new Set(w.ids) : touched;
  w.sums = await w.readSums();
  for (const id of again) {
    const look = await w.lookAt(id);
    const was = before.looks.get(id)!;
    if (!touched.has(id)) hold(same(was, look), `validator ${id} changed by what named others`);
    checkLook(id, look);
    checkPrice(id, was, look, outcome);
    w.looks.set(id, look);
  }
  checkBalances(w, w.sums);
  checkEntitled(w);
  checkSnapshots(before.sums, w.sums, outcome);
  if (w.sums.sealNumber !== before.sums.sealNumber) await checkSealed(w);
  if (["vote", "overrideVote"].includes(name)) await checkVotes(w);
  if (outcome.ok && OFFENCES.has(name)) {
    const [all, coalition] = [wealthOf(w).all, wealthOf(w).coalition];
    const { wealth } = before;
    hold(all <= wealth.all, `an offence made everybody richer by ${all - wealth.all}`);
    hold(
      coalition <= wealth.coalition,
      `operators and reporters gained ${coalition - wealth.coalition} by an offence`,
    );
  }
}

const OFFENCES = new Set(["slash", "convict", "group", "executeGroup", "settle"]);
