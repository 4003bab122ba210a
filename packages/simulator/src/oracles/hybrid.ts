import {
  type Block,
  type Boundary,
  type EpochStart,
  fromBitmap,
  type Hash,
  type Mode,
  participationHash,
  type Registry,
  type Seat,
} from "@aitbc-hybrid/protocol";
import { backingSeats, isQuorum, votingSeats } from "./weights.ts";

/** A final block as the audit reads it. */
export interface Audited {
  readonly block: Block;
  readonly used: number;
}

export interface AuditModules {
  readonly fail: (what: string) => void;
  readonly registryOf: (root: Hash) => Registry | undefined;
  /** The seat whose VRF proof the block carries. */
  readonly leaderOf: (block: Block, start: EpochStart) => Seat;
  /** True if a late vote or signal is signed by the seat it names. */
  readonly isSigned: (item: Block["body"]["lateVotes"][number], registry: Registry) => boolean;
}

const ORDER: readonly Mode[] = ["fast", "balanced", "secure"];
const MILLION = 1_000_000n;
const big = (value: number): bigint => BigInt(value);
const clamp = (value: bigint, low: number, high: number): number =>
  Number(value < big(low) ? big(low) : value > big(high) ? big(high) : value);

/** The mode that section 6's rule wants. */
function wish(base: Mode, resident: number, load: number, share: number | null, p: Registry["params"]): Mode {
  let wanted: Mode = base;
  if (resident >= p.residency && share !== null) {
    const leaves = load > p.fastExitLoad || share < p.fastExitAvailability;
    const enters = load < p.fastEntryLoad && share > p.fastEntryAvailability;
    if (share < p.secureAvailability) wanted = "secure";
    else if (base === "fast") wanted = leaves ? "balanced" : "fast";
    else wanted = enters ? "fast" : "balanced";
  }
  return ORDER.indexOf(wanted) < p.modeFloor ? ORDER[p.modeFloor]! : wanted;
}

/** One step of the controller toward the target load. */
function steer(value: number, load: number, p: Registry["params"]): bigint {
  const target = big(p.targetLoad);
  const bounded = big(load) > 2n * target ? 2n * target : big(load);
  const size = bounded > target ? bounded - target : target - bounded;
  const change = (big(value) * big(p.capacityStep) * size) / (target * MILLION);
  return bounded > target ? big(value) + change : big(value) - change;
}

/**
 * Recounts one epoch from its final blocks, by protocol.md section 6 alone, with sets of names where the rules keep
 * counters: who is named by what is carried, what the boundary must sign, which modes the last block commits and with
 * what the next epoch begins.
 */
