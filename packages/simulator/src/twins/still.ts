import {
  type Effect,
  type Genesis,
  type Hash,
  type Hex,
  type Input,
  type Millis,
  type Mode,
  type Registry,
  type Seat,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import type { Notary } from "./notary.ts";

/** When the worlds of this folder's kind begin. */
export const START: Millis = 1_000_000_000;
const NOBODY: Hex = `0x${"00".repeat(20)}`;

/** An input without its time, which the host adds. */
export type Answer = Input extends infer T ? (T extends unknown ? Omit<T, "now"> : never) : never;

/** The genesis of a world that has no settlement chain but what this says. */
export const stillGenesis = (mode: Mode, registry: Registry): Genesis => ({
  chainId: 7,
  settlementChainId: 31_337,
  addressesHash: ZERO_HASH,
  snapshotHash: registry.root,
  mode,
  stateRoot: ZERO_HASH,
  stamp: START,
});

export interface Still {
  readonly notary: Notary;
  readonly seat: Seat;
  /** What its blocks of a view order. */
  readonly batch: (view: number) => Hash;
  /** When the last acceptance was that the settlement chain shows. */
  readonly settledAt: Millis;
}

/**
 * Answers effects at once in a world in which only messages matter: every batch is held, a block's state is its hash, the
 * settlement chain stands still. Null for effects that the host has to decide.
 */
export function stillAnswer(effect: Effect, { notary, seat, batch, settledAt }: Still): Answer | null {
  switch (effect.type) {
    case "verify":
      return { type: "verified", job: effect.job, result: notary.check(effect.check) };
    case "obtain":
      return { type: "available", hash: effect.hash, ok: true, inboxFrom: null };
    case "execute": {
      const { hash } = effect;
      const roots = { stateRoot: hash, receiptsRoot: ZERO_HASH, handedOn: ZERO_HASH };
      return { type: "executed", hash, ...roots, used: 0, value: 0 };
    }
    case "payload": {
      const { epoch, view, parentHash, parentReference, parentSettledAt, vrfRoot } = effect;
      const payload = {
        batches: [batch(view)],
        reference: parentReference,
        settledAt: parentSettledAt,
        inboxCursor: effect.parentInboxCursor,
        feeRecipient: NOBODY,
        candidate: null,
        vrfProof: notary.sign(seat, vrfRoot),
      };
      return { type: "payload", epoch, view, parentHash, payload };
    }
    case "reference": {
      const { reference, epoch, inboxFrom } = effect;
      const reading = { settledAt, due: [], candidate: null };
      return { type: "reference", reference, epoch, inboxFrom, reading };
    }
    default:
      return null;
  }
}
