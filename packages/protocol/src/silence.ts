import type { ReplicaState } from "./state.ts";
import type { Activation, RecoveryReading, SignIntent } from "./types/index.ts";

/*
 * What recovery forbids a key to sign (protocol.md section 6).
 */

/** The lowest epoch that was recovered above the own incarnation; null: none. */
export function pendingActivation(s: ReplicaState): Activation | null {
  let lowest: Activation | null = null;
  for (const activation of s.activations.values())
    if (
      activation.incarnation > s.epoch.start.incarnation &&
      (lowest === null || activation.epoch < lowest.epoch)
    )
      lowest = activation;
  return lowest;
}

/** True if the epoch the replica is in, or one before, was recovered: everything above the recovery point is given up. */
export function isOver(s: ReplicaState): boolean {
  const activation = pendingActivation(s);
  return activation !== null && activation.epoch <= s.epoch.start.epoch;
}

/** The recovery of the replica's own epoch, if the contracts show one open. */
export function openRecovery(s: ReplicaState): RecoveryReading | null {
  const { contracts, epoch } = s;
  if (contracts === null || contracts.recovery === null) return null;
  const { start } = epoch;
  if (contracts.epoch !== start.epoch || contracts.incarnation !== start.incarnation) return null;
  return contracts.recovery;
}

/** Why the own key must not sign this; null: it may. */
export function silencedBy(s: ReplicaState, intent: SignIntent): string | null {
  if (intent.what === "restart") return null;
  if (s.halted !== null) return "halted";
  const { epoch, incarnation, mode } = s.epoch.start;
  const { restarted } = s;
  // RESTART silences its signer in e and in e + 1 of its incarnation (section 6, 3).
  const isSilent =
    restarted !== null &&
    restarted.incarnation === incarnation &&
    (epoch === restarted.epoch || epoch === restarted.epoch + 1);
  if (isSilent) return "RESTART is signed";
  if (isOver(s)) return "the epoch is recovered";
  // Members that see it open back nothing more in e, if Fast (section 6, 2).
  return intent.what === "checkpoint" && mode === "fast" && openRecovery(s) !== null
    ? "recovery is open"
    : null;
}
