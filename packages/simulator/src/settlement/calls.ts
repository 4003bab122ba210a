import * as model from "@aitbc-hybrid/contract-model";
import type { Certificate, CheckpointCertificate, Hash, Header, Mode, Seat } from "@aitbc-hybrid/protocol";

/** What a transaction asks of the contracts. Validators are named by the contracts' numbers, amounts are base units. */
export type Call =
  | { readonly what: "fund"; readonly amount: bigint }
  | { readonly what: "register" }
  | { readonly what: "admit" | "revoke" | "unjail" | "comeBack"; readonly validator: number }
  | {
      readonly what: "depositBond" | "requestUnbond" | "delegate";
      readonly validator: number;
      readonly amount: bigint;
    }
  | { readonly what: "undelegate"; readonly validator: number; readonly shares: bigint }
  | { readonly what: "enter"; readonly validators: readonly number[] }
  | { readonly what: "start"; readonly mode: Mode }
  | { readonly what: "seal"; readonly epoch: number }
  | { readonly what: "submit"; readonly certificate: CheckpointCertificate }
  | {
      readonly what: "accrue";
      readonly epoch: number;
      /** Empty: of an epoch that a recovery ended. */
      readonly vector: readonly model.SeatParticipation[];
      readonly relayer: string;
    }
  | { readonly what: "open" | "leak" }
  | { readonly what: "post"; readonly certificate: Certificate; readonly header: Header }
  /** One validator's RESTART: its seat in either registry, where it is listed. */
  | {
      readonly what: "restart";
      readonly view: number;
      readonly blockHash: Hash;
      readonly present: readonly Seat[];
      readonly next: readonly Seat[];
      readonly signature: Uint8Array;
    }
  | { readonly what: "activate"; readonly view: number; readonly blockHash: Hash }
  | { readonly what: "charge"; readonly recovery: number; readonly seats: readonly Seat[] };

/** A transaction as it was mined. */
export interface Mined {
  /** Settlement block. */
  readonly number: number;
  /** Its time, seconds of the contracts. */
  readonly at: number;
  /** "v3" is the operator of the simulated world's validator 3, "d3" who delegates to it. */
  readonly from: string;
  readonly call: Call;
  /** Name of the error it was refused with; null: it went through. */
  readonly refused: string | null;
}

/** Calls of staking, which mean the same whoever verifies signatures. */
export function stake(tx: model.Transaction, call: Call): boolean {
  switch (call.what) {
    case "fund":
      model.fund(tx, call.amount);
      return true;
    case "register":
      model.register(tx, tx.from);
      return true;
    case "admit":
      model.admit(tx, call.validator);
      return true;
    case "revoke":
      model.revoke(tx, call.validator);
      return true;
    case "unjail":
      model.unjail(tx, call.validator);
      return true;
    case "comeBack":
      model.comeBack(tx, call.validator);
      return true;
    case "depositBond":
      model.depositBond(tx, call.validator, call.amount);
      return true;
    case "requestUnbond":
      model.requestUnbond(tx, call.validator, call.amount);
      return true;
    case "delegate":
      model.delegate(tx, call.validator, call.amount);
      return true;
    case "undelegate":
      model.undelegate(tx, call.validator, call.shares);
      return true;
    case "enter":
      model.enter(tx, call.validators);
      return true;
    default:
      return false;
  }
}
