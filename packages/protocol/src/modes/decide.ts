import { unfinalAncestors } from "../ancestors.ts";
import { addWeights, type Electorate, electorate, isQuorum, NO_WEIGHT } from "../quorum.ts";
import type { EpochContext, Ledgered, ReplicaState } from "../state.ts";
import type { Attendance, Hash, HybridFacts, Mode, Params, Registry } from "../types/index.ts";
import { attended, authorityAvailability, noAttendance } from "./attendance.ts";
import { averaged, loadOf, NEUTRAL_MULTIPLIER, nextCapacity, nextMultiplier, rateOf } from "./load.ts";
import { wantedMode } from "./rule.ts";

/** Facts of epoch 0: the mode of the genesis, whole capacity, no history. */
export const firstHybrid = (mode: Mode, params: Params): HybridFacts => ({
  modeWanted: mode,
  resident: 1,
  capacity: params.maxBlockBytes,
  rate: 0,
  multiplier: NEUTRAL_MULTIPLIER,
});

/** Facts of the epoch that recovery begins: Secure, and the next one too; what was measured goes on. */
export const recoveredHybrid = (before: HybridFacts): HybridFacts => ({
  ...before,
  modeWanted: "secure",
  resident: 1,
  multiplier: NEUTRAL_MULTIPLIER,
});

/** V_{e+1} under the wanted mode, which READINESS is weighed by; null while R_{e+1} is not read. */
export function wantedElectorate(s: ReplicaState): Electorate | null {
  const { registryNext, hybrid } = s.epoch.start;
  const registry = s.registries.get(registryNext);
  return registry === undefined ? null : electorate(registry, hybrid.modeWanted);
}

/** True if the epoch's blocks decide whether the next one changes the mode. */
export const isSwitching = (context: EpochContext): boolean =>
  context.start.hybrid.modeWanted !== context.start.mode;

/** m_{e+1}: the wanted mode if Q of its members under it are ready; null while that cannot be weighed. */
function modeNext(s: ReplicaState, context: EpochContext, a: Attendance): Mode | null {
  if (!isSwitching(context)) return context.start.mode;
  const members = wantedElectorate(s);
  if (members === null) return null;
  let weight = NO_WEIGHT;
  for (const seat of a.readiness) weight = addWeights(weight, members.weights[seat]!);
  return isQuorum(members, weight) ? context.start.hybrid.modeWanted : context.start.mode;
}

/** What the blocks of the epoch took of their capacity; `blocks` of them were executed. */
export interface Usage {
  readonly used: number;
  readonly blocks: number;
  /** Value moved, as the last of them left it. */
  readonly value: number;
}

/** Average rate with the epoch's own blocks in it. Without history the epoch's own counts alone. */
function rateAfter(context: EpochContext, usage: Usage): number {
  const { hybrid, epoch } = context.start;
  if (usage.blocks === 0) return hybrid.rate;
  const own = rateOf(usage.used, usage.blocks, context.params.blockTime);
  return epoch === 0 ? own : averaged(hybrid.rate, own);
}

/** What the final chain had accumulated where the chain that ends in `hash` leaves it; nothing at view 0. */
function accumulated(
  s: ReplicaState,
  context: EpochContext,
  hash: Hash,
): Pick<Ledgered, "attendance" | "used" | "value"> {
  let base = hash;
  for (const { block } of unfinalAncestors(s, hash)) base = block.header.parentHash;
  if (base === s.tip.hash) return s.ledgered;
  // A branch from further down, as a node that is halted by a contradiction looks at.
  let node = s.history;
  while (node !== null && node.facts.hash !== base) node = node.below;
  return node?.ledgered ?? { attendance: noAttendance(context.registry.entries.length), used: 0, value: 0 };
}

/** Usage of the epoch up to the block `hash`; null if one of them is not executed yet. */
export function usageUpTo(s: ReplicaState, context: EpochContext, hash: Hash): Usage | null {
  let { used, value } = accumulated(s, context, hash);
  let newest = true;
  let height = s.tip.height;
  for (const { roots, block } of unfinalAncestors(s, hash)) {
    if (roots === null) return null;
    used += roots.used;
    if (newest) {
      ({ value } = roots);
      ({ height } = block.header);
    }
    newest = false;
  }
  return { used, value, blocks: height - context.start.firstHeight + 1 };
}

/** Attendance after the block `hash`: the final tip or a block above it. */
export function attendanceAt(s: ReplicaState, context: EpochContext, hash: Hash): Attendance {
  const path = [...unfinalAncestors(s, hash)];
  let at = accumulated(s, context, hash).attendance;
  for (let i = path.length - 1; i >= 0; i--) at = attended(context, at, path[i]!.block);
  return at;
}

/**
 * The modes that the last block of an epoch commits. Load and value are those of the blocks with a child in the epoch,
 * as participation is: the last block's own outcome is not known to who proposes it.
 *
 * @param parent hash of the last block's parent
 * @param a attendance with what the last block itself carries
 * @returns null while an ancestor is not executed or R_{e+1} not read
 */
export function modesOf(
  s: ReplicaState,
  context: EpochContext,
  parent: Hash,
  a: Attendance,
): { readonly modeNext: Mode; readonly modeWanted: Mode } | null {
  const base = modeNext(s, context, a);
  const usage = usageUpTo(s, context, parent);
  if (base === null || usage === null) return null;
  const { start, registry } = context;
  const { params } = registry;
  const inputs = {
    base,
    resident: base === start.mode ? start.hybrid.resident + 1 : 1,
    load: loadOf(rateAfter(context, usage), params.blockTime[base], start.hybrid.capacity),
    availability: authorityAvailability(context, a),
    value: usage.value,
  };
  return { modeNext: base, modeWanted: wantedMode(inputs, params) };
}

/** Facts of e + 1 from what e's final blocks used. */
export function nextHybrid(
  context: EpochContext,
  usage: Usage,
  next: { readonly mode: Mode; readonly modeWanted: Mode; readonly registry: Registry },
): HybridFacts {
  const { start, registry, params } = context;
  const { hybrid } = start;
  const rate = rateAfter(context, usage);
  const load = loadOf(rate, params.blockTime, hybrid.capacity);
  return {
    modeWanted: next.modeWanted,
    resident: next.mode === start.mode ? hybrid.resident + 1 : 1,
    capacity: nextCapacity(hybrid.capacity, load, registry.params, next.registry.params),
    rate,
    multiplier: nextMultiplier(hybrid.multiplier, load, registry.params),
  };
}
