import { createRequire } from "node:module";
import {
  type Address,
  decodeTransaction,
  defaultLedgerParameters,
  encodeTransaction,
  fromHex,
  type Hash,
  keccak256,
  type LedgerParameters,
  type Transaction,
  toHex,
} from "../../src/ledger/index.ts";

interface Native {
  ecdsaSign(hash: Uint8Array, key: Uint8Array): { signature: Uint8Array; recid: number };
  publicKeyCreate(key: Uint8Array, compressed: boolean): Uint8Array;
}
const secp256k1: Native = createRequire(import.meta.url)("secp256k1");

/** Rules of the tests' chain. */
export const parameters: LedgerParameters = defaultLedgerParameters(31_999);

/** Fields of a transfer that a test wants otherwise than usual. */
export type Wishes = Partial<Omit<Transaction, "signature" | "parity" | "hash" | "signingHash" | "size">>;

/** A key that signs transfers. */
export interface Wallet {
  readonly address: Address;
  sign(wishes?: Wishes): Uint8Array;
}

/** The wallet of a small number. */
export function wallet(seed: number): Wallet {
  const key = keccak256(Uint8Array.of(seed >> 8, seed & 255));
  const address = toHex(keccak256(secp256k1.publicKeyCreate(key, false).subarray(1)).subarray(12));
  return {
    address,
    sign(wishes = {}) {
      const fields = {
        type: 2 as const,
        chainId: BigInt(parameters.chainId),
        nonce: 0,
        maxPriorityFeePerGas: 10n ** 9n,
        maxFeePerGas: 10n ** 11n,
        gasLimit: 21_000,
        to: fixedAddress(1),
        value: 1n,
        data: new Uint8Array(0),
        ...wishes,
      };
      // The signing hash does not depend on the signature, so a placeholder gives it. Checks that would refuse what a
      // test wants refused come into force only when the engine decodes.
      const lenient = {
        ...parameters,
        chainId: Number(fields.chainId),
        maximumDataBytes: 1e6,
        maximumTransactionBytes: 1e6,
      };
      const placeholder = { ...fields, signature: new Uint8Array(64).fill(1), parity: 0 as const };
      const { signingHash } = decodeTransaction(
        encodeTransaction({ ...placeholder, gasLimit: fields.gasLimit }),
        lenient,
      );
      const { signature, recid } = secp256k1.ecdsaSign(signingHash, key);
      return encodeTransaction({ ...placeholder, signature, parity: recid === 0 ? 0 : 1 });
    },
  };
}

/** An address nobody has the key of. */
export function fixedAddress(n: number): Address {
  return `0x${n.toString(16).padStart(40, "0")}`;
}

/** A block hash for tests. */
export function blockHash(name: string): Hash {
  return toHex(keccak256(new TextEncoder().encode(name)));
}

export { fromHex, toHex };
