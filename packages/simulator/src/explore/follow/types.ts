import type { Activation, CheckpointCertificate, Mode, Registry, Seat } from "@aitbc-hybrid/protocol";
import type { Local } from "../local.ts";

/** The model's epoch 0 is this one of the reducer, which reads a candidate registry at its end, as all later ones do. */
export const FIRST_EPOCH = 1;

/** An instance of the model as registries of the reducer: seat i is validator i in all of them. */
export interface Instance {
  readonly mode: Mode;
  /** Seats of the model's nodes; the others are corrupt. */
  readonly nodes: readonly Seat[];
  /** N_e is the one at e mod their number, as in the model. Where two that follow each other are one, it is carried over. */
  readonly registries: readonly Registry[];
  /** The corrupt seat that leads every view. */
  readonly leader: Seat;
}

/** Why the reducer does not take an action as the model does, where its rules are the narrower ones. */
export interface Narrower {
  /** Votes in views, and checkpoints in chains, that the replica has left: it enters, and finalizes, as soon as it may. */
  readonly left: number;
  /** NOTARIZE further beyond the last certified view than `ahead`, a bound that the model does not have. */
  readonly ahead: number;
  /** RESTART of an epoch that it has left: it holds the backing of that epoch's end, which cancels the recovery. */
  readonly over: number;
  /** RESTART for another block that the rules allow: the reducer names the highest, in Fast the lowest of what nobody posted. */
  readonly other: number;
}

export interface Followed {
  /** Actions that the reducer took as the model did. */
  readonly matched: number;
  readonly narrower: Narrower;
  /** Final blocks in which both ended. */
  readonly final: number;
  /** Epochs begun after the first, in whatever incarnation; the third and later ones; recoveries; such as a leak made possible. */
  readonly epochs: number;
  readonly laterEpochs: number;
  readonly recoveries: number;
  readonly leaks: number;
  /** Where they differ. */
  readonly differences: readonly string[];
}

/** An epoch of an incarnation, as the model numbers them. */
export interface Domain {
  readonly epoch: number;
  readonly incarnation: number;
  readonly mode: Mode;
  readonly registry: Registry;
  readonly next: Registry;
  /** The model's block that it begins after. */
  readonly root: number;
  /** How a replica comes into it; null for the first. */
  readonly from: Domain | null;
  readonly by: CheckpointCertificate | Activation | null;
  /** The corrupt leader at its beginning. */
  readonly leader: Local;
}

/** A node of the model with its replica. */
export interface Node {
  local: Local;
  domain: Domain;
  /** Length of its log when its clock passed a lease of the domain; null: it did not. */
  pastLease: number | null;
}

/** How the reducer took an action; where its rules are the narrower ones, why it did not. */
export type Outcome = "same" | "different" | keyof Narrower;
