import { bitmapSeats, invalidEntries, type KeyTable, type Signature, validParts } from "@aitbc-hybrid/crypto";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import {
  type Check,
  type CheckResult,
  fromHex,
  type Hash,
  type Message,
  type PartialMessage,
  type PartsCheck,
  type PartsResult,
  type Registry,
  type Seat,
  type SignatureCheck,
  toBitmap,
  toHex,
  type VoteGroup,
} from "@aitbc-hybrid/protocol";
import { NodeError } from "../errors.ts";

/** Aggregates remembered as valid: blocks carry what was verified when it arrived. */
const REMEMBERED = 4_096;

/** One aggregate over one root. */
interface Aggregate {
  readonly registry: Hash;
  readonly root: Hash;
  readonly bitmap: Uint8Array;
  readonly signature: Uint8Array;
}

const nameOf = ({ registry, root, bitmap, signature }: Aggregate): string =>
  `${registry}${root}${toHex(bitmap)}${toHex(signature)}`;

/**
 * Verifies what the replica asks for, here and now: a pairing takes 0.7 ms, which up to some tens of validators costs
 * less than handing it to a thread that competes for the same cores.
 */
export class Verifier {
  readonly #registryOf: (root: Hash) => Registry | null;
  readonly #tables = new Map<Hash, KeyTable>();
  readonly #valid = new Set<string>();
  /** Signatures parsed on arrival; the replica hands the same bytes back. */
  readonly #parsed = new WeakMap<Uint8Array, Signature>();

  constructor(registryOf: (root: Hash) => Registry | null) {
    this.#registryOf = registryOf;
  }

  /**
   * Whether the single signatures of a message are points of the subgroup: a sum of votes cannot be verified otherwise
   * (protocol.md section 3, rule 11). Aggregates are checked when they are verified.
   */
  wellFormed(message: Message | PartialMessage): boolean {
    if (message.type === "vote" || message.type === "checkpointVote")
      return this.#parse(message.vote.signature);
    if (message.type === "signal") return this.#parse(message.signal.signature);
    if (message.type === "proposal") return this.#parse(message.proposal.signature);
    if (message.type === "restart") return this.#parse(message.vote.signature);
    if (message.type === "partial" || message.type === "checkpointPartial")
      return this.#parse(message.partial.signature);
    return true;
  }

