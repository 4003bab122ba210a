import {
  type Activation,
  type Certificate,
  type CheckpointCertificate,
  type ContractsReading,
  fromBitmap,
  type Hash,
  type Millis,
  type Mode,
  type PostedCertificate,
  type Registry,
  type RestartVote,
  restartRoot,
  type Seat,
} from "@aitbc-hybrid/protocol";
import { backingSeats, canDecide, isQuorum, votingSeats } from "../oracles/index.ts";
import { named } from "../signatures.ts";

/** Times of recovery and leak on a small settlement chain, ms; shares in millionths. */
export interface RecoveryPlan {
  readonly stall: Millis;
  readonly grace: Millis;
  readonly leakAfter: Millis;
  readonly leakRound: Millis;
  readonly leakStep: number;
  readonly leakFloor: number;
}

/** What the contracts hold of their current epoch. */
interface Current {
  readonly epoch: number;
  readonly incarnation: number;
  readonly mode: Mode;
  /** The mode that e + 1 may get besides. */
  readonly wanted: Mode;
  readonly registry: Hash;
  readonly registryNext: Hash;
}

interface Candidate {
  readonly view: number;
  readonly blockHash: Hash;
  readonly height: number;
  readonly validators: Set<number>;
}

interface Open {
  readonly openedAt: Millis;
  readonly graceEnd: Millis;
  readonly posted: PostedCertificate[];
  readonly restarts: Map<string, Candidate>;
  /** Everybody who posted a RESTART of this recovery. */
  readonly answered: Set<number>;
  round: number;
}

/** A recovery as it was settled. */
export interface SettledRecovery extends Activation {
  readonly height: number;
  /** The settlement block with it. */
  readonly number: number;
  readonly leaked: boolean;
}

export interface RecoveryModules {
  readonly registryOf: (root: Hash) => Registry;
  readonly domainOf: (current: Omit<Current, "wanted" | "registryNext">) => Hash;
  readonly verifySingle: (registry: Hash, seat: Seat, root: Hash, signature: Uint8Array) => boolean;
  readonly verifyAggregate: (registry: Hash, certificate: Certificate) => boolean;
  /** Seals a recorded registry again with these authorities' and these seats' weights set to 0. */
  readonly sealAgain: (root: Hash, suspended: ReadonlySet<Seat>, jailed: ReadonlySet<Seat>) => Hash;
  readonly activated: (recovery: SettledRecovery) => void;
}

/**
 * The contracts' side of recovery (protocol.md section 6): opening after a stall, certificates within grace, RESTARTs
 * weighed by both epochs' backing sets, activation, leak by rounds.
 */
export class Recoveries {
  readonly #plan: RecoveryPlan;
  readonly #modules: RecoveryModules;
  readonly activations: SettledRecovery[] = [];
  /** Jailed by a leak, by validator. */
  readonly jailed = new Set<number>();
  /** Rules that the contracts applied, by name. */
  readonly taken = new Map<string, number>();
  #current: Current;
  #open: Open | null = null;
  #lastReset: Millis;
  #settledAt: Millis;
  #accepted = { height: 0, blockHash: null as Hash | null };
  #sinceActivation = true;
  readonly #snapshots: { readonly number: number; readonly reading: Omit<ContractsReading, "at"> }[] = [];

  constructor(
    options: {
      readonly plan: RecoveryPlan;
      readonly start: Millis;
      readonly mode: Mode;
      readonly registry: Hash;
    },
    modules: RecoveryModules,
  ) {
    const { plan, start, mode, registry } = options;
    this.#plan = plan;
    this.#modules = modules;
    this.#lastReset = start;
    this.#settledAt = start;
    this.#current = { epoch: 0, incarnation: 0, mode, wanted: mode, registry, registryNext: registry };
    this.#snap(0);
  }

  get current(): Current {
    return this.#current;
  }

  get open(): boolean {
    return this.#open !== null;
  }

