import {
  Aggregation,
  type AggregationEffect,
  type AggregationMessage,
  addWeights,
  type Ballot,
  type Certificate,
  type Check,
  type Checkpoint,
  type CheckpointCertificate,
  type CheckResult,
  checkpointRootOf,
  type Electorate,
  type Evidence,
  equalBytes,
  fromBitmap,
  type Hash,
  hashBytes,
  isQuorum,
  NO_WEIGHT,
  type PartsCheck,
  type PartsResult,
  rootOf,
  type Seat,
  type SubnetSizes,
  Subnets,
  toBitmap,
  type Vote,
  type VoteBody,
} from "../../src/index.ts";
import { fakeSignature } from "../../src/testing/index.ts";

export const DOMAIN = hashBytes(Uint8Array.of(7));
export const TIMES = { gather: 10, complete: 20, again: 100 };

const sum = (signatures: readonly Uint8Array[]): Uint8Array => {
  const total = new Uint8Array(96);
  for (const signature of signatures) for (let i = 0; i < 96; i++) total[i]! += signature[i]!;
  return total;
};

/** Voters' aggregations, and the messages between them that have not arrived. */
export class AggregatingNet {
  readonly subnets: Subnets;
  readonly nodes: Aggregation[];
  readonly flying: { readonly from: Seat; readonly to: Seat; readonly message: AggregationMessage }[] = [];
  readonly certificates: (Certificate | CheckpointCertificate)[] = [];
  readonly banned = new Map<Seat, string>();
  readonly conflicts: { readonly first: Vote; readonly second: Vote }[] = [];
  readonly evidence: Evidence[] = [];
  /** What replicas were given, by their seat. */
  readonly delivered: { readonly at: Seat; readonly from: Seat; readonly message: Ballot }[] = [];
  /** What was told to everybody. */
  readonly broadcasts: { readonly from: Seat; readonly message: Ballot }[] = [];
  /** Aggregate nothing for others. */
  readonly silent = new Set<Seat>();
  now = 0;
  readonly #electorate: Electorate;

  constructor(members: Electorate, sizes: SubnetSizes, seed: Hash = hashBytes(Uint8Array.of(3))) {
    this.#electorate = members;
    this.subnets = new Subnets(members, seed, sizes);
    this.nodes = members.voters.map(
      (_, seat) =>
        new Aggregation({
          subnets: this.subnets,
          electorate: members,
          epoch: 0,
          domain: DOMAIN,
          seat,
          termViews: 1,
          times: TIMES,
          leader: (term) => term % members.voters.length,
          voteWindow: 64,
        }),
    );
  }

