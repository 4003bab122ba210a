import {
  type Check,
  type CheckResult,
  fromBitmap,
  fromHex,
  type Hash,
  hashBytes,
  type PartsCheck,
  type PartsResult,
  type Registry,
  type Seat,
  toBitmap,
  toHex,
} from "@aitbc-hybrid/protocol";

const SIGNATURE_BYTES = 96;

/** Text of some fields as a hash: secrets, state roots and other names of the simulated world. */
export const named = (...parts: readonly (string | number)[]): Hash =>
  hashBytes(new TextEncoder().encode(parts.join("|")));

/** Sum of signatures, byte by byte: commutative and, unlike an exclusive or, not undone by counting one twice. */
export function sumSignatures(signatures: readonly Uint8Array[]): Uint8Array {
  const sum = new Uint8Array(SIGNATURE_BYTES);
  for (const signature of signatures) for (let i = 0; i < SIGNATURE_BYTES; i++) sum[i]! += signature[i]!;
  return sum;
}

const same = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

/** A public key: 48 bytes, and 96 (x | y). */
export interface PublicKey {
  readonly compressed: Uint8Array;
  readonly uncompressed: Uint8Array;
}

function madeUp(secret: Hash): PublicKey {
  const part = fromHex(named("key", secret));
  const bytes = new Uint8Array(96);
  for (let at = 0; at < 96; at += 32) bytes.set(part, at);
  return { compressed: bytes.slice(0, 48), uncompressed: bytes };
}

/**
 * Stand-in for BLS: fast, and binding like it. A signature is a hash of the secret and the signing root, an aggregate
 * the sum of its signers'; verifying recomputes both from the root, so that nothing that skips or swaps a signing root
 * passes.
 */
export class Keyring {
  readonly #secrets: readonly Hash[];
  /** Signatures by root, then validator; many in a row are asked for of one root. */
  readonly #signed = new Map<Hash, (Uint8Array | undefined)[]>();
  #latest: { readonly root: Hash; readonly signatures: (Uint8Array | undefined)[] } | null = null;
  readonly #byKey = new Map<string, number>();
  readonly #seats = new Map<Hash, readonly (number | null)[]>();
  readonly #keys: readonly PublicKey[];
  readonly #registryOf: (root: Hash) => Registry | undefined;
  /** Aggregates verified, by the object that holds the signature. */
  readonly #aggregates = new WeakMap<
    Uint8Array,
    { readonly registry: Hash; readonly root: Hash; readonly bitmap: Uint8Array; readonly valid: boolean }
  >();

  constructor(
    options: {
      readonly validators: number;
      /** Any text: other seeds give other keys. */
      readonly seed: string;
      /** Public keys that stand in registries instead of made-up ones. */
      readonly keyOf?: ((index: number) => PublicKey) | undefined;
    },
    modules: { readonly registryOf: (root: Hash) => Registry | undefined },
  ) {
    this.#secrets = Array.from({ length: options.validators }, (_, i) => named("secret", options.seed, i));
    this.#registryOf = modules.registryOf;
    this.#keys = this.#secrets.map((secret, index) => options.keyOf?.(index) ?? madeUp(secret));
    for (let i = 0; i < options.validators; i++) this.#byKey.set(toHex(this.key(i)), i);
  }

  /** Compressed key of validator `index`, 48 bytes. */
  key(index: number): Uint8Array {
    return this.#keys[index]!.compressed;
  }

  /** Uncompressed key, 96 bytes. */
  keyBytes(index: number): Uint8Array {
    return this.#keys[index]!.uncompressed;
  }

  #under(root: Hash): (Uint8Array | undefined)[] {
    if (this.#latest?.root === root) return this.#latest.signatures;
    let signatures = this.#signed.get(root);
    if (signatures === undefined) {
      signatures = [];
      this.#signed.set(root, signatures);
    }
    this.#latest = { root, signatures };
    return signatures;
  }