  /** @throws NodeError DATA_MISMATCH if the replica names a registry that was never given to it */
  run(check: Check): CheckResult {
    switch (check.what) {
      case "votes":
        return this.#votes(check.registry, check.root, check.votes);
      case "certificate":
        return { what: "certificate", ok: this.#aggregate(check) };
      case "all": {
        for (const [index, each] of check.signatures.entries()) {
          if (!this.#single(each)) return { what: "all", ok: false, failed: { part: "signature", index } };
        }
        for (const [index, each] of check.certificates.entries()) {
          if (!this.#aggregate(each))
            return { what: "all", ok: false, failed: { part: "certificate", index } };
        }
        for (const [index, { registry, root, votes }] of check.groups.entries()) {
          if (!this.#group(registry, root, votes))
            return { what: "all", ok: false, failed: { part: "group", index } };
        }
        return { what: "all", ok: true, failed: null };
      }
      case "each":
        return { what: "each", valid: check.signatures.map((each) => this.#single(each)) };
    }
  }

  /** Aggregates over disjoint seats, as one if they are all true. */
  parts({ registry, root, parts }: PartsCheck): PartsResult {
    const table = this.#table(registry);
    const { valid, aggregate } = validParts(nativeBls, table, fromHex(root), parts);
    if (aggregate !== null) {
      const bitmap = new Uint8Array(parts[valid[0]!]!.bitmap.length);
      for (const index of valid) {
        const part = parts[index]!;
        for (let at = 0; at < bitmap.length; at++) bitmap[at]! |= part.bitmap[at]!;
      }
      // The certificate made of them comes back to be verified.
      this.#remember(nameOf({ registry, root, bitmap, signature: aggregate }));
    }
    return { what: "parts", valid, aggregate };
  }

  #votes(
    registry: Hash,
    root: Hash,
    votes: readonly { readonly seat: Seat; readonly signature: Uint8Array }[],
  ): CheckResult {
    const table = this.#table(registry);
    const message = fromHex(root);
    let good = votes.filter((vote) => table.key(vote.seat) !== null && this.#parse(vote.signature));
    const sum = this.#sum(good);
    const distinct = new Set(good.map((vote) => vote.seat)).size === good.length;
    const seats = good.map((vote) => vote.seat);
    if (distinct && sum !== null && nativeBls.aggregateVerify(table, seats, message, sum)) {
      // Blocks carry such aggregates, the own ones too.
      this.#remember(nameOf({ registry, root, bitmap: toBitmap(seats, table.size), signature: sum }));
      return { what: "votes", valid: seats, aggregate: sum };
    }
    const entries = good.map((vote) => ({
      key: table.key(vote.seat)!,
      signature: this.#parsed.get(vote.signature)!,
    }));
    const invalid = new Set(invalidEntries(nativeBls, message, entries));
    const seen = new Set<Seat>();
    good = good.filter(({ seat }, index) => {
      if (invalid.has(index) || seen.has(seat)) return false;
      seen.add(seat);
      return true;
    });
    return { what: "votes", valid: good.map((vote) => vote.seat), aggregate: this.#sum(good) };
  }

  /** All votes at once: their sum is valid only if every signer signed. */
  #group(registry: Hash, root: Hash, votes: VoteGroup["votes"]): boolean {
    const table = this.#table(registry);
    const seats = votes.map((vote) => vote.seat);
    const known = votes.every((vote) => table.key(vote.seat) !== null && this.#parse(vote.signature));
    const sum = known && new Set(seats).size === seats.length ? this.#sum(votes) : null;
    return sum !== null && nativeBls.aggregateVerify(table, seats, fromHex(root), sum);
  }

  #sum(votes: readonly { readonly signature: Uint8Array }[]): Uint8Array | null {
    if (votes.length === 0) return null;
    try {
      return nativeBls.aggregateSignatures(votes.map((vote) => this.#parsed.get(vote.signature)!));
    } catch {
      // They cancel each other out: no aggregate, and no honest set of votes.
      return null;
    }
  }

  #single({ registry, seat, root, signature }: SignatureCheck): boolean {
    const key = this.#table(registry).key(seat);
    return key !== null && nativeBls.verify(key, fromHex(root), this.#parsed.get(signature) ?? signature);
  }

  #aggregate({ registry, root, bitmap, signature }: Aggregate): boolean {
    const name = nameOf({ registry, root, bitmap, signature });
    if (this.#valid.has(name)) return true;
    const table = this.#table(registry);
    const seats = bitmapSeats(bitmap, table.size);
    if (seats === null || !nativeBls.aggregateVerify(table, seats, fromHex(root), signature)) return false;
    this.#remember(name);
    return true;
  }

  #remember(name: string): void {
    if (this.#valid.size >= REMEMBERED) this.#valid.delete(this.#valid.values().next().value!);
    this.#valid.add(name);
  }

  #parse(bytes: Uint8Array): boolean {
    if (this.#parsed.has(bytes)) return true;
    try {
      this.#parsed.set(bytes, nativeBls.parseSignature(bytes));
      return true;
    } catch {
      return false;
    }
  }

  #table(root: Hash): KeyTable {
    let table = this.#tables.get(root);
    if (table === undefined) {
      const registry = this.#registryOf(root);
      if (registry === null) {
        throw new NodeError(
          "DATA_MISMATCH",
          `a signature names registry ${root}, which this node never read`,
        );
      }
      // Registration proved possession and checked the subgroup; the root covers the bytes.
      table = nativeBls.keyTable(
        registry.entries.map((entry) => entry.keyBytes),
        { trusted: true },
      );
      this.#tables.set(root, table);
    }
    return table;
  }
}
