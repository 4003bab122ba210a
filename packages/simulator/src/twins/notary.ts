import { type Check, type CheckResult, fromBitmap, type Hash, type Seat } from "@aitbc-hybrid/protocol";

const SIGNATURE_BYTES = 96;

/**
 * Keys whose signatures cost nothing to make and to check: the notary remembers, for every signature and every sum of
 * signatures it gave out, who signed which root. Binding as BLS is, since nothing passes that was not signed here under
 * that very root. Seat i of every registry is validator i.
 */
export class Notary {
  readonly #single = new Map<Hash, (Uint8Array | undefined)[]>();
  readonly #signed = new Map<Uint8Array, { readonly seat: Seat; readonly root: Hash }>();
  readonly #sums = new Map<Uint8Array, { readonly seats: string; readonly root: Hash }>();
  #count = 0;

  /** The one signature of a seat under a root. */
  sign(seat: Seat, root: Hash): Uint8Array {
    let known = this.#single.get(root);
    if (known === undefined) {
      known = [];
      this.#single.set(root, known);
    }
    let signature = known[seat];
    if (signature === undefined) {
      signature = this.#bytes();
      known[seat] = signature;
      this.#signed.set(signature, { seat, root });
    }
    return signature;
  }

  /** The sum of the signatures of these seats under a root. */
  sum(seats: readonly Seat[], root: Hash): Uint8Array {
    const bytes = this.#bytes();
    this.#sums.set(bytes, { seats: [...seats].sort((a, b) => a - b).join(), root });
    return bytes;
  }

  /** True if this is the seat's signature under the root. */
  isSignature(seat: Seat, root: Hash, signature: Uint8Array): boolean {
    const known = this.#signed.get(signature);
    return known !== undefined && known.seat === seat && known.root === root;
  }

  /** True if this is the sum of the signatures of exactly these seats under the root. */
  isSum(bitmap: Uint8Array, root: Hash, signature: Uint8Array): boolean {
    const known = this.#sums.get(signature);
    return known !== undefined && known.root === root && known.seats === fromBitmap(bitmap).join();
  }

  /** Does what a node's verification workers do. */
  check(check: Check): CheckResult {
    switch (check.what) {
      case "votes": {
        const valid = check.votes
          .filter((vote) => this.isSignature(vote.seat, check.root, vote.signature))
          .map((vote) => vote.seat);
        if (valid.length === 0) return { what: "votes", valid, aggregate: null };
        return { what: "votes", valid, aggregate: this.sum(valid, check.root) };
      }
      case "certificate":
        return { what: "certificate", ok: this.isSum(check.bitmap, check.root, check.signature) };
      case "each":
        return {
          what: "each",
          valid: check.signatures.map((item) => this.isSignature(item.seat, item.root, item.signature)),
        };
      case "all": {
        const signature = check.signatures.findIndex(
          (item) => !this.isSignature(item.seat, item.root, item.signature),
        );
        if (signature >= 0)
          return { what: "all", ok: false, failed: { part: "signature", index: signature } };
        const certificate = check.certificates.findIndex(
          (item) => !this.isSum(item.bitmap, item.root, item.signature),
        );
        if (certificate >= 0)
          return { what: "all", ok: false, failed: { part: "certificate", index: certificate } };
        const group = check.groups.findIndex(
          ({ root, votes }) => !votes.every((vote) => this.isSignature(vote.seat, root, vote.signature)),
        );
        if (group >= 0) return { what: "all", ok: false, failed: { part: "group", index: group } };
        return { what: "all", ok: true, failed: null };
      }
    }
  }

  /** Bytes that nobody else has. */
  #bytes(): Uint8Array {
    const bytes = new Uint8Array(SIGNATURE_BYTES);
    const count = ++this.#count;
    bytes[0] = count & 255;
    bytes[1] = (count >> 8) & 255;
    bytes[2] = (count >> 16) & 255;
    return bytes;
  }
}
