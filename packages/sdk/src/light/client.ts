import type { Bls } from "@aitbc-hybrid/crypto";
import {
  type Boundary,
  type Checkpoint,
  type CheckpointCertificate,
  checkpointRoot,
  checkpointsSlashable,
  domainHash,
  fromBitmap,
  type Hash,
  hasSeat,
  type Millis,
  type Mode,
  ProtocolError,
  paramsAt,
  restartRoot,
  type Seat,
} from "@aitbc-hybrid/protocol";
import { SdkError } from "../errors.ts";
import { requireBlock, requireHeader, requireReceipt, requireTransaction } from "./inclusion.ts";
import { LightRegistry, registryFrom, type Signers } from "./registry.ts";
import type {
  AcceptedCheckpoint,
  BlockProof,
  HeaderProof,
  LightAnchor,
  LightConflict,
  LightStatus,
  ListedCheckpoint,
  ReceiptProof,
  RegistryPreimage,
  Submitted,
  TransactionProof,
} from "./types.ts";

const DAY = 86_400_000;

export interface LightOptions {
  readonly chainId: number;
  readonly genesisHash: Hash;
  /** Silence after which it says stalled, ms. */
  readonly patience: Millis;
  /**
   * Weak subjectivity: how old what it stands on may be, ms. Keys whose stake is paid out sign for nothing: it must be
   * less than the unbonding time, with room for evidence to be posted.
   */
  readonly maxAge: Millis;
  /** How far a stamp may lie beyond the own clock, ms. */
  readonly drift: Millis;
  /** Epochs whose checkpoints and registries are kept: proofs and conflicts are judged under them. */
  readonly epochsKept: number;
}

/** A day of silence, two thirds of the 21 days of unbonding, a minute of drift, two weeks of Balanced's epochs. */
export const DEFAULT_LIGHT_OPTIONS = {
  patience: DAY,
  maxAge: 14 * DAY,
  drift: 60_000,
  epochsKept: 336,
} as const;

export interface LightModules {
  readonly bls: Bls;
  /** ms since 1970 */
  readonly clock: () => Millis;
}

interface EpochSlot {
  readonly registry: Hash;
  /** Fixed once the epoch began; until then the one wanted. */
  readonly mode: Mode;
  readonly incarnation: number;
  /** 0: it has not begun. */
  readonly firstHeight: number;
}

/** Where a light client is. */
export interface LightPosition {
  readonly epoch: number;
  readonly incarnation: number;
  readonly mode: Mode;
  readonly height: number;
  readonly stamp: Millis;
}

/** What a block's proof showed. */
export interface ProvedBlock {
  readonly height: number;
  readonly blockHash: Hash;
  /** Height and hash of the checkpoint it stands under. */
  readonly checkpoint: { readonly height: number; readonly hash: Hash };
}

/**
 * Follows the chain by what its validators sign, off-chain, with the checks of CheckpointLightClient: trusts the anchor
 * it was given, once, and from there on more than two thirds of each registry's stake for the next. It cannot decide
 * which of two conflicting checkpoints is right (it freezes and keeps both) nor where a recovered chain goes on (it
 * stalls): then somebody anchors it again.
 *
 * Beyond the contract it freezes where an accepted checkpoint is not the `previous` of the next one due, and refuses
 * what is older than `maxAge`.
 */
export class LightClient {
  readonly #options: LightOptions;
  readonly #modules: LightModules;
  readonly #registries = new Map<Hash, LightRegistry>();
  #epochs = new Map<number, EpochSlot>();
  /** By height. */
  #accepted = new Map<number, AcceptedCheckpoint>();
  #epoch = 0;
  #height = 0;
  #stamp: Millis = 0;
  #acceptedAt: Millis = 0;
  #restarted = false;
  #conflict: LightConflict | null = null;

  /** @throws SdkError LIGHT_ANCHOR_INVALID, LIGHT_TOO_OLD, LIGHT_FROM_FUTURE */
  constructor(options: LightOptions, modules: LightModules, from: LightAnchor) {
    this.#options = options;
    this.#modules = modules;
    this.anchor(from);
  }

