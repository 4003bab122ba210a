import type { Address, State } from "./state/index.ts";

/** What a contract's custom error says: its name and its arguments in order. */
export interface Refused {
  readonly name: string;
  readonly args: readonly unknown[];
}

/** Something that happened, named as the contracts' event where there is one. */
export interface ModelEvent {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** Thrown inside an action; `run` turns it into an outcome. */
export class Refusal extends Error {
  readonly refused: Refused;

  constructor(name: string, args: readonly unknown[]) {
    super(`${name}(${args.join(", ")})`);
    this.name = "Refusal";
    this.refused = { name, args };
  }
}

export function refuse(name: string, ...args: readonly unknown[]): never {
  throw new Refusal(name, args);
}

/** Whether checks refuse nothing. They must change nothing. */
export function wouldPass(checks: () => void): boolean {
  try {
    checks();
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

/** One transaction under way: a draft of the state that only it sees. */
export interface Transaction {
  readonly state: State;
  readonly from: Address;
  /** Time of its block, seconds. */
  readonly at: number;
  readonly events: ModelEvent[];
}

export const emit = (tx: Transaction, name: string, args: Readonly<Record<string, unknown>>): void => {
  tx.events.push({ name, args });
};

export type Outcome<T> =
  | {
      readonly ok: true;
      readonly state: State;
      readonly value: T;
      readonly events: readonly ModelEvent[];
    }
  | { readonly ok: false; readonly refused: Refused };

/** A copy that shares nothing that can change: what is frozen does not. */
export function clone<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  if (value instanceof Map) {
    const copy = new Map();
    for (const [key, each] of value) copy.set(key, clone(each));
    return copy as T;
  }
  if (value instanceof Set) return new Set(value) as T;
  if (Array.isArray(value)) return value.map(clone) as T;
  const copy = { ...value };
  for (const key in copy) {
    const each = copy[key];
    if (typeof each === "object") copy[key] = clone(each);
  }
  return copy;
}

/**
 * Performs actions as one transaction: all of them, or none and the reason. The state given stays as it was.
 * Anything thrown that is no refusal is a bug of the model and passes through.
 */
export function run<T>(
  state: State,
  call: { readonly from: Address; readonly at: number },
  action: (tx: Transaction) => T,
): Outcome<T> {
  const tx: Transaction = { state: clone(state), from: call.from, at: call.at, events: [] };
  try {
    const value = action(tx);
    return { ok: true, state: tx.state, value, events: tx.events };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, refused: error.refused };
    throw error;
  }
}

/**
 * A part of a transaction whose refusal must not stop the rest, as the contracts call replaceable modules: what it
 * changed is undone. Returns whether it went through.
 */
export function attempt(tx: Transaction, action: () => void): boolean {
  const before = clone(tx.state);
  const events = tx.events.length;
  try {
    action();
    return true;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    Object.assign(tx.state, before);
    tx.events.length = events;
    return false;
  }
}
