import { toHex } from "../../src/ledger/index.ts";
import { keccak256 } from "../../src/ledger/keccak.ts";
import { type RlpItem, rlpEncode } from "../../src/ledger/rlp.ts";

/**
 * Root of a Merkle Patricia trie straight from the definition (Yellow Paper, appendix D), all of it anew: what the
 * incremental trie is compared with. Keys are as they are, not hashed.
 */
export function referenceRoot(entries: readonly (readonly [key: Uint8Array, value: Uint8Array])[]): string {
  const pairs = entries.map(
    ([key, value]) => [[...key].flatMap((byte) => [byte >> 4, byte & 15]), value] as const,
  );
  return toHex(keccak256(pairs.length === 0 ? Uint8Array.of(0x80) : rlpEncode(nodeOf(pairs, 0))));
}

type Pairs = readonly (readonly [nibbles: readonly number[], value: Uint8Array])[];

/** c(J, i) */
function nodeOf(pairs: Pairs, depth: number): RlpItem {
  const [first] = pairs;
  if (pairs.length === 1) return [hexPrefix(first![0].slice(depth), true), first![1]];
  let shared = depth;
  while (pairs.every(([key]) => key.length > shared && key[shared] === first![0][shared])) shared++;
  if (shared > depth) return [hexPrefix(first![0].slice(depth, shared), false), reference(pairs, shared)];
  const children = Array.from({ length: 16 }, (_, nibble) =>
    reference(
      pairs.filter(([key]) => key[depth] === nibble),
      depth + 1,
    ),
  );
  return [...children, pairs.find(([key]) => key.length === depth)?.[1] ?? new Uint8Array(0)];
}

/** n(J, i) */
function reference(pairs: Pairs, depth: number): RlpItem {
  if (pairs.length === 0) return new Uint8Array(0);
  const node = nodeOf(pairs, depth);
  const encoded = rlpEncode(node);
  return encoded.length < 32 ? node : keccak256(encoded);
}

function hexPrefix(nibbles: readonly number[], leaf: boolean): Uint8Array {
  const odd = nibbles.length % 2;
  const flagged = [(leaf ? 2 : 0) + odd, ...(odd === 1 ? [] : [0]), ...nibbles];
  return Uint8Array.from(
    { length: flagged.length / 2 },
    (_, i) => flagged[2 * i]! * 16 + flagged[2 * i + 1]!,
  );
}
