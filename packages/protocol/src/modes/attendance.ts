import { termOf } from "../leader.ts";
import { hasSeat } from "../quorum.ts";
import type { EpochContext } from "../state.ts";
import type {
  Attendance,
  Block,
  BlockBody,
  Carried,
  Hash,
  LateVote,
  Participation,
  Seat,
} from "../types/index.ts";
import { isSignal } from "../types/index.ts";

/** `missed` counts parts of this. */
const PARTS = 65_535;

/** What of an epoch attendance is counted by. */
export type Counting = Pick<EpochContext, "registry" | "electorate" | "params" | "leader">;

/** An epoch's beginning: nothing is carried. */
export function noAttendance(seats: number): Attendance {
  const zeros = new Array<number>(seats).fill(0);
  const nobody: ReadonlySet<Seat> = new Set();
  return {
    blocks: 0,
    missed: zeros,
    backings: 0,
    unbacked: zeros,
    proposed: zeros,
    ready: nobody,
    readiness: nobody,
    window: [],
  };
}

/** The part of a block that attendance is counted from. */
export type Carrying = Pick<BlockBody, "certificates" | "backings" | "lateVotes">;

const added = (counts: readonly number[], seat: Seat, by: number): readonly number[] =>
  counts.with(seat, counts[seat]! + by);

const without = (
  counts: readonly number[],
  members: readonly boolean[],
  bitmap: Uint8Array,
): readonly number[] =>
  counts.map((count, seat) => (members[seat] && !hasSeat(bitmap, seat) ? count + 1 : count));

/** The carried block a late vote is for; undefined if none in the window is. */
export const carriedFor = (
  window: readonly Carried[],
  of: { readonly view: number; readonly parentView: number; readonly blockHash: Hash },
): Carried | undefined =>
  window.find(
    (each) => each.view === of.view && each.hash === of.blockHash && each.parentView === of.parentView,
  );

/** `before` with the certificates and backings that a block in `view` carries; late votes come on top. */
export function withCertificates(
  context: Counting,
  before: Attendance,
  view: number,
  body: Carrying,
): Attendance {
  const { electorate, registry } = context;
  let { blocks, missed, backings, unbacked } = before;
  const window = before.window.filter((each) => each.view + registry.params.voteWindow >= view);
  for (const c of body.certificates) {
    if (c.kind === "nullify") continue;
    blocks++;
    missed = without(missed, electorate.voters, c.bitmap);
    // Carried for the first time long after it was made: too late for late votes.
    if (c.view + registry.params.voteWindow < view) continue;
    window.push({ view: c.view, parentView: c.parentView, hash: c.blockHash, signers: c.bitmap });
  }
  for (const c of body.backings) {
    backings++;
    unbacked = without(unbacked, electorate.backers, c.bitmap);
  }
  return { ...before, blocks, missed, backings, unbacked, window };
}

/** `before` with one more late vote or signal, which must be valid (`lateVoteReason`). */
export function withLateVote(before: Attendance, item: LateVote): Attendance {
  const { seat } = item;
  if (isSignal(item)) {
    if (item.kind === "ready") return { ...before, ready: new Set(before.ready).add(seat) };
    return { ...before, readiness: new Set(before.readiness).add(seat) };
  }
  const carried = carriedFor(before.window, item);
  if (carried === undefined || hasSeat(carried.signers, seat)) return before;
  // Not `slice`: what the network hands over may be a Buffer, whose slices share its memory.
  const signers = new Uint8Array(carried.signers);
  signers[seat >> 3]! |= 1 << (seat & 7);
  return {
    ...before,
    missed: added(before.missed, seat, -1),
    window: before.window.map((each) => (each === carried ? { ...each, signers } : each)),
  };
}

const after = new WeakMap<Block, Attendance>();

/** Attendance after `block`, whose parent's is `before`. A block has one chain below it: computed once per object. */
export function attended(context: Counting, before: Attendance, block: Block): Attendance {
  const known = after.get(block);
  if (known !== undefined) return known;
  const { view } = block.header;
  let next = withCertificates(context, before, view, block.body);
  for (const item of block.body.lateVotes) next = withLateVote(next, item);
  next = {
    ...next,
    proposed: added(next.proposed, context.leader(termOf(view, context.params.termViews)), 1),
  };
  after.set(block, next);
  return next;
}

const parts = (missed: number, of: number): number =>
  of === 0 ? 0 : (missed * PARTS + ((of - ((missed * PARTS) % of)) % of)) / of;

/**
 * The participation vector of R_e: a voter misses blocks whose carried votes do not name it, in Fast a staker of W_e
 * misses backings carried without it, and everybody else misses all unless a READY of it was carried. What nobody's duty
 * was (no block counted) nobody missed.
 */
export function participation(context: Counting, a: Attendance): Participation[] {
  const { voters, backers } = context.electorate;
  return a.proposed.map((proposed, seat) => ({
    missed: voters[seat]
      ? parts(a.missed[seat]!, a.blocks)
      : backers[seat]
        ? parts(a.unbacked[seat]!, a.backings)
        : a.ready.has(seat)
          ? 0
          : PARTS,
    proposed: proposed < PARTS ? proposed : PARTS,
  }));
}

const MILLION = 1_000_000;

/** Availability of the authorities in millionths, rounded down; null where nothing was counted or there are none. */
export function authorityAvailability(context: EpochContext, a: Attendance): number | null {
  const { electorate, registry } = context;
  if (electorate.authorities === 0 || a.blocks === 0) return null;
  let there = 0;
  for (let seat = 0; seat < registry.authorities; seat++)
    if (electorate.voters[seat]) there += a.blocks - a.missed[seat]!;
  const due = electorate.authorities * a.blocks;
  return (there * MILLION - ((there * MILLION) % due)) / due;
}

/** Share of the stake whose votes (in Fast, backings) were carried, in millionths, rounded down; null where none counts. */
export function stakeParticipation(context: EpochContext, a: Attendance): number | null {
  const { electorate, registry } = context;
  const backs = electorate.mode === "fast";
  const members = backs ? electorate.backers : electorate.voters;
  const missed = backs ? a.unbacked : a.missed;
  const counted = BigInt(backs ? a.backings : a.blocks);
  const total = backs ? electorate.backingStake : electorate.stake;
  if (total === 0n || counted === 0n) return null;
  let there = 0n;
  for (let seat = 0; seat < members.length; seat++)
    if (members[seat]) there += registry.entries[seat]!.stake * (counted - BigInt(missed[seat]!));
  return Number((there * BigInt(MILLION)) / (total * counted));
}