  /** The one signature of validator `index` under a root, 96 bytes. */
  sign(index: number, root: Hash): Uint8Array {
    const signatures = this.#under(root);
    const known = signatures[index];
    if (known !== undefined) return known;
    const part = fromHex(named(this.#secrets[index]!, root));
    const signature = new Uint8Array(SIGNATURE_BYTES);
    for (let at = 0; at < SIGNATURE_BYTES; at += 32) signature.set(part, at);
    signatures[index] = signature;
    return signature;
  }

  /** True if these are the bytes that validator `index` signs this root with. */
  isSignature(index: number, root: Hash, signature: Uint8Array): boolean {
    return same(this.sign(index, root), signature);
  }

  /** Validators by seat of a registry; null for a vacant seat. */
  members(registry: Hash): readonly (number | null)[] {
    let members = this.#seats.get(registry);
    if (members === undefined) {
      const found = this.#registryOf(registry);
      if (found === undefined) throw new Error(`a check names the unknown registry ${registry}`);
      members = found.entries.map((entry) => this.#byKey.get(toHex(entry.key)) ?? null);
      this.#seats.set(registry, members);
    }
    return members;
  }

  /** True if `signature` is the seat's under the root. */
  valid(registry: Hash, seat: Seat, root: Hash, signature: Uint8Array): boolean {
    const member = this.members(registry)[seat];
    return member !== null && member !== undefined && same(this.sign(member, root), signature);
  }

  /** True if `signature` is the sum of the bitmap's signatures under the root, and no bit stands for nobody. */
  validAggregate(registry: Hash, root: Hash, bitmap: Uint8Array, signature: Uint8Array): boolean {
    // Every node verifies the very same bytes.
    const known = this.#aggregates.get(signature);
    if (known?.registry === registry && known.root === root && known.bitmap === bitmap) return known.valid;
    const valid = this.#isAggregate(registry, root, bitmap, signature);
    this.#aggregates.set(signature, { registry, root, bitmap, valid });
    return valid;
  }

  #isAggregate(registry: Hash, root: Hash, bitmap: Uint8Array, signature: Uint8Array): boolean {
    const members = this.members(registry);
    const parts: Uint8Array[] = [];
    for (const seat of fromBitmap(bitmap)) {
      const member = members[seat];
      if (member === null || member === undefined) return false;
      parts.push(this.sign(member, root));
    }
    return parts.length > 0 && same(sumSignatures(parts), signature);
  }

  /** Does what a collector of aggregates asks for. */
  checkParts({ registry, root, parts }: PartsCheck): PartsResult {
    const valid = [...parts.keys()].filter((index) => {
      const { bitmap, signature } = parts[index]!;
      return this.validAggregate(registry, root, bitmap, signature);
    });
    const aggregate =
      valid.length === 0 ? null : sumSignatures(valid.map((index) => parts[index]!.signature));
    return { what: "parts", valid, aggregate };
  }

  /** Does what a node's verification workers do. */
  check(check: Check): CheckResult {
    switch (check.what) {
      case "votes": {
        const valid = check.votes.filter((vote) =>
          this.valid(check.registry, vote.seat, check.root, vote.signature),
        );
        return {
          what: "votes",
          valid: valid.map((vote) => vote.seat),
          aggregate: valid.length === 0 ? null : sumSignatures(valid.map((vote) => vote.signature)),
        };
      }
      case "certificate":
        return {
          what: "certificate",
          ok: this.validAggregate(check.registry, check.root, check.bitmap, check.signature),
        };
      case "all": {
        const signature = check.signatures.findIndex(
          (item) => !this.valid(item.registry, item.seat, item.root, item.signature),
        );
        if (signature >= 0)
          return { what: "all", ok: false, failed: { part: "signature", index: signature } };
        const certificate = check.certificates.findIndex(
          (item) => !this.validAggregate(item.registry, item.root, item.bitmap, item.signature),
        );
        if (certificate >= 0)
          return { what: "all", ok: false, failed: { part: "certificate", index: certificate } };
        const group = check.groups.findIndex(
          ({ registry, root, votes }) =>
            !this.validAggregate(
              registry,
              root,
              toBitmap(
                votes.map((vote) => vote.seat),
                this.members(registry).length,
              ),
              sumSignatures(votes.map((vote) => vote.signature)),
            ),
        );
        if (group >= 0) return { what: "all", ok: false, failed: { part: "group", index: group } };
        return { what: "all", ok: true, failed: null };
      }
      case "each":
        return {
          what: "each",
          valid: check.signatures.map((item) =>
            this.valid(item.registry, item.seat, item.root, item.signature),
          ),
        };
    }
  }
}