  #note(rule: string): void {
    this.taken.set(rule, (this.taken.get(rule) ?? 0) + 1);
  }

  /** D_e of the contracts' current epoch. */
  get domain(): Hash {
    const { epoch, incarnation, mode, registry } = this.#current;
    return this.#modules.domainOf({ epoch, incarnation, mode, registry });
  }

  #snap(number: number): void {
    const { epoch, incarnation } = this.#current;
    const recovery =
      this.#open === null ? null : { graceEnd: this.#open.graceEnd, posted: [...this.#open.posted] };
    this.#snapshots.push({
      number,
      reading: {
        epoch,
        incarnation,
        settledAt: this.#settledAt,
        acceptedHeight: this.#accepted.height,
        recovery,
      },
    });
  }

  /** What the contracts say at a block. */
  reading(number: number, at: Millis): ContractsReading {
    let found = this.#snapshots[0]!;
    for (const snapshot of this.#snapshots) if (snapshot.number <= number) found = snapshot;
    return { at, ...found.reading };
  }

  /** A checkpoint of the current epoch was accepted. Returns whether it renews leases and clocks. */
  accepted(certificate: CheckpointCertificate, time: Millis, number: number): boolean {
    const { checkpoint } = certificate;
    this.#accepted = { height: checkpoint.height, blockHash: checkpoint.blockHash };
    this.#sinceActivation = true;
    const open = this.#open;
    const renews =
      open === null || checkpoint.boundary !== null || checkpoint.stamp > open.openedAt - this.#plan.stall;
    if (renews) {
      if (open !== null) this.#note("cancelled");
      this.#open = null;
      this.#lastReset = time;
      this.#settledAt = time;
    } else this.#note("floor raised");
    const { boundary } = checkpoint;
    if (boundary !== null) {
      const { registryNext, registryAfter, modeNext, modeWanted } = boundary.commitment;
      const { epoch, incarnation } = this.#current;
      this.#current = {
        epoch: epoch + 1,
        incarnation,
        mode: modeNext,
        wanted: modeWanted,
        registry: registryNext,
        registryNext: registryAfter,
      };
    }
    this.#snap(number);
    return renews;
  }

  /** A settlement block: anyone opens a recovery, the leak takes its rounds, RESTARTs are weighed. */
  tick(time: Millis, number: number): void {
    const { stall, grace } = this.#plan;
    if (this.#open === null) {
      if (time - this.#lastReset <= stall) return;
      const { mode, wanted, registry, registryNext } = this.#current;
      // A recovery ends in Secure: where that could not decide, none begins.
      if (!canDecide(this.#modules.registryOf(registryNext), "secure")) return;
      const { lease, drift } = this.#modules.registryOf(registry).params;
      const fast = mode === "fast" || wanted === "fast" ? lease + 2 * drift : 0;
      this.#open = {
        openedAt: time,
        graceEnd: time + grace + fast,
        posted: [],
        restarts: new Map(),
        answered: new Set(),
        round: 0,
      };
      this.#note("opened");
      this.#snap(number);
      return;
    }
    this.#leak(this.#open, time);
    this.#weigh(this.#open, time, number);
  }

  /** N or F of the current epoch, until grace ends, above what was posted. */
  post(certificate: Certificate, height: number, time: Millis, number: number): void {
    const open = this.#open;
    if (open === null || time > open.graceEnd || certificate.domain !== this.domain) return;
    if (certificate.kind === "nullify" || height <= this.#accepted.height) return;
    if (open.posted.some((posted) => posted.view >= certificate.view)) return;
    if (!this.#isQuorum(certificate)) return;
    const { view, parentView, blockHash } = certificate;
    open.posted.push({ view, parentView, blockHash });
    this.#note("posted");
    this.#snap(number);
  }

  #isQuorum(certificate: Certificate): boolean {
    const { registry, mode } = this.#current;
    const of = this.#modules.registryOf(registry);
    const seats = new Set(fromBitmap(certificate.bitmap));
    const voting = new Set(votingSeats(of, mode));
    return (
      [...seats].every((seat) => voting.has(seat)) &&
      isQuorum(of, mode, seats) &&
      this.#modules.verifyAggregate(registry, certificate)
    );
  }

  /** A RESTART, posted with the header and the certificate of its block (null where that was posted). */
  restart(vote: RestartVote, certificate: Certificate | null, height: number): void {
    const open = this.#open;
    if (open === null || vote.domain !== this.domain) return;
    if (height < this.#accepted.height) return;
    if (
      height === this.#accepted.height &&
      this.#accepted.blockHash !== null &&
      vote.blockHash !== this.#accepted.blockHash
    )
      return;
    const isCertified =
      vote.view === 0 ||
      open.posted.some((posted) => posted.view === vote.view && posted.blockHash === vote.blockHash) ||
      (certificate !== null &&
        certificate.domain === this.domain &&
        certificate.kind !== "nullify" &&
        certificate.view === vote.view &&
        certificate.blockHash === vote.blockHash &&
        this.#isQuorum(certificate));
    const key = `${vote.view}:${vote.blockHash}`;
    const known = open.restarts.get(key);
    if (!isCertified && known === undefined) return;
    const validator = this.#signer(vote);
    if (validator === null) return;
    open.answered.add(validator);
    const { view, blockHash } = vote;
    const candidate = known ?? { view, blockHash, height, validators: new Set() };
    open.restarts.set(key, candidate);
    candidate.validators.add(validator);
  }

  #signer(vote: RestartVote): number | null {
    const { registry, registryNext } = this.#current;
    const root = restartRoot(vote.domain, vote.view, vote.blockHash);
    for (const [of, seat] of [
      [registry, vote.seat],
      [registryNext, vote.seatNext],
    ] as const) {
      if (seat === null || !this.#modules.verifySingle(of, seat, root, vote.signature)) continue;
      return this.#modules.registryOf(of).entries[seat]!.validatorId - 1;
    }
    return null;
  }

  /** More than 2/3 of the stake of W_e, and of W_{e+1} under each mode it may still get; the leaked do not count. */
  #weigh(open: Open, time: Millis, number: number): void {
    if (time <= open.graceEnd) return;
    const { mode, wanted, registry, registryNext } = this.#current;
    for (const candidate of open.restarts.values()) {
      if (candidate.height < this.#accepted.height) continue;
      const sets = [
        [registry, mode] as const,
        ...[mode, wanted].map((each) => [registryNext, each] as const),
      ];
      if (!sets.every(([root, each]) => this.#isBacked(open, root, each, candidate.validators))) continue;
      this.#activate(open, candidate, time, number);
      return;
    }
  }

  #isBacked(open: Open, root: Hash, mode: Mode, validators: ReadonlySet<number>): boolean {
    const of = this.#modules.registryOf(root);
    let all = 0n;
    let part = 0n;
    for (const seat of backingSeats(of, mode)) {
      const { stake, validatorId } = of.entries[seat]!;
      // Who posts later, before activation, counts again.
      if (this.jailed.has(validatorId - 1) && !open.answered.has(validatorId - 1)) continue;
      all += stake;
      if (validators.has(validatorId - 1)) part += stake;
    }
    return all > 0n && 3n * part > 2n * all;
  }

  #activate(open: Open, candidate: Candidate, time: Millis, number: number): void {
    const { epoch, incarnation, registryNext } = this.#current;
    const of = this.#modules.registryOf(registryNext);
    const suspended = new Set<Seat>();
    const jailed = new Set<Seat>();
    of.entries.forEach(({ validatorId, stake }, seat) => {
      const validator = validatorId - 1;
      const isSilent = !open.answered.has(validator) || !this.#sinceActivation;
      if (validatorId > 0 && seat < of.authorities && isSilent) suspended.add(seat);
      if (stake > 0n && this.jailed.has(validator)) jailed.add(seat);
    });
    const root = this.#modules.sealAgain(registryNext, suspended, jailed);
    if (!canDecide(this.#modules.registryOf(root), "secure")) return;
    this.#current = {
      epoch: epoch + 1,
      incarnation: incarnation + 1,
      mode: "secure",
      wanted: "secure",
      registry: root,
      registryNext: root,
    };
    this.#open = null;
    this.#lastReset = time;
    this.#settledAt = time;
    this.#accepted = { height: candidate.height, blockHash: candidate.blockHash };
    this.#sinceActivation = false;
    const { view, blockHash, height } = candidate;
    const settled: SettledRecovery = {
      epoch,
      incarnation: incarnation + 1,
      view,
      blockHash,
      registry: root,
      height,
      number,
      leaked: this.jailed.size > 0,
    };
    this.activations.push(settled);
    this.#note("activated");
    this.#snap(number);
    this.#modules.activated(settled);
  }

  /** In each round who has not answered is jailed, in the order of H(round, validator), as far as the step and the floor allow. */
  #leak(open: Open, time: Millis): void {
    const { leakAfter, leakRound, leakStep, leakFloor } = this.#plan;
    if (time - this.#lastReset < leakAfter + open.round * leakRound || time <= open.graceEnd) return;
    open.round++;
    const { registry, mode } = this.#current;
    const of = this.#modules.registryOf(registry);
    const members = backingSeats(of, mode).map((seat) => of.entries[seat]!);
    const all = members.reduce((sum, { stake }) => sum + stake, 0n);
    let gone = 0n;
    for (const { stake, validatorId } of members) if (this.jailed.has(validatorId - 1)) gone += stake;
    const silent = members
      .filter(
        ({ stake, validatorId }) =>
          stake > 0n && !open.answered.has(validatorId - 1) && !this.jailed.has(validatorId - 1),
      )
      .map((entry) => ({ ...entry, order: named("leak", open.round, entry.validatorId) }))
      .sort((a, b) => (a.order < b.order ? -1 : 1));
    const step = (all * BigInt(leakStep)) / 1_000_000n;
    let taken = 0n;
    let first = true;
    for (const { stake, validatorId } of silent) {
      const fits = first || taken + stake <= step;
      if (!fits || (all - gone - taken - stake) * 1_000_000n < all * BigInt(leakFloor)) continue;
      first = false;
      taken += stake;
      this.jailed.add(validatorId - 1);
      this.#note("leaked");
    }
  }
}
