/**
 * Ethereum's secure Merkle Patricia trie, persistent: an update returns a new trie that shares every untouched node with
 * the old one, so each speculative block holds its own state for the price of the paths it changed, a losing fork is
 * dropped by forgetting its root, and hashes are cached in the nodes. Updating k of n accounts costs O(k log n).
 *
 * Why not a sparse binary tree: a lookup among a million accounts hashes about 5 branches of 4 keccak blocks here and 20
 * nodes of one block there, the same work, and these roots and proofs can be checked by every existing library.
 *
 * Two rules of the general trie are not needed and left out: nothing is ever deleted (an account in the state has a
 * nonce or a balance, and spending its balance raises its nonce), and no node is embedded in its parent (keys are hashes
 * and an account takes 70 bytes, so every node has more than 32).
 */
import { keccak256 } from "./keccak.ts";

/** Root of the trie without entries: keccak of RLP's empty string. */
export const emptyTrieRoot = Uint8Array.from(keccak256(Uint8Array.of(0x80)));

/** Writes a value's bytes at an offset and returns their number; at most 200, at least 2. */
export type ValueWriter<V> = (value: V, target: Uint8Array, offset: number) => number;

// Hashes and keys are strings of 32 characters below 256: a third of a typed array's memory, and compared by value.
type Bytes32 = string;

interface Leaf<V> {
  readonly kind: 0;
  readonly key: Bytes32;
  readonly value: V;
  hash: Bytes32;
}

/** A path of one child: nibbles `from` to `to` of `key`. */
interface Extension<V> {
  readonly kind: 1;
  readonly key: Bytes32;
  readonly from: number;
  readonly to: number;
  readonly child: Branch<V>;
  hash: Bytes32;
}

interface Branch<V> {
  readonly kind: 2;
  readonly children: (Node<V> | null)[];
  /** The update that created it and may still change it in place. */
  owner: object | null;
  hash: Bytes32;
}

type Node<V> = Leaf<V> | Extension<V> | Branch<V>;

/** A trie from 32-byte hashed keys to values. Immutable. */
export class MerkleTrie<V> {
  readonly #root: Node<V> | null;
  readonly #write: ValueWriter<V>;

  constructor(write: ValueWriter<V>, root: Node<V> | null = null) {
    this.#write = write;
    this.#root = root;
  }

  /** The value under a key of 32 bytes. */
  get(key: Uint8Array): V | undefined {
    const text = textOf(key);
    let node = this.#root;
    let depth = 0;
    while (node !== null) {
      if (node.kind === 0) return node.key === text ? node.value : undefined;
      if (node.kind === 1) {
        if (commonLength(node.key, text, depth, node.to) < node.to) return undefined;
        depth = node.to;
        node = node.child;
      } else {
        node = node.children[nibble(text, depth)]!;
        depth++;
      }
    }
    return undefined;
  }

