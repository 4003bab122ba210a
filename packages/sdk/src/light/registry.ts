import { type Bls, bitmapSeats, CryptoError, compressKey, type KeyTable } from "@aitbc-hybrid/crypto";
import {
  bitmapWeights,
  type Electorate,
  electorate,
  fromHex,
  type Hash,
  isBacking,
  MAX_SEATS,
  type Mode,
  ProtocolError,
  type Registry,
  type Seat,
  snapshotHash,
  toBitmap,
  type Weights,
} from "@aitbc-hybrid/protocol";
import { SdkError } from "../errors.ts";
import type { RegistryPreimage } from "./types.ts";

const KEY_BYTES = 96;
/** Weights are packed in 32 bits: a greater one would be another seat's under the same root. */
const WEIGHT_LIMIT = 1n << 32n;
/** Suspended seats are one word of the preimage. */
const MOST_AUTHORITIES = 256;

function invalid(message: string, cause?: unknown): never {
  throw new SdkError("LIGHT_REGISTRY_INVALID", message, { cause });
}

const isSeatBelow = (limit: number) => (seat: Seat) => Number.isInteger(seat) && seat >= 0 && seat < limit;

/**
 * A registry with the root it hashes to. Values that its encoding has no room for are refused, since two registries
 * could share a root by them; compressed keys are computed anew, since the root covers the others only.
 * @throws SdkError LIGHT_REGISTRY_INVALID
 */
export function registryFrom(preimage: RegistryPreimage): Registry {
  const { entries, authorities, suspended, backing, params } = preimage;
  const count = entries.length;
  if (count > MAX_SEATS) invalid(`a registry has at most ${MAX_SEATS} seats, this one ${count}`);
  if (!Number.isInteger(authorities) || authorities < 0 || authorities > Math.min(count, MOST_AUTHORITIES))
    invalid(`${authorities} authorities do not fit a registry of ${count} seats`);
  if (![...suspended].every(isSeatBelow(authorities))) invalid("a suspended seat is not an authority's");
  if (![...backing].every(isSeatBelow(count))) invalid("a seat of the backing set does not exist");
  const registry = {
    entries: entries.map(({ validatorId, keyBytes, stake }, seat) => {
      if (keyBytes.length !== 0 && keyBytes.length !== KEY_BYTES)
        invalid(`the key of seat ${seat} has ${keyBytes.length} bytes, not ${KEY_BYTES}`);
      if (stake < 0n || stake >= WEIGHT_LIMIT) invalid(`the weight of seat ${seat} does not fit 32 bits`);
      return {
        validatorId,
        keyBytes,
        stake,
        key: keyBytes.length === 0 ? new Uint8Array(0) : compressKey(keyBytes),
      };
    }),
    authorities,
    suspended: new Set(suspended),
    backing: new Set(backing),
    params,
  };
  try {
    return { root: snapshotHash(registry), ...registry };
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    return invalid(`the registry's parameters do not fit their fields: ${cause.message}`, cause);
  }
}

/** Who signs checkpoints of an epoch: W_e under its mode, with what it weighs (protocol.md sections 1 and 2). */
interface Backers {
  readonly electorate: Electorate;
  readonly keys: KeyTable;
  /** Stake of all of them, however few they are: what a restart is measured against. */
  readonly stake: bigint;
}

/** Who signed something, checked for form: seats, and the bitmap over the registry. */
export interface Signers {
  readonly seats: readonly Seat[];
  readonly bitmap: Uint8Array;
}

/** A registry that is believed, and verifies what its members signed. */
export class LightRegistry {
  readonly registry: Registry;
  readonly #bls: Bls;
  readonly #backers = new Map<Mode, Backers>();
  #keys: KeyTable | undefined;

  constructor(bls: Bls, registry: Registry) {
    this.#bls = bls;
    this.registry = registry;
  }