  sign(seat: Seat, root: Hash): Uint8Array {
    return fakeSignature(this.#electorate.registry.entries[seat]!.validatorId, root);
  }

  vote(seat: Seat, body: VoteBody): Vote {
    return { ...body, epoch: 0, domain: DOMAIN, seat, signature: this.sign(seat, rootOf(DOMAIN, body)) };
  }

  cast(seat: Seat, body: VoteBody): void {
    this.act(seat, this.nodes[seat]!.cast(this.now, { type: "vote", vote: this.vote(seat, body) }));
  }

  act(seat: Seat, effects: readonly AggregationEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case "send":
          this.flying.push({ from: seat, to: effect.to, message: effect.message });
          break;
        case "verify":
          this.act(seat, this.nodes[seat]!.verified(this.now, effect.job, this.#check(effect.check)));
          break;
        case "certificate":
        case "checkpointCertificate":
          this.certificates.push(effect.certificate);
          break;
        case "conflict":
          this.conflicts.push(effect);
          break;
        case "evidence":
          this.evidence.push(effect.evidence);
          break;
        case "deliver":
          this.delivered.push({ at: seat, from: effect.from, message: effect.message });
          break;
        case "broadcast":
          this.broadcasts.push({ from: seat, message: effect.message });
          break;
        case "ban":
          this.banned.set(effect.seat, effect.reason);
          break;
      }
    }
  }

  /** Delivers a message that is under way. */
  deliver(index: number): void {
    const [{ from, to, message }] = this.flying.splice(index, 1) as [(typeof this.flying)[number]];
    if (!this.silent.has(to)) this.act(to, this.nodes[to]!.receive(this.now, from, message));
  }

  /** Delivers everything, `pick` first, and lets time pass until nothing more happens or a certificate is there. */
  run(pick: (count: number) => number, until = 2_000): void {
    while (this.certificates.length === 0 && this.now < until) {
      if (this.flying.length > 0) {
        this.deliver(pick(this.flying.length));
        continue;
      }
      const due = Math.min(...this.nodes.map((node) => node.due ?? Number.POSITIVE_INFINITY));
      if (due === Number.POSITIVE_INFINITY) return;
      this.now = Math.max(this.now, due);
      for (const [seat, node] of this.nodes.entries()) this.act(seat, node.tick(this.now));
    }
  }

  isValid(root: Hash, bitmap: Uint8Array, signature: Uint8Array): boolean {
    return equalBytes(sum(fromBitmap(bitmap).map((seat) => this.sign(seat, root))), signature);
  }

  /** True if a certificate of a vote has a quorum's true signature. */
  holds(certificate: Certificate): boolean {
    const weight = fromBitmap(certificate.bitmap).reduce(
      (total, seat) => addWeights(total, this.#electorate.weights[seat]!),
      NO_WEIGHT,
    );
    const root = rootOf(DOMAIN, certificate);
    return (
      isQuorum(this.#electorate, weight) && this.isValid(root, certificate.bitmap, certificate.signature)
    );
  }

  /** An aggregate as the seats' true keys make it. */
  partial(body: VoteBody, seats: readonly Seat[]): Certificate {
    const root = rootOf(DOMAIN, body);
    return {
      ...body,
      epoch: 0,
      domain: DOMAIN,
      bitmap: toBitmap(seats, this.#electorate.voters.length),
      signature: sum(seats.map((seat) => this.sign(seat, root))),
    };
  }

  /** The same of a checkpoint. */
  backing(checkpoint: Checkpoint, seats: readonly Seat[]): CheckpointCertificate {
    const root = checkpointRootOf(DOMAIN, checkpoint);
    return {
      checkpoint,
      epoch: 0,
      domain: DOMAIN,
      bitmap: toBitmap(seats, this.#electorate.voters.length),
      signature: sum(seats.map((seat) => this.sign(seat, root))),
    };
  }

  #check(check: Check | PartsCheck): Extract<CheckResult, { what: "votes" | "all" }> | PartsResult {
    if (check.what === "all") {
      const signature = check.signatures.findIndex(
        ({ seat, root, signature: bytes }) => !equalBytes(bytes, this.sign(seat, root)),
      );
      if (signature >= 0) return { what: "all", ok: false, failed: { part: "signature", index: signature } };
      const certificate = check.certificates.findIndex(
        ({ root, bitmap, signature: bytes }) => !this.isValid(root, bitmap, bytes),
      );
      if (certificate >= 0)
        return { what: "all", ok: false, failed: { part: "certificate", index: certificate } };
      return { what: "all", ok: true, failed: null };
    }
    if (check.what === "parts") {
      const valid = [...check.parts.keys()].filter((index) => {
        const { bitmap, signature } = check.parts[index]!;
        return this.isValid(check.root, bitmap, signature);
      });
      const aggregate = valid.length === 0 ? null : sum(valid.map((index) => check.parts[index]!.signature));
      return { what: "parts", valid, aggregate };
    }
    if (check.what !== "votes") throw new Error(`unexpected check of ${check.what}`);
    const good = check.votes.filter(({ seat, signature }) =>
      equalBytes(signature, this.sign(seat, check.root)),
    );
    return {
      what: "votes",
      valid: good.map(({ seat }) => seat),
      aggregate: good.length === 0 ? null : sum(good.map(({ signature }) => signature)),
    };
  }
}
