import type * as protocol from "@aitbc-hybrid/protocol";
import type { DurableRecord, Effect, Input, Millis, ReplicaState, Seat } from "@aitbc-hybrid/protocol";
import type { Answer } from "../twins/index.ts";

/** More than an input ever needs. */
const MOST_ANSWERS = 256;

/** The reducer that is explored; a mutant of it in tests. */
export type Reducer = Pick<typeof protocol, "initialReplica" | "restoreReplica" | "step">;

/** A replica with its shell, as one value. */
export interface Local {
  readonly seat: Seat;
  readonly state: ReplicaState;
  readonly now: Millis;
  /** Names of final blocks in order. */
  readonly finals: readonly string[];
  /** What it wrote, in order: all that it has after a crash. */
  readonly log: readonly DurableRecord[];
  /** What is wrong with this replica; null: nothing. */
  readonly wrong: string | null;
}

/** What surrounds a replica. */
export interface Surroundings {
  /** What its shell answers at once; null: nothing, or later. */
  answer(effect: Effect, state: ReplicaState): Answer | null;
  /** Looks on; called for every effect before it is answered. */
  saw?(effect: Effect, state: ReplicaState): void;
  /** The state with what is not the reducer's to decide put in its place. */
  placed?(state: ReplicaState): ReplicaState;
  nameOf(hash: string): string;
  /** True if time passes only by inputs: a proposal that waits for its parent's stamp goes on waiting. */
  readonly timeStands?: boolean;
}

/** The answers to what a replica begins or restarts with, and the log that these effects leave behind. */
export function performed(
  local: Local,
  effects: readonly Effect[],
  around: Surroundings,
): { readonly local: Local; readonly answers: readonly Answer[] } {
  let { finals, wrong } = local;
  let log: DurableRecord[] | null = null;
  const answers: Answer[] = [];
  const write = (record: DurableRecord): void => {
    log ??= [...local.log];
    log.push(record);
  };
  for (const effect of effects) {
    around.saw?.(effect, local.state);
    if (effect.type === "persist") write(effect.record);
    else if (effect.type === "sign") write({ type: "signed", intent: effect.intent });
    else if (effect.type === "finalized" || effect.type === "recovered")
      finals = [...finals, around.nameOf(effect.hash)];
    else if (effect.type === "rewind") {
      const kept = finals.lastIndexOf(around.nameOf(effect.hash)) + 1;
      finals = finals.slice(0, kept);
    } else if (effect.type === "halt") wrong ??= `${local.seat} halts: ${effect.reason}`;
    const answer = around.answer(effect, local.state);
    if (answer !== null) answers.push(answer);
  }
  return { local: { ...local, finals, wrong, log: log ?? local.log }, answers };
}

/** Steps a replica with all that its shell answers at once; a proposal that only waits for its parent's stamp gets it. */
export function drive(reducer: Reducer, start: Local, first: readonly Answer[], around: Surroundings): Local {
  let local = start;
  const queue: Answer[] = [...first];
  for (let at = 0; ; at++) {
    if (at === queue.length) {
      const { timer, timers } = local.state;
      const isOver = timer === null || timer >= timers.lead || at > MOST_ANSWERS;
      if (isOver || around.timeStands === true) return local;
      local = { ...local, now: Math.max(local.now, timer) };
      queue.push({ type: "tick" });
    }
    const { state, effects } = reducer.step(local.state, { ...queue[at]!, now: local.now } as Input);
    const placed = around.placed?.(state) ?? state;
    const done = performed({ ...local, state: placed }, effects, around);
    local = done.local;
    queue.push(...done.answers);
  }
}