export function auditEpoch(
  start: EpochStart,
  blocks: readonly Audited[],
  after: { readonly boundary: Boundary | undefined; readonly next: EpochStart | undefined },
  { fail, registryOf, isSigned, leaderOf }: AuditModules,
): void {
  const registry = registryOf(start.registry)!;
  const nextRegistry = registryOf(start.registryNext);
  const { params } = registry;
  const name = `epoch ${start.epoch}`;
  const voters = new Set(votingSeats(registry, start.mode));
  const backers = new Set(backingSeats(registry, start.mode));
  const named = new Map<string, Set<Seat>>();
  const backings: Set<Seat>[] = [];
  const ready = new Set<Seat>();
  const readiness = new Set<Seat>();
  const proposed = new Map<Seat, number>();
  const views = new Map<string, number>();
  for (const { block } of blocks) {
    const { header, body } = block;
    for (const c of body.certificates) {
      if (c.kind === "nullify") continue;
      const key = `${c.view}<${c.parentView}:${c.blockHash}`;
      if (named.has(key)) fail(`${name}: the certificate of view ${c.view} is carried twice`);
      named.set(key, new Set(fromBitmap(c.bitmap)));
      views.set(key, c.view);
    }
    for (const c of body.backings) backings.push(new Set(fromBitmap(c.bitmap)));
    for (const item of body.lateVotes) {
      const isNext = item.kind === "readiness";
      const of = isNext ? nextRegistry : registry;
      if (of === undefined || !isSigned(item, of)) fail(`${name}: a late ${item.kind} is not signed`);
      if (item.kind === "ready") {
        if (voters.has(item.seat) || backers.has(item.seat)) fail(`${name}: READY of a member`);
        ready.add(item.seat);
      } else if (isNext) {
        if (item.mode !== start.hybrid.modeWanted || item.mode === start.mode)
          fail(`${name}: READINESS for ${item.mode}`);
        readiness.add(item.seat);
      } else {
        const key = `${item.view}<${item.parentView}:${item.blockHash}`;
        const names = named.get(key);
        if (
          names === undefined ||
          !voters.has(item.seat) ||
          header.view - views.get(key)! > params.voteWindow
        )
          fail(`${name}: a late ${item.kind} of view ${item.view} has no place in view ${header.view}`);
        else if (names.has(item.seat))
          fail(`${name}: seat ${item.seat} is carried twice for view ${item.view}`);
        else names.add(item.seat);
      }
    }
    const seat = leaderOf(block, start);
    proposed.set(seat, (proposed.get(seat) ?? 0) + 1);
  }
  const last = blocks.at(-1)?.block.body.commitment;
  if (last === undefined || last === null) return;

  const absent = (seat: Seat, all: readonly ReadonlySet<Seat>[]): number =>
    all.filter((names) => !names.has(seat)).length;
  const parts = (missed: number, of: number): number => (of === 0 ? 0 : Math.ceil((missed * 65_535) / of));
  const counted = [...named.values()];
  const vector = registry.entries.map((_, seat) => ({
    missed: voters.has(seat)
      ? parts(absent(seat, counted), counted.length)
      : backers.has(seat)
        ? parts(absent(seat, backings), backings.length)
        : ready.has(seat)
          ? 0
          : 65_535,
    proposed: proposed.get(seat) ?? 0,
  }));
  const { boundary, next } = after;
  if (boundary !== undefined && boundary.accounting.vectorHash !== participationHash(vector))
    fail(`${name}: the boundary signs another participation`);
  if (boundary !== undefined && boundary.accounting.loadMultiplier !== start.hybrid.multiplier)
    fail(`${name}: the boundary signs another load multiplier`);

  const { hybrid } = start;
  const switches = hybrid.modeWanted !== start.mode;
  const isReady = nextRegistry !== undefined && isQuorum(nextRegistry, hybrid.modeWanted, readiness);
  const base = switches && isReady ? hybrid.modeWanted : start.mode;
  if (last.modeNext !== base) fail(`${name}: commits ${last.modeNext}, its members are ready for ${base}`);

  // The last block's child is of another epoch, and what it used nobody knew who proposed it.
  const inside = blocks.slice(0, -1);
  const used = inside.reduce((sum, each) => sum + big(each.used), 0n);
  const own =
    inside.length === 0
      ? hybrid.rate
      : Number((used * MILLION) / (big(inside.length) * big(params.blockTime[start.mode])));
  const rate =
    start.epoch === 0 || inside.length === 0 ? own : Number((3n * big(hybrid.rate) + big(own)) / 4n);
  const loadIn = (mode: Mode): number =>
    clamp((big(rate) * big(params.blockTime[mode])) / big(hybrid.capacity), 0, 1_000_000_000);
  let suspended = 0;
  for (const seat of registry.suspended) if (seat < registry.authorities) suspended++;
  const authorities = registry.authorities - suspended;
  const due = authorities * counted.length;
  let there = 0;
  for (const names of counted)
    for (const seat of names) if (seat < registry.authorities && voters.has(seat)) there++;
  const share = due === 0 ? null : Math.floor((1_000_000 * there) / due);
  const resident = base === start.mode ? hybrid.resident + 1 : 1;
  const wanted = wish(base, resident, loadIn(base), share, params);
  if (last.modeWanted !== wanted) fail(`${name}: wants ${last.modeWanted} instead of ${wanted}`);

  if (next === undefined || nextRegistry === undefined) return;
  const load = loadIn(start.mode);
  const bounds = nextRegistry.params;
  const expected = [
    base,
    wanted,
    resident,
    clamp(steer(hybrid.capacity, load, params), bounds.minBlockBytes, bounds.maxBlockBytes),
    rate,
    clamp(steer(hybrid.multiplier, load, params), 500_000, 2_000_000),
  ].join();
  const { modeWanted, resident: since, capacity, rate: told, multiplier } = next.hybrid;
  const found = [next.mode, modeWanted, since, capacity, told, multiplier].join();
  if (found !== expected) fail(`epoch ${next.epoch} begins with ${found} instead of ${expected}`);
}
