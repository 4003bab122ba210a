import type { State, Validator } from "./state/index.ts";
import { refuse } from "./transaction.ts";

/** A validator's record. Refused if there is none. */
export function known(state: State, id: number): Validator {
  return state.registry.validators.get(id) ?? refuse("ValidatorRegistryUnknown", id);
}

/** Whether a validator takes stake: active or jailed. */
export function isOpen(state: State, id: number): boolean {
  const { status } = known(state, id);
  return status === "active" || status === "jailed";
}
