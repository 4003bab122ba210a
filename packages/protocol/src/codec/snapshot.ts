import { hashBytes } from "../hash.ts";
import type { Hash, Registry, RegistryEntry, Seat } from "../types/index.ts";
import { MAX_SEATS } from "../types/index.ts";
import { toHex, Writer } from "./bytes.ts";
import { merkleRoot } from "./merkle.ts";
import { paramsHash, TAG } from "./roots.ts";

const KEY_TREE_DEPTH = 10;
const WEIGHT_TREE_DEPTH = 7;

/** Leaf of the key tree; a vacant seat's is zero. */
export function keyLeaf(seat: Seat, keyBytes: Uint8Array): Hash {
  return hashBytes(new Writer(99).u8(TAG.key).u16(seat, "seat").bytes(keyBytes).done());
}

function keysRoot(entries: readonly RegistryEntry[]): Hash {
  const vacant: Hash = `0x${"00".repeat(32)}`;
  return merkleRoot(
    entries.map((entry, seat) => (entry.keyBytes.length === 0 ? vacant : keyLeaf(seat, entry.keyBytes))),
    KEY_TREE_DEPTH,
  );
}

/** The packed weight words: eight 32-bit weights each, seat 8w + j at bits 32j. */
export function weightWords(entries: readonly RegistryEntry[]): bigint[] {
  const words: bigint[] = [];
  for (let seat = 0; seat < entries.length; seat++) {
    if (seat % 8 === 0) words.push(0n);
    words[words.length - 1]! |= entries[seat]!.stake << BigInt(32 * (seat % 8));
  }
  return words;
}

const word = (value: bigint): Hash => `0x${value.toString(16).padStart(64, "0")}`;

/** Seats as 256-bit words, seat 256k + j at bit j of word k. */
export function bitmapWords(seats: ReadonlySet<Seat>, words: number): bigint[] {
  const result = Array.from({ length: words }, () => 0n);
  for (const seat of seats) {
    const at = (seat - (seat % 256)) / 256;
    result[at] = result[at]! | (1n << BigInt(seat % 256));
  }
  return result;
}

/**
 * `snapshotHash` of a registry's contents: what the contracts stored at `seal`. A registry read from anywhere is
 * believed when this equals the root that the chain committed.
 */
export function snapshotHash(registry: Omit<Registry, "root">): Hash {
  const { entries } = registry;
  const total = entries.reduce((sum, entry) => sum + entry.stake, 0n);
  let backing = 0n;
  for (const seat of registry.backing) backing += entries[seat]?.stake ?? 0n;
  const writer = new Writer(400)
    .u8(TAG.snapshot)
    .hash(keysRoot(entries))
    .hash(merkleRoot(weightWords(entries).map(word), WEIGHT_TREE_DEPTH))
    .u16(entries.length, "n")
    .u16(registry.authorities, "authorities")
    .hash(word(bitmapWords(registry.suspended, 1)[0]!))
    .u64Big(total, "totalStake");
  for (const each of bitmapWords(registry.backing, MAX_SEATS / 256)) writer.hash(word(each));
  writer.u64Big(backing, "backingStake").hash(paramsHash(registry.params));
  return hashBytes(writer.done());
}

/** Compressed key as text: how a validator finds its own seat. */
export const keyText = (key: Uint8Array): string => toHex(key);