  /** Signers by bitmap. @throws SdkError LIGHT_BAD_SEATS */
  fromBitmap(mode: Mode, bitmap: Uint8Array): Signers {
    const { electorate: e } = this.#of(mode);
    const seats = bitmapSeats(bitmap, e.backers.length);
    if (seats === null)
      return badSeats("the bitmap does not fit the registry: its length or a bit beyond the last seat");
    const stranger = seats.find((seat) => !e.backers[seat]);
    if (stranger !== undefined) badSeats(`seat ${stranger} does not sign checkpoints in ${mode} mode`);
    return { seats, bitmap };
  }

  /** Signers by list: those who signed, or those of the signing set who did not. @throws SdkError LIGHT_BAD_SEATS */
  fromList(mode: Mode, present: boolean, listed: readonly Seat[]): Signers {
    const { electorate: e } = this.#of(mode);
    let next = 0;
    for (const seat of listed) {
      if (!(seat >= next) || e.backers[seat] !== true)
        badSeats(`the list is not strictly ascending, or seat ${seat} does not sign in ${mode} mode`);
      next = seat + 1;
    }
    const named = new Set(listed);
    const seats = e.backers.flatMap((signs, seat) => (signs && named.has(seat) === present ? [seat] : []));
    return { seats, bitmap: toBitmap(seats, e.backers.length) };
  }

  /**
   * Verifies that enough of the backing set signed: Q of the mode and more than 2/3 of its stake, whose aggregate this
   * is (protocol.md section 8).
   * @throws SdkError LIGHT_NO_QUORUM, LIGHT_BAD_SIGNATURE
   */
  requireBacked(mode: Mode, root: Hash, signers: Signers, signature: Uint8Array): void {
    const { electorate: e } = this.#of(mode);
    const part = this.#weigh(mode, signers);
    if (!isBacking(e, part)) {
      throw new SdkError(
        "LIGHT_NO_QUORUM",
        `too few signed for ${mode} mode: ${part.authorities} of ${e.authorities} authorities, ${part.stake} of ${e.backingStake} AITBC`,
      );
    }
    this.#verify(mode, root, signers, signature);
  }

  /** Verifies that more than two thirds of the backing set's stake signed. @throws SdkError LIGHT_NO_QUORUM, LIGHT_BAD_SIGNATURE */
  requireStake(mode: Mode, root: Hash, signers: Signers, signature: Uint8Array): void {
    const { stake } = this.#of(mode);
    const part = this.#weigh(mode, signers);
    if (3n * part.stake <= 2n * stake)
      throw new SdkError("LIGHT_NO_QUORUM", `too few signed: ${part.stake} of ${stake} AITBC`);
    this.#verify(mode, root, signers, signature);
  }

  #weigh(mode: Mode, { bitmap }: Signers): Weights {
    const { electorate: e } = this.#of(mode);
    return bitmapWeights(e, e.backers, bitmap) ?? badSeats("the bitmap does not fit the registry");
  }

  #verify(mode: Mode, root: Hash, { seats }: Signers, signature: Uint8Array): void {
    if (!this.#bls.aggregateVerify(this.#of(mode).keys, seats, fromHex(root), signature))
      throw new SdkError("LIGHT_BAD_SIGNATURE", "the signature is not that of the signers named");
  }

  #of(mode: Mode): Backers {
    const known = this.#backers.get(mode);
    if (known !== undefined) return known;
    const e = electorate(this.registry, mode);
    const members = e.backers.flatMap((signs, seat) => (signs ? [seat] : []));
    const backers = {
      electorate: e,
      keys: this.#table().subset(members),
      stake: members.reduce((sum, seat) => sum + this.registry.entries[seat]!.stake, 0n),
    };
    this.#backers.set(mode, backers);
    return backers;
  }

  /** Their possession was proved, and their group checked, when the contracts sealed what the root names. */
  #table(): KeyTable {
    try {
      this.#keys ??= this.#bls.keyTable(
        this.registry.entries.map(({ keyBytes }) => keyBytes),
        { trusted: true },
      );
      return this.#keys;
    } catch (cause) {
      if (!(cause instanceof CryptoError)) throw cause;
      return invalid(
        `the registry ${this.registry.root} has a key that is no point: ${cause.message}`,
        cause,
      );
    }
  }
}

function badSeats(message: string): never {
  throw new SdkError("LIGHT_BAD_SEATS", message);
}
