import type { Mode, Params } from "../types/index.ts";
import { MODES, modeIndex } from "../types/index.ts";

/** What the wanted mode is decided by. */
export interface ModeInputs {
  /** m_{e+1}, after which the wanted mode would come. */
  readonly base: Mode;
  /** Epochs in a row, up to and including e + 1, in that mode. */
  readonly resident: number;
  /** Millionths of the capacity in the base mode. */
  readonly load: number;
  /** Of the authorities, millionths; null: nothing was counted. */
  readonly availability: number | null;
  /** Value moved in the epoch, millionths of the supply. */
  readonly value: number;
}

function wish({ base, load, availability, value }: ModeInputs, p: Params): Mode {
  if (p.valueLimit > 0 && value > p.valueLimit) return "secure";
  // Without votes to go by nothing is known that a switch could be justified with.
  if (availability === null) return base;
  if (availability < p.secureAvailability) return "secure";
  const staysFast = base === "fast" && load <= p.fastExitLoad && availability >= p.fastExitAvailability;
  const entersFast = base !== "fast" && load < p.fastEntryLoad && availability > p.fastEntryAvailability;
  return staysFast || entersFast ? "fast" : "balanced";
}

/**
 * The wanted m_{e+2} (protocol.md section 6): thresholds with hysteresis and minimum residency. Governance's floor waits
 * for no residency and for nothing else.
 */
export function wantedMode(inputs: ModeInputs, params: Params): Mode {
  const wanted = inputs.resident < params.residency ? inputs.base : wish(inputs, params);
  return modeIndex(wanted) < params.modeFloor ? MODES[params.modeFloor]! : wanted;
}
