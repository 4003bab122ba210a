import { type Address, fromBigint, fromHex } from "./bytes.ts";
import { keccak256 } from "./keccak.ts";
import { emptyTrieRoot, MerkleTrie } from "./trie.ts";

/** What the ledger knows of an address. */
export interface Account {
  /** Number of transactions it has sent. */
  readonly nonce: number;
  /** wei */
  readonly balance: bigint;
}

/** The account of an address that holds nothing and never sent. */
export const emptyAccount: Account = { nonce: 0, balance: 0n };

/** The ledger's state. */
export type AccountTrie = MerkleTrie<Account>;

const noStorage = emptyTrieRoot;
const noCode = keccak256(new Uint8Array(0));

/** A state without accounts. */
export function emptyAccountTrie(): AccountTrie {
  return new MerkleTrie(writeAccount);
}

/** Where an account lies in the trie: keccak of its address. */
export function accountKey(address: Address): Uint8Array {
  return keccak256(fromHex(address));
}

/**
 * Ethereum's account, RLP of [nonce, balance, storage root, code hash], the last two those of an account without
 * storage and code, so that standard state proofs verify.
 */
function writeAccount(account: Account, target: Uint8Array, offset: number): number {
  let at = offset + 2;
  at = writeInteger(fromNumber(account.nonce), target, at);
  at = writeInteger(fromBigint(account.balance), target, at);
  target[at] = 0xa0;
  target.set(noStorage, at + 1);
  target[at + 33] = 0xa0;
  target.set(noCode, at + 34);
  at += 66;
  target[offset] = 0xf8;
  target[offset + 1] = at - offset - 2;
  return at - offset;
}

function writeInteger(bytes: Uint8Array, target: Uint8Array, at: number): number {
  if (bytes.length === 1 && bytes[0]! < 0x80) {
    target[at] = bytes[0]!;
    return at + 1;
  }
  target[at] = 0x80 + bytes.length;
  target.set(bytes, at + 1);
  return at + 1 + bytes.length;
}

function fromNumber(value: number): Uint8Array {
  if (value === 0) return new Uint8Array(0);
  return value < 256 ? Uint8Array.of(value) : fromBigint(BigInt(value));
}
