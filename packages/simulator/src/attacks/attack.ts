import type { Mode } from "@aitbc-hybrid/protocol";
import type { Rules } from "../rules.ts";

/** What the attacker holds a share of. */
export type Resource =
  | "authorities"
  | "stake"
  | "authorities and stake"
  | "stake held by authorities"
  | "leaders in reach"
  | "settlement blocks"
  | "leaders"
  | "old keys";

/** What one run of an attack showed. */
export interface Outcome {
  readonly succeeded: boolean;
  /** Breaches of the protocol's promises, which hold at every share up to the safe one. */
  readonly failures: readonly string[];
  readonly measures: Readonly<Record<string, number>>;
}

export interface AttackModules {
  readonly rules: Rules;
}

/** An attack in one mode by one resource. Shares are `level / scale`. */
export interface AttackCase {
  readonly mode: Mode;
  readonly resource: Resource;
  /** What is given to the attacker besides, in words; empty for nothing. */
  readonly given: string;
  /** Where it begins to succeed in theory, in words. */
  readonly bound: string;
  readonly scale: number;
  /** The highest level that can be played. */
  readonly most: number;
  /** The highest level at which the protocol promises that it fails. */
  readonly safe: number;
  /** The lowest level at which it must succeed, by the arithmetic of the mode's quorum; null: at none. */
  readonly broken: number | null;
  /** One run; equal seeds give equal outcomes. */
  play(level: number, seed: string, modules: AttackModules): Outcome;
}

/** One idea of an attacker. */
export interface Attack {
  /** As it is called on the command line. */
  readonly name: string;
  readonly idea: string;
  /** What counts as success, in words. */
  readonly success: string;
  readonly cases: readonly AttackCase[];
}

/** Name of a case: stable, part of the keys of stored runs. */
export const caseName = (attack: Attack, { mode, resource, given }: AttackCase): string =>
  [attack.name, mode, resource, ...(given === "" ? [] : [given])].join(" / ");