  /** The trie with these entries put in; the order does not matter unless a key comes twice. */
  with(entries: Iterable<readonly [key: Uint8Array, value: V]>): MerkleTrie<V> {
    const owner = {};
    let root = this.#root;
    for (const [key, value] of entries) root = put(root, 0, textOf(key), value, owner);
    return new MerkleTrie(this.#write, root);
  }

  /** The root hash, 32 bytes. Hashes only what changed since a root of a shared trie was taken. */
  rootHash(): Uint8Array {
    return this.#root === null ? emptyTrieRoot : bytesOf(hashOf(this.#root, 0, this.#write));
  }

  /** The RLP of the nodes from the root toward a key, as eth_getProof gives them. */
  prove(key: Uint8Array): Uint8Array[] {
    const text = textOf(key);
    this.rootHash();
    const proof: Uint8Array[] = [];
    let node = this.#root;
    let depth = 0;
    while (node !== null) {
      proof.push(encodeNode(node, depth, this.#write).slice());
      if (node.kind === 0) break;
      if (node.kind === 1) {
        if (commonLength(node.key, text, depth, node.to) < node.to) break;
        depth = node.to;
        node = node.child;
      } else {
        node = node.children[nibble(text, depth)]!;
        depth++;
      }
    }
    return proof;
  }

  /** All values, in the order of the keys. */
  *values(): Generator<V> {
    if (this.#root !== null) yield* valuesOf(this.#root);
  }
}

function* valuesOf<V>(node: Node<V>): Generator<V> {
  if (node.kind === 0) yield node.value;
  else if (node.kind === 1) yield* valuesOf(node.child);
  else for (const child of node.children) if (child !== null) yield* valuesOf(child);
}

function put<V>(node: Node<V> | null, depth: number, key: Bytes32, value: V, owner: object): Node<V> {
  if (node === null) return { kind: 0, key, value, hash: "" };
  if (node.kind === 2) {
    const branch = node.owner === owner ? node : copyOf(node, owner);
    const at = nibble(key, depth);
    branch.children[at] = put(branch.children[at]!, depth + 1, key, value, owner);
    branch.hash = "";
    return branch;
  }
  const end = node.kind === 0 ? 64 : node.to;
  const fork = commonLength(node.key, key, depth, end);
  if (fork === end) {
    if (node.kind === 0) return { kind: 0, key, value, hash: "" };
    // A branch below an extension stays a branch, whatever is put into it.
    const child = put(node.child, end, key, value, owner) as Branch<V>;
    return { kind: 1, key: node.key, from: node.from, to: node.to, child, hash: "" };
  }
  const children: (Node<V> | null)[] = new Array(16).fill(null);
  children[nibble(node.key, fork)] = below(node, fork + 1);
  children[nibble(key, fork)] = { kind: 0, key, value, hash: "" };
  const branch: Branch<V> = { kind: 2, children, owner, hash: "" };
  return fork === depth ? branch : { kind: 1, key, from: depth, to: fork, child: branch, hash: "" };
}

/** What is left of a leaf or extension when its path begins at `depth`; its hash changes with its path. */
function below<V>(node: Leaf<V> | Extension<V>, depth: number): Node<V> {
  if (node.kind === 0) return { kind: 0, key: node.key, value: node.value, hash: "" };
  if (depth === node.to) return node.child;
  return { kind: 1, key: node.key, from: depth, to: node.to, child: node.child, hash: "" };
}

function copyOf<V>(branch: Branch<V>, owner: object): Branch<V> {
  return { kind: 2, children: branch.children.slice(), owner, hash: "" };
}

function hashOf<V>(node: Node<V>, depth: number, write: ValueWriter<V>): Bytes32 {
  if (node.hash !== "") return node.hash;
  // Children first: encoding uses one scratch buffer.
  if (node.kind === 1) hashOf(node.child, node.to, write);
  else if (node.kind === 2) {
    for (const child of node.children) if (child !== null) hashOf(child, depth + 1, write);
    // From here on the node is shared: no later update may change it in place.
    node.owner = null;
  }
  const hash = textOf(keccak256(encodeNode(node, depth, write)));
  node.hash = hash;
  return hash;
}

// The largest node is a full branch of 532 bytes; the list's header goes in front once its length is known.
const scratch = new Uint8Array(1024);
const headerRoom = 3;
const valueRoom = new Uint8Array(256);

/** RLP of a node whose children are hashed; valid until the next call. */
function encodeNode<V>(node: Node<V>, depth: number, write: ValueWriter<V>): Uint8Array {
  let end = headerRoom;
  if (node.kind === 2) {
    for (const child of node.children) {
      if (child === null) scratch[end++] = 0x80;
      else end = writeHash(child.hash, end);
    }
    scratch[end++] = 0x80;
  } else if (node.kind === 1) {
    end = writePath(node.key, node.from, node.to, 0, end);
    end = writeHash(node.child.hash, end);
  } else {
    end = writePath(node.key, depth, 64, 2, end);
    const length = write(node.value, valueRoom, 0);
    if (length <= 55) scratch[end++] = 0x80 + length;
    else {
      scratch[end++] = 0xb8;
      scratch[end++] = length;
    }
    for (let i = 0; i < length; i++) scratch[end + i] = valueRoom[i]!;
    end += length;
  }
  const length = end - headerRoom;
  if (length <= 55) {
    scratch[headerRoom - 1] = 0xc0 + length;
    return scratch.subarray(headerRoom - 1, end);
  }
  scratch[headerRoom - 1] = length & 0xff;
  if (length < 256) {
    scratch[headerRoom - 2] = 0xf8;
    return scratch.subarray(headerRoom - 2, end);
  }
  scratch[headerRoom - 2] = length >> 8;
  scratch[headerRoom - 3] = 0xf9;
  return scratch.subarray(0, end);
}

function writeHash(hash: Bytes32, at: number): number {
  scratch[at] = 0xa0;
  for (let i = 0; i < 32; i++) scratch[at + 1 + i] = hash.charCodeAt(i);
  return at + 33;
}

/** Hex-prefix encoding of nibbles `from` to `to`; flag 2 marks a leaf. */
function writePath(key: Bytes32, from: number, to: number, flag: 0 | 2, at: number): number {
  const length = to - from;
  const odd = length & 1;
  const bytes = (length >> 1) + 1;
  let end = at;
  if (bytes > 1) scratch[end++] = 0x80 + bytes;
  scratch[end++] = odd === 1 ? ((flag + 1) << 4) | nibble(key, from) : flag << 4;
  for (let i = from + odd; i < to; i += 2) scratch[end++] = (nibble(key, i) << 4) | nibble(key, i + 1);
  return end;
}

function nibble(key: Bytes32, index: number): number {
  const byte = key.charCodeAt(index >> 1);
  return (index & 1) === 0 ? byte >> 4 : byte & 15;
}

/** First nibble at or after `from` in which two keys differ, at most `to`. */
function commonLength(a: Bytes32, b: Bytes32, from: number, to: number): number {
  let at = from;
  while (at < to && nibble(a, at) === nibble(b, at)) at++;
  return at;
}

function textOf(bytes: Uint8Array): Bytes32 {
  let text = "";
  for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}

function bytesOf(text: Bytes32): Uint8Array {
  return Uint8Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
}