  /** What the client can say of the chain now. */
  get status(): LightStatus {
    if (this.#conflict !== null) return "frozen";
    const silent = this.#modules.clock() > this.#acceptedAt + this.#options.patience;
    return this.#restarted || silent ? "stalled" : "live";
  }

  get position(): LightPosition {
    const { incarnation, mode } = this.#now;
    return { epoch: this.#epoch, incarnation, mode, height: this.#height, stamp: this.#stamp };
  }

  /** What froze it; null unless it is. */
  get conflict(): LightConflict | null {
    return this.#conflict;
  }

  /** The registry that is needed next and not known yet; null if checkpoints can be verified. */
  get missing(): Hash | null {
    const { registry } = this.#now;
    return this.#registries.has(registry) ? null : registry;
  }

  /** Where it is, to start from again: the next client trusts the own disk with it. */
  snapshot(): LightAnchor {
    const now = this.#now;
    const next = this.#epochs.get(this.#epoch + 1)!;
    const last = this.#accepted.get(this.#height);
    return {
      epoch: this.#epoch,
      incarnation: now.incarnation,
      mode: now.mode,
      wanted: next.mode,
      registry: now.registry,
      registryNext: next.registry,
      firstHeight: now.firstHeight,
      height: this.#height,
      stamp: this.#stamp,
      checkpoint: last === undefined ? null : { hash: last.hash, content: last.checkpoint },
    };
  }

  /** The checkpoint accepted at a height since it was anchored; null if none was. */
  checkpointAt(height: number): AcceptedCheckpoint | null {
    return this.#accepted.get(height) ?? null;
  }

  /** Registry, mode and first height (0: not begun, the mode is the one wanted) of an epoch on record; null if it is not. */
  epochOf(epoch: number): Pick<EpochSlot, "registry" | "mode" | "firstHeight"> | null {
    return this.#epochs.get(epoch) ?? null;
  }

  /**
   * Anchors the client again: after a recovery, or once it is known which of two branches is the chain. What was
   * accepted before proves nothing after it.
   * @throws SdkError LIGHT_ANCHOR_INVALID, LIGHT_TOO_OLD, LIGHT_FROM_FUTURE; it stays as it was then
   */
  anchor(from: LightAnchor): void {
    const { checkpoint } = from;
    const fits =
      checkpoint === null ||
      (checkpoint.content.height === from.height && checkpoint.content.stamp === from.stamp);
    if (from.height < from.firstHeight - 1 || from.firstHeight < 1 || !fits)
      throw new SdkError("LIGHT_ANCHOR_INVALID", "the anchor's heights and checkpoint do not go together");
    this.#requireAge(from.stamp);
    const { epoch, incarnation } = from;
    this.#epochs = new Map([
      [
        epoch,
        {
          registry: from.registry,
          mode: from.mode,
          incarnation,
          firstHeight: from.firstHeight,
        },
      ],
      [epoch + 1, { registry: from.registryNext, mode: from.wanted, incarnation, firstHeight: 0 }],
    ]);
    this.#accepted = new Map();
    if (checkpoint !== null)
      this.#accepted.set(from.height, {
        epoch,
        hash: checkpoint.hash,
        checkpoint: checkpoint.content,
        certificate: null,
      });
    this.#epoch = epoch;
    this.#height = from.height;
    this.#stamp = from.stamp;
    this.#acceptedAt = this.#modules.clock();
    this.#restarted = false;
    this.#conflict = null;
    this.#forget();
  }

  /**
   * Tells who signs, in a registry that is on record by its root only. From anybody: it is believed because it hashes.
   * @returns its root
   * @throws SdkError LIGHT_REGISTRY_INVALID; LIGHT_REGISTRY_UNEXPECTED if nothing signed names it
   */
  learn(preimage: RegistryPreimage): Hash {
    const registry = registryFrom(preimage);
    const { root } = registry;
    if (this.#registries.has(root)) return root;
    if (![...this.#epochs.values()].some((slot) => slot.registry === root))
      throw new SdkError("LIGHT_REGISTRY_UNEXPECTED", `no epoch on record has the registry ${root}`);
    this.#registries.set(root, new LightRegistry(this.#modules.bls, registry));
    return root;
  }

  /**
   * Takes a checkpoint of the present epoch; a boundary begins the next one. One that contradicts what was accepted
   * freezes the client, if a quorum signed it.
   * @throws SdkError with a code for every reason to refuse; nothing changed then
   */
  submit(given: CheckpointCertificate | ListedCheckpoint): Submitted {
    this.#requireGoing();
    const slot = this.#slot(given.epoch);
    const registry = this.#registry(slot);
    const { checkpoint } = given;
    const hash = this.#hash(given, slot);
    const known = this.#accepted.get(checkpoint.height);
    if (known?.hash === hash) return { what: "known", hash, height: checkpoint.height };
    if (known !== undefined) {
      const other = this.#verified(given, slot, registry, hash);
      return { what: "conflict", conflict: this.#freeze(known, other, []) };
    }
    this.#requireAge(this.#stamp);
    const last = lastHeight(slot, registry);
    const { height } = checkpoint;
    // Of the anchor's own checkpoint only the height may be known so far.
    const least = Math.max(slot.firstHeight, this.#height + (this.#accepted.has(this.#height) ? 1 : 0));
    if (given.epoch !== this.#epoch || height < least || height > last) {
      throw new SdkError(
        "LIGHT_BAD_HEIGHT",
        `height ${height} is not within ${least}, above the last one accepted, and ${last}, the epoch's last`,
      );
    }
    if ((height === last) !== (checkpoint.boundary !== null))
      throw new SdkError("LIGHT_BAD_BOUNDARY", "an epoch's last checkpoint has a boundary, no other has");
    const accepted = this.#verified(given, slot, registry, hash);
    const before = this.#accepted.get(dueBefore(slot, registry, height));
    if (before !== undefined && before.hash !== checkpoint.previous)
      return { what: "conflict", conflict: this.#freeze(before, accepted, []) };
    if (checkpoint.boundary !== null) this.#requireBoundary(slot, checkpoint.boundary);
    this.#accepted.set(height, accepted);
    this.#height = height;
    this.#stamp = checkpoint.stamp;
    this.#acceptedAt = this.#modules.clock();
    if (checkpoint.boundary === null) return { what: "accepted", hash, height, begun: null };
    this.#handOver(slot, checkpoint.boundary, height);
    return { what: "accepted", hash, height, begun: this.#epoch };
  }

  /**
   * Stalls on the proof that more than two thirds of the present epoch's stake asked for a restart.
   * @throws SdkError LIGHT_NO_QUORUM, LIGHT_BAD_SIGNATURE, LIGHT_BAD_SEATS
   */
  reportRestart(
    view: number,
    blockHash: Hash,
    proof: Pick<ListedCheckpoint, "present" | "seats" | "signature">,
  ): void {
    const slot = this.#now;
    const registry = this.#registry(slot);
    const signers = registry.fromList(slot.mode, proof.present, proof.seats);
    const root = restartRoot(this.#domain(this.#epoch, slot), view, blockHash);
    registry.requireStake(slot.mode, root, signers, proof.signature);
    this.#restarted = true;
  }

  /**
   * Freezes on two checkpoints of one epoch that cannot be of one chain, both signed by a quorum.
   * @param chain for two heights: from the higher's `previous` down to the lower's height, which it misses
   * @throws SdkError LIGHT_NO_CONFLICT, and what `submit` refuses signatures with
   */
  reportConflict(
    first: CheckpointCertificate | ListedCheckpoint,
    second: CheckpointCertificate | ListedCheckpoint,
    chain: readonly Checkpoint[] = [],
  ): LightConflict {
    const slot = this.#slot(first.epoch);
    const registry = this.#registry(slot);
    const hashes = [this.#hash(first, slot), this.#hash(second, slot)] as const;
    const domain = this.#domain(first.epoch, slot);
    const clash =
      first.epoch === second.epoch &&
      wellFormed(() => checkpointsSlashable(domain, first.checkpoint, second.checkpoint, chain));
    if (!clash)
      throw new SdkError(
        "LIGHT_NO_CONFLICT",
        "the two checkpoints are one, or nothing shows that they clash",
      );
    return this.#freeze(
      this.#verified(first, slot, registry, hashes[0]),
      this.#verified(second, slot, registry, hashes[1]),
      chain,
    );
  }

  /** Proves that a block stands in the chain. @throws SdkError LIGHT_NOT_PROVED, LIGHT_CHECKPOINT_UNKNOWN, LIGHT_FROZEN */
  proveBlock(proof: BlockProof): ProvedBlock {
    const under = this.#under(proof);
    requireBlock(under.checkpoint, proof);
    return proved(proof, under);
  }

  /** Proves that a block with this header does. @throws as `proveBlock` */
  proveHeader(proof: HeaderProof): ProvedBlock {
    const under = this.#under(proof);
    requireHeader(under.checkpoint, proof);
    return proved(proof, under);
  }

  /** Proves that a transaction was ordered by a block of the chain. @throws as `proveBlock` */
  proveTransaction(proof: TransactionProof): ProvedBlock {
    const under = this.#under(proof);
    requireTransaction(this.#options.chainId, under.checkpoint, proof);
    return proved(proof, under);
  }

  /**
   * Proves that a transaction was executed. The header that carries its receipt is `rootLag` blocks above the block that
   * executed it: `executedAt` is that block's height, null if the epoch of the header is not on record.
   * @throws as `proveBlock`
   */
  proveReceipt(proof: ReceiptProof): ProvedBlock & { readonly executedAt: number | null } {
    const under = this.#under(proof);
    requireReceipt(under.checkpoint, proof);
    const lag = this.#rootLag(proof.header.domain);
    return {
      ...proved(proof, under),
      executedAt: lag === null ? null : Math.max(0, proof.height - lag),
    };
  }

  get #now(): EpochSlot {
    return this.#epochs.get(this.#epoch)!;
  }

  #requireGoing(): void {
    if (this.#conflict !== null)
      throw new SdkError(
        "LIGHT_FROZEN",
        "two conflicting checkpoints are known: find out which one is the chain's and anchor the client to it",
      );
    if (this.#restarted)
      throw new SdkError(
        "LIGHT_STALLED",
        "the chain restarted elsewhere: anchor the client to where it goes on",
      );
  }

  #requireAge(stamp: Millis): void {
    const now = this.#modules.clock();
    if (stamp > now + this.#options.drift)
      throw new SdkError("LIGHT_FROM_FUTURE", `stamped ${stamp - now} ms ahead of the own clock`);
    if (now - stamp > this.#options.maxAge) {
      throw new SdkError(
        "LIGHT_TOO_OLD",
        `what it stands on is ${now - stamp} ms old: stake may be paid out by now whose keys could sign another chain; anchor it to something newer`,
      );
    }
  }

  /** An epoch that has begun. */
  #slot(epoch: number): EpochSlot {
    const slot = this.#epochs.get(epoch);
    if (slot === undefined || slot.firstHeight === 0)
      throw new SdkError(
        "LIGHT_EPOCH_UNKNOWN",
        `epoch ${epoch} is not on record: the present one is ${this.#epoch}`,
      );
    return slot;
  }

  #registry(slot: EpochSlot): LightRegistry {
    const registry = this.#registries.get(slot.registry);
    if (registry === undefined)
      throw new SdkError("LIGHT_REGISTRY_UNKNOWN", `the registry ${slot.registry} was not learnt yet`);
    return registry;
  }

  #domain(epoch: number, { incarnation, mode, registry }: EpochSlot): Hash {
    const { chainId, genesisHash } = this.#options;
    return domainHash({ chainId, genesisHash, epoch, incarnation, mode, registry });
  }

  #hash(given: CheckpointCertificate | ListedCheckpoint, slot: EpochSlot): Hash {
    const domain = this.#domain(given.epoch, slot);
    if ("domain" in given && given.domain !== domain) {
      throw new SdkError(
        "LIGHT_WRONG_DOMAIN",
        `signed for the domain ${given.domain}, while epoch ${given.epoch} has ${domain}: another chain, or another incarnation of it`,
      );
    }
    return wellFormed(() => checkpointRoot(domain, given.checkpoint));
  }

  #verified(
    given: CheckpointCertificate | ListedCheckpoint,
    slot: EpochSlot,
    registry: LightRegistry,
    hash: Hash,
  ): AcceptedCheckpoint {
    const { epoch, checkpoint, signature } = given;
    const signers: Signers =
      "bitmap" in given
        ? registry.fromBitmap(slot.mode, given.bitmap)
        : registry.fromList(slot.mode, given.present, given.seats);
    registry.requireBacked(slot.mode, hash, signers, signature);
    const { bitmap } = signers;
    const certificate = { epoch, domain: this.#domain(epoch, slot), checkpoint, bitmap, signature };
    return { epoch, hash, checkpoint, certificate };
  }

  /** What the contracts demand of a boundary too. */
  #requireBoundary(slot: EpochSlot, { commitment, accounting }: Boundary): void {
    const next = this.#epochs.get(this.#epoch + 1)!;
    if (accounting.epoch !== this.#epoch)
      throw new SdkError("LIGHT_BAD_BOUNDARY", `the boundary accounts for epoch ${accounting.epoch}`);
    if (commitment.registryNext !== next.registry) {
      throw new SdkError(
        "LIGHT_BAD_REGISTRY",
        `the boundary names the registry ${commitment.registryNext}, on record is ${next.registry}`,
      );
    }
    if (commitment.modeNext !== slot.mode && commitment.modeNext !== next.mode) {
      throw new SdkError(
        "LIGHT_BAD_MODE",
        `the next epoch cannot begin in ${commitment.modeNext} mode: wanted was ${next.mode}, present is ${slot.mode}`,
      );
    }
  }

  #handOver(slot: EpochSlot, { commitment }: Boundary, height: number): void {
    const { incarnation } = slot;
    const next = this.#epoch + 1;
    this.#epochs.set(next, {
      registry: commitment.registryNext,
      mode: commitment.modeNext,
      incarnation,
      firstHeight: height + 1,
    });
    this.#epochs.set(next + 1, {
      registry: commitment.registryAfter,
      mode: commitment.modeWanted,
      incarnation,
      firstHeight: 0,
    });
    this.#epoch = next;
    this.#forget();
  }

  /** Lets go of epochs beyond those kept, and of registries that no epoch on record has. */
  #forget(): void {
    const oldest = this.#epoch - this.#options.epochsKept;
    for (const epoch of this.#epochs.keys()) if (epoch < oldest) this.#epochs.delete(epoch);
    for (const [height, { epoch }] of this.#accepted) if (epoch < oldest) this.#accepted.delete(height);
    const named = new Set([...this.#epochs.values()].map((slot) => slot.registry));
    for (const root of this.#registries.keys()) if (!named.has(root)) this.#registries.delete(root);
  }

  #freeze(a: AcceptedCheckpoint, b: AcceptedCheckpoint, chain: readonly Checkpoint[]): LightConflict {
    const [first, second] = a.checkpoint.height <= b.checkpoint.height ? [a, b] : [b, a];
    this.#conflict = { first, second, evidence: this.#evidence(first, second, chain) };
    return this.#conflict;
  }

  #evidence(
    { certificate: first }: AcceptedCheckpoint,
    { certificate: second }: AcceptedCheckpoint,
    chain: readonly Checkpoint[],
  ): LightConflict["evidence"] {
    if (first === null || second === null || first.domain !== second.domain) return null;
    const { epoch, domain } = first;
    const seats: Seat[] = fromBitmap(first.bitmap).filter((seat) => hasSeat(second.bitmap, seat));
    const shown = checkpointsSlashable(domain, first.checkpoint, second.checkpoint, chain);
    if (!shown || seats.length === 0) return null;
    const { entries } = this.#registry(this.#slot(epoch)).registry;
    return {
      what: "checkpoints",
      epoch,
      domain,
      seats,
      validatorIds: seats.map((seat) => entries[seat]!.validatorId),
      first: { type: "checkpointCertificate", certificate: first },
      second: { type: "checkpointCertificate", certificate: second },
      chain,
    };
  }

  #under({ under }: BlockProof): AcceptedCheckpoint {
    if (this.#conflict !== null)
      throw new SdkError(
        "LIGHT_FROZEN",
        "two conflicting checkpoints are known: nothing is proved by either",
      );
    const accepted = this.#accepted.get(under);
    if (accepted === undefined)
      throw new SdkError("LIGHT_CHECKPOINT_UNKNOWN", `no checkpoint was accepted at height ${under}`);
    return accepted;
  }

  #rootLag(domain: Hash): number | null {
    for (const [epoch, slot] of this.#epochs) {
      if (slot.firstHeight === 0 || this.#domain(epoch, slot) !== domain) continue;
      return this.#registries.get(slot.registry)?.registry.params.rootLag ?? null;
    }
    return null;
  }
}

const lastHeight = ({ firstHeight, mode }: EpochSlot, { registry }: LightRegistry): number =>
  firstHeight + paramsAt(registry, mode).epochLength - 1;

/** Height of the checkpoint due before one at `height`: in the epoch, or the last before it. */
function dueBefore(slot: EpochSlot, { registry }: LightRegistry, height: number): number {
  const before = slot.firstHeight - 1;
  const { checkpointInterval } = paramsAt(registry, slot.mode);
  return before + Math.floor((height - slot.firstHeight) / checkpointInterval) * checkpointInterval;
}

const proved = (
  { height, blockHash }: BlockProof,
  { hash, checkpoint }: AcceptedCheckpoint,
): ProvedBlock => ({
  height,
  blockHash,
  checkpoint: { height: checkpoint.height, hash },
});

/** Values that have no place in their fields were signed by nobody. */
function wellFormed<T>(compute: () => T): T {
  try {
    return compute();
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    throw new SdkError("LIGHT_MALFORMED", cause.message, { cause });
  }
}
