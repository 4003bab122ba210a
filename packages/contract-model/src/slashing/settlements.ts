import { hold, slash } from "../custody/index.ts";
import { known } from "../identities.ts";
import { least, MILLION, most, mulDivUp, periodOf, sum } from "../numbers.ts";
import { jail, voteAddress } from "../registry/index.ts";
import type { Absence, State } from "../state/index.ts";
import { emit, refuse, type Transaction } from "../transaction.ts";
import { windowEnd } from "./convictions.ts";

const BILLION = 1_000_000_000n;

/** What was convicted around a validator's conviction, and the whole penalty that makes it, if its window ended now. */
export function surchargeOf(state: State, id: number): { together: bigint; fraction: bigint } {
  const conviction = state.slashing.convictions.get(id);
  if (conviction === undefined) return { together: 0n, fraction: 0n };
  const { basePenalty, surchargeFactor } = state.rules.slashing;
  const middle = periodOf(conviction.at, state.slashing.spanTime);
  const spans = [...state.slashing.spans]
    .filter(([number]) => number >= middle - conviction.spans && number <= middle + conviction.spans)
    .map(([, span]) => span);
  const together = most(
    sum(spans.map(({ stake }) => stake)),
    sum(spans.map(({ authorities }) => authorities)),
  );
  const grown = mulDivUp(together * surchargeFactor, MILLION, BILLION);
  return { together, fraction: most(basePenalty, least(grown, MILLION)) };
}

/** Takes what is due: an absence once its delay is over, the surcharge once its window is. Anyone. */
export function settle(tx: Transaction, id: number): void {
  settleAbsence(tx, id);
  const { state } = tx;
  const { convictions, settled, vetoed } = state.slashing;
  const conviction = convictions.get(id);
  if (conviction === undefined || settled.has(id) || tx.at < windowEnd(state, conviction)) return;
  settled.add(id);
  const { together, fraction } = surchargeOf(state, id);
  const { basePenalty } = state.rules.slashing;
  let taken = { juniorTaken: 0n, seniorTaken: 0n };
  if (!vetoed.has(id) && fraction > basePenalty) {
    // What is left is what was liable less the base.
    taken = take(tx, id, conviction.seal, fraction - basePenalty, MILLION - basePenalty);
  }
  emit(tx, "SurchargeSettled", { validator: id, together, fraction, ...taken });
}

const take = (tx: Transaction, validator: number, seal: number, part: bigint, whole: bigint) =>
  slash(tx, { validator, seal, part, whole, holdUntil: 0 });

function settleAbsence(tx: Transaction, id: number): void {
  const absence = tx.state.slashing.absences.get(id);
  if (absence === undefined || absence.dueAt === 0 || tx.at < absence.dueAt) return;
  absence.dueAt = 0;
  emit(tx, "AbsenceSettled", { validator: id, ...take(tx, id, absence.seal, absence.fraction, MILLION) });
}

function chargeLater(tx: Transaction, id: number, absence: Absence): void {
  tx.state.slashing.absences.set(id, absence);
  jail(tx, id);
  hold(tx, id, absence.seal, absence.dueAt);
  emit(tx, "AbsenceCharged", { validator: id, ...absence });
}

/**
 * Jails a validator that was absent throughout `jailAfter` epochs with a duty, and charges it after a delay: a fraction
 * that rises with the stake absent in the last of them. `seats`: its seat in each epoch from `fromEpoch` on. Anyone.
 */
export function chargeAbsence(
  tx: Transaction,
  id: number,
  fromEpoch: number,
  seats: readonly number[],
): void {
  const { state } = tx;
  const rules = state.rules.slashing;
  const last = state.slashing.absences.get(id);
  const through = last?.through ?? 0;
  if ((last?.dueAt ?? 0) !== 0 || (through !== 0 && fromEpoch <= through))
    refuse("SlashingManagerNoNewRun", id, through);
  const epoch = lastOfRun(state, id, fromEpoch, seats);
  const until = (state.schedule.boundaries.get(epoch)?.acceptedAt ?? tx.at) + rules.evidenceValidity;
  if (tx.at >= until) refuse("SlashingManagerExpired", epoch, until);
  const snapshot = state.schedule.records.get(epoch)!.registry;
  const own = seats[epoch - fromEpoch]!;
  const absent = state.rewards.pays[epoch]!.absent;
  const others = sum([...absent].filter((seat) => seat !== own).map((seat) => snapshot.weights[seat]!));
  const share = snapshot.totalStake === 0n ? 0n : mulDivUp(others, BILLION, snapshot.totalStake);
  chargeLater(tx, id, {
    dueAt: tx.at + rules.absenceDelay,
    seal: snapshot.number,
    fraction: rules.absenceLeast + mulDivUp(rules.absenceMost - rules.absenceLeast, share, BILLION),
    through: epoch,
  });
}

