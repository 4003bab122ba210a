import {
  type Hash,
  hashBytes,
  type Millis,
  type ReplicaState,
  type SettlementReference,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import { START } from "../../twins/index.ts";
import { FIRST_EPOCH, type Instance } from "./types.ts";

/** Activations lie further apart than the settlement lease lasts. */
export function settledAt({ registries }: Instance, incarnation: number): Millis {
  return START + 2 * incarnation * registries[0]!.params.settleLease;
}

export function referenceOf(incarnation: number): SettlementReference {
  return incarnation === 0
    ? { number: 0, hash: ZERO_HASH }
    : { number: incarnation, hash: hashBytes(new Uint8Array([incarnation])) };
}

/** What the settlement chain shows to all of an incarnation: its activation, and N_{e+2} where that is another registry. */
export function shownTo(instance: Instance, { epoch: { start } }: ReplicaState) {
  const { registries } = instance;
  const sealed = registries[(start.epoch - FIRST_EPOCH + 2) % registries.length]!;
  const candidate: Hash | null = sealed.root === start.registryNext ? null : sealed.root;
  return { settledAt: settledAt(instance, start.incarnation), due: [], candidate };
}