/** The epoch that completes a run of absence; refused if it is broken by an epoch with a duty done. */
function lastOfRun(state: State, id: number, from: number, seats: readonly number[]): number {
  let found = 0;
  for (const [i, seat] of seats.entries()) {
    const epoch = from + i;
    const record = state.schedule.records.get(epoch);
    const snapshot = record?.registry;
    const pay = state.rewards.pays[epoch];
    if (epoch >= state.rewards.seals.length || snapshot === undefined)
      return refuse("RewardDistributorNotAccrued", epoch);
    if (state.registry.keys.get(snapshot.keys[seat] ?? 0) !== id)
      return refuse("SlashingManagerNotAbsent", id, epoch);
    if (pay?.absent.has(seat)) {
      if (++found === state.rules.slashing.jailAfter) return epoch;
    } else if ((record!.mode === "secure" ? snapshot.members : snapshot.backing).has(seat)) {
      return refuse("SlashingManagerNotAbsent", id, epoch);
    }
  }
  return refuse("SlashingManagerNotAbsent", id, from + seats.length);
}

/** Jails a validator and charges it as if all had been absent, after the delay. The recovery's. */
export function leak(tx: Transaction, id: number): void {
  const { state } = tx;
  const { absenceDelay, absenceMost } = state.rules.slashing;
  const last = state.slashing.absences.get(id);
  if ((last?.dueAt ?? 0) !== 0) {
    jail(tx, id);
    return;
  }
  chargeLater(tx, id, {
    dueAt: tx.at + absenceDelay,
    seal: state.schedule.records.get(state.schedule.epoch)!.seal,
    fraction: absenceMost,
    through: last?.through ?? 0,
  });
}

/**
 * An authority wants a surcharge or an absence to lapse: it does once more than 2/3 of those not convicted, and at least a
 * third of all, want it. They are those of the registry in force at the first such call.
 */
export function veto(tx: Transaction, id: number, surcharge: boolean, seat: number): void {
  const { state } = tx;
  const { slashing } = state;
  const waits = surcharge && !slashing.settled.has(id) && !slashing.vetoed.has(id);
  const time = surcharge
    ? waits
      ? (slashing.convictions.get(id)?.at ?? 0)
      : 0
    : (slashing.absences.get(id)?.dueAt ?? 0);
  if (time === 0) refuse("SlashingManagerNothingToVeto", id);
  const subject = `${id} ${surcharge} ${time}`;
  const motion = slashing.motions.get(subject) ?? {
    registry: state.schedule.records.get(state.schedule.epoch)!.registry,
    votes: new Set<number>(),
  };
  slashing.motions.set(subject, motion);
  const { validators, nAuth } = motion.registry;
  const eligible = validators
    .map((authority, s) => ({ authority, s }))
    .filter(({ authority, s }) => s < nAuth && known(state, authority).status !== "tombstoned");
  const voter = eligible.find(({ s }) => s === seat)?.authority;
  if (voter === undefined) refuse("SlashingManagerNoVote", seat, tx.from);
  if (tx.from !== known(state, voter).operator && tx.from !== voteAddress(state, voter))
    refuse("SlashingManagerNoVote", seat, tx.from);
  emit(tx, "VetoCast", { validator: id, surcharge, authority: voter });
  motion.votes.add(seat);
  const votes = eligible.filter(({ s }) => motion.votes.has(s)).length;
  if (!(3 * votes > 2 * eligible.length) || 3 * votes < nAuth) return;
  if (surcharge) slashing.vetoed.add(id);
  else slashing.absences.get(id)!.dueAt = 0;
  emit(tx, "VetoCarried", { validator: id, surcharge, votes, eligible: eligible.length });
}
