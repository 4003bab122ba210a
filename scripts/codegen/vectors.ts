/**
 * Writes vectors/codec.json and vectors/bls.json: known answers that Solidity and TypeScript are both tested against.
 *
 *     node scripts/codegen/vectors.ts
 *
 * It uses @noble/curves and @noble/hashes directly and shares no code with the packages or the contracts, so that an
 * error of theirs cannot hide in the expected answers. Values are derived from labels: two runs write the same bytes.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bls12_381 as curve } from "@noble/curves/bls12-381.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";

type Hex = `0x${string}`;

const hex = (bytes: Uint8Array): Hex => `0x${bytesToHex(bytes)}`;
const bytesOf = (text: string): Uint8Array => hexToBytes(text.slice(2));
const keccak = (...parts: Uint8Array[]): Uint8Array => keccak_256(concatBytes(...parts));

/** Bytes that look random and depend on the label only. */
function derived(label: string, length = 32): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let i = 0; 32 * i < length; i++) blocks.push(keccak_256(utf8ToBytes(`${label}/${i}`)));
  return concatBytes(...blocks).slice(0, length);
}

const uint = (value: bigint, bytes: number): Uint8Array =>
  hexToBytes(value.toString(16).padStart(2 * bytes, "0"));

/** What a field holds: an unsigned integer of some bytes, or that many raw bytes; `raw` has any length. */
type Kind = "u8" | "u16" | "u32" | "u64" | "u128" | "b20" | "b32" | "b96" | "raw";
type Fields = readonly (readonly [name: string, kind: Kind])[];
type Value = string | readonly string[];

const WIDTH = { u8: 1, u16: 2, u32: 4, u64: 8, u128: 16, b20: 20, b32: 32, b96: 96 } as const;
const isInteger = (kind: Kind): boolean => kind.startsWith("u");

function encode(kind: Kind, value: string): Uint8Array {
  if (isInteger(kind)) return uint(BigInt(value), WIDTH[kind as keyof typeof WIDTH]);
  const bytes = bytesOf(value);
  if (kind !== "raw" && bytes.length !== WIDTH[kind]) throw new Error(`${value} is not ${kind}`);
  return bytes;
}

/** The rows of the table in docs/encodings.md whose fields are a fixed list. Integers are decimal strings in the JSON. */
const ROWS: Readonly<Record<string, { readonly tag: number; readonly fields: Fields }>> = {
  domain: {
    tag: 0x01,
    fields: [
      ["chainId", "u64"],
      ["genesisHash", "b32"],
      ["epoch", "u64"],
      ["incarnation", "u32"],
      ["mode", "u8"],
      ["registryRoot", "b32"],
    ],
  },
  notarize: {
    tag: 0x02,
    fields: [
      ["domain", "b32"],
      ["view", "u64"],
      ["parentView", "u64"],
      ["blockHash", "b32"],
    ],
  },
  finalize: {
    tag: 0x03,
    fields: [
      ["domain", "b32"],
      ["view", "u64"],
      ["parentView", "u64"],
      ["blockHash", "b32"],
    ],
  },
  nullify: {
    tag: 0x04,
    fields: [
      ["domain", "b32"],
      ["view", "u64"],
    ],
  },
  checkpoint: {
    tag: 0x05,
    fields: [
      ["domain", "b32"],
      ["height", "u64"],
      ["view", "u64"],
      ["stamp", "u64"],
      ["blockHash", "b32"],
      ["stateRoot", "b32"],
      ["blocksRoot", "b32"],
      ["previous", "b32"],
      ["boundary", "b32"],
    ],
  },
  restart: {
    tag: 0x06,
    fields: [
      ["domain", "b32"],
      ["view", "u64"],
      ["blockHash", "b32"],
    ],
  },
  vrfMessage: {
    tag: 0x07,
    fields: [
      ["domain", "b32"],
      ["seed", "b32"],
      ["term", "u64"],
    ],
  },
  ready: {
    tag: 0x08,
    fields: [
      ["domain", "b32"],
      ["day", "u32"],
    ],
  },
  readiness: {
    tag: 0x0b,
    fields: [
      ["domain", "b32"],
      ["epoch", "u64"],
      ["mode", "u8"],
    ],
  },
  possession: {
    tag: 0x09,
    fields: [
      ["settlementChainId", "u64"],
      ["registry", "b20"],
      ["validatorId", "u64"],
      ["key", "b96"],
    ],
  },
  vrfOutput: { tag: 0x0a, fields: [["signature", "b96"]] },
  header: {
    tag: 0x10,
    fields: [
      ["domain", "b32"],
      ["view", "u64"],
      ["parentView", "u64"],
      ["parentHash", "b32"],
      ["height", "u64"],
      ["stamp", "u64"],
      ["refNumber", "u64"],
      ["refHash", "b32"],
      ["settledAt", "u64"],
      ["inboxCursor", "u64"],
      ["feeRecipient", "b20"],
      ["vrfOutput", "b32"],
      ["batchesRoot", "b32"],
      ["stateRoot", "b32"],
      ["receiptsRoot", "b32"],
      ["certificatesHash", "b32"],
      ["lateVotesHash", "b32"],
      ["commitment", "b32"],
    ],
  },
  batch: {
    tag: 0x11,
    fields: [
      ["chainId", "u64"],
      ["author", "u64"],
      ["sequence", "u64"],
      ["count", "u32"],
      ["bytes", "u32"],
      ["transactionsRoot", "b32"],
    ],
  },
  commitment: {
    tag: 0x14,
    fields: [
      ["registryNext", "b32"],
      ["registryAfter", "b32"],
      ["modeNext", "u8"],
      ["modeWanted", "u8"],
      ["seedNext", "b32"],
    ],
  },
  boundary: {
    tag: 0x15,
    fields: [
      ["commitment", "b32"],
      ["accounting", "b32"],
    ],
  },
  accounting: {
    tag: 0x16,
    fields: [
      ["epoch", "u64"],
      ["views", "u64"],
      ["stamp", "u64"],
      ["loadMultiplier", "u32"],
      ["vectorHash", "b32"],
    ],
  },
  firstSeed: { tag: 0x20, fields: [["genesisHash", "b32"]] },
  seedStep: {
    tag: 0x21,
    fields: [
      ["accumulator", "b32"],
      ["output", "b32"],
    ],
  },
  recoverySeed: {
    tag: 0x24,
    fields: [
      ["seed", "b32"],
      ["incarnation", "u32"],
      ["blockHash", "b32"],
    ],
  },
  classDraw: {
    tag: 0x22,
    fields: [
      ["domain", "b32"],
      ["seed", "b32"],
      ["term", "u64"],
    ],
  },
  memberDraw: {
    tag: 0x23,
    fields: [
      ["domain", "b32"],
      ["seed", "b32"],
      ["term", "u64"],
    ],
  },
  genesis: {
    tag: 0x30,
    fields: [
      ["chainId", "u64"],
      ["settlementChainId", "u64"],
      ["addressesHash", "b32"],
      ["snapshotHash", "b32"],
      ["mode", "u8"],
      ["stateRoot", "b32"],
      ["stamp", "u64"],
    ],
  },
  snapshot: {
    tag: 0x31,
    fields: [
      ["keysRoot", "b32"],
      ["weightsRoot", "b32"],
      ["n", "u16"],
      ["nAuth", "u16"],
      ["suspended", "b32"],
      ["totalStake", "u64"],
      ["backing0", "b32"],
      ["backing1", "b32"],
      ["backing2", "b32"],
      ["backing3", "b32"],
      ["backingStake", "u64"],
      ["paramsHash", "b32"],
    ],
  },
  keyLeaf: {
    tag: 0x32,
    fields: [
      ["seat", "u16"],
      ["key", "b96"],
    ],
  },
  params: {
    tag: 0x37,
    fields: [
      ...["epochLength", "checkpointInterval", "blockTime", "delta"].flatMap((name) =>
        ["Fast", "Balanced", "Secure"].map((mode) => [`${name}${mode}`, "u64"] as const),
      ),
      ...[
        "termViews",
        "ahead",
        "lease",
        "settleLease",
        "refLag",
        "settleDepth",
        "drift",
        "rootLag",
        "maxBlockBytes",
        "voteWindow",
        "forceAfter",
        "forceQuota",
        "modeFloor",
        "fastEntryLoad",
        "fastExitLoad",
        "fastEntryAvailability",
        "fastExitAvailability",
        "secureAvailability",
        "residency",
        "targetLoad",
        "capacityStep",
        "minBlockBytes",
        "valueLimit",
        "readyDays",
      ].map((name) => [name, "u64"] as const),
    ],
  },
  addresses: {
    tag: 0x3f,
    fields: ["token", "registry", "pool", "queue", "elections", "checkpoints", "slashing"].map(
      (name) => [name, "b20"] as const,
    ),
  },
  handedOn: {
    tag: 0x41,
    fields: [
      ["gasUsed", "u64"],
      ["gasTarget", "u64"],
      ["bytesUsed", "u64"],
      ["executed", "u32"],
      ["skipped", "u32"],
      ["baseFee", "u128"],
      ["burnt", "u128"],
    ],
  },
};

interface CodecVector {
  readonly name: string;
  readonly input: Readonly<Record<string, Value | readonly Readonly<Record<string, string>>[]>>;
  readonly preimage: Hex;
  readonly hash: Hex;
}

function vector(name: string, input: CodecVector["input"], ...parts: Uint8Array[]): CodecVector {
  const preimage = concatBytes(...parts);
  return { name, input, preimage: hex(preimage), hash: hex(keccak_256(preimage)) };
}

/** The largest integer of a field that both languages hold: TypeScript's numbers end at 2^53 - 1. */
const greatest = (kind: Kind, wide: boolean, name: string): bigint => {
  if (name.startsWith("mode")) return 2n;
  if (kind === "u64" && !wide) return (1n << 53n) - 1n;
  return (1n << BigInt(8 * WIDTH[kind as keyof typeof WIDTH])) - 1n;
};

type Fill = "zero" | "greatest" | "wide" | "typical";

function fill(row: string, name: string, kind: Kind, how: Fill): string {
  if (isInteger(kind)) {
    if (how === "zero") return "0";
    if (how === "typical") {
      const limit = greatest(kind, false, name) + 1n;
      return (BigInt(hex(derived(`${row}/${name}`, 8))) % (limit < 1n << 40n ? limit : 1n << 40n)).toString();
    }
    return greatest(kind, how === "wide", name).toString();
  }
  const length = WIDTH[kind as keyof typeof WIDTH];
  if (how === "zero") return hex(new Uint8Array(length));
  return hex(how === "typical" ? derived(`${row}/${name}`, length) : new Uint8Array(length).fill(0xff));
}

function rowVectors(row: string): CodecVector[] {
  const { tag, fields } = ROWS[row]!;
  const has64 = fields.some(([, kind]) => kind === "u64");
  const fills: readonly Fill[] = has64
    ? ["typical", "zero", "greatest", "wide"]
    : ["typical", "zero", "greatest"];
  return fills.map((how) => {
    const input = Object.fromEntries(fields.map(([name, kind]) => [name, fill(row, name, kind, how)]));
    const parts = fields.map(([name, kind]) => encode(kind, input[name]!));
    return vector(how, input, Uint8Array.of(tag), ...parts);
  });
}

const list = (label: string, count: number): Hex[] =>
  Array.from({ length: count }, (_, i) => hex(derived(`${label}/${i}`)));

function certificates(count: number): CodecVector {
  const hashes = list("certificates", count);
  return vector(`${count} certificates`, { hashes }, Uint8Array.of(0x12), ...hashes.map(bytesOf));
}

function lateVotes(count: number): CodecVector {
  const votes = Array.from({ length: count }, (_, i) => ({
    root: hex(derived(`late/${i}/root`)),
    seat: `${i * 511}`,
    signature: hex(derived(`late/${i}/signature`, 96)),
  }));
  const parts = votes.map((v) => concatBytes(bytesOf(v.root), uint(BigInt(v.seat), 2), bytesOf(v.signature)));
  return vector(`${count} votes`, { votes }, Uint8Array.of(0x13), ...parts);
}

function certificate(seats: number): CodecVector {
  const root = derived(`certificate/${seats}/root`);
  const bitmap = derived(`certificate/${seats}/bitmap`, Math.ceil(seats / 8));
  const signature = derived(`certificate/${seats}/signature`, 96);
  const input = { root: hex(root), bitmap: hex(bitmap), signature: hex(signature) };
  return vector(
    `${seats} seats`,
    input,
    Uint8Array.of(0x17),
    root,
    uint(BigInt(bitmap.length), 2),
    bitmap,
    signature,
  );
}

/** Hand-over with what these many heights before the epoch left behind. */
function handover(count: number): CodecVector {
  const figures = {
    modeWanted: "2",
    resident: "3",
    capacity: "1048576",
    rate: "4294967296",
    multiplier: "1250000",
  };
  const roots = Array.from({ length: count }, (_, i) => ({
    stateRoot: hex(derived(`handover/${i}/state`)),
    receiptsRoot: hex(derived(`handover/${i}/receipts`)),
    handedOn: hex(derived(`handover/${i}/handed on`)),
  }));
  const { modeWanted, resident, capacity, rate, multiplier } = figures;
  return vector(
    `${count} heights`,
    { ...figures, roots },
    Uint8Array.of(0x18),
    uint(BigInt(modeWanted), 1),
    ...[resident, capacity, rate].map((figure) => uint(BigInt(figure), 8)),
    uint(BigInt(multiplier), 4),
    ...roots.flatMap((each) => Object.values(each).map(bytesOf)),
  );
}

/** Hash of a participation vector: no tag. */
function participation(seats: number): CodecVector {
  const vectorOf = Array.from({ length: seats }, (_, i) => ({
    missed: `${i === 0 ? 65535 : i * 3}`,
    proposed: `${i === 1 ? 65535 : i}`,
  }));
  const parts = vectorOf.map((s) => concatBytes(uint(BigInt(s.missed), 2), uint(BigInt(s.proposed), 2)));
  return vector(`${seats} seats`, { participation: vectorOf }, new Uint8Array(0), ...parts);
}

/** A Merkle mountain range built the slow way: the largest perfect tree first, then the rest. */
function blocksRoot(count: number): CodecVector {
  const leaves = list("block", count).map(bytesOf);
  const peaks: Uint8Array[] = [];
  let start = 0;
  while (start < count) {
    let size = 1;
    while (2 * size <= count - start) size *= 2;
    let row = leaves.slice(start, start + size);
    while (row.length > 1) row = row.filter((_, i) => i % 2 === 0).map((l, i) => keccak(l, row[2 * i + 1]!));
    peaks.push(row[0]!);
    start += size;
  }
  const input = { count: `${count}`, leaves: leaves.map(hex), peaks: peaks.map(hex) };
  return vector(`${count} blocks`, input, Uint8Array.of(0x36), uint(BigInt(count), 8), ...peaks);
}

/** Root of all leaves of a perfect tree, none left out. */
function perfectRoot(leaves: readonly Uint8Array[]): Uint8Array {
  let row = leaves;
  while (row.length > 1) row = row.filter((_, i) => i % 2 === 0).map((l, i) => keccak(l, row[2 * i + 1]!));
  return row[0]!;
}

function merkle(count: number): object {
  const leaves = list("leaf", count).map(bytesOf);
  let size = 1;
  while (size < count) size *= 2;
  const padded = Array.from({ length: size }, (_, i) => leaves[i] ?? new Uint8Array(32));
  const root = count === 0 ? new Uint8Array(32) : perfectRoot(padded);
  return { name: `${count} leaves`, leaves: leaves.map(hex), root: hex(root) };
}

function keysRoot(name: string, seats: readonly number[]): object {
  const leaves = seats.map((seat) => ({ seat, leaf: hex(derived(`key leaf/${seat}`)) }));
  const all: Uint8Array[] = Array.from({ length: 1024 }, () => new Uint8Array(32));
  for (const { seat, leaf } of leaves) all[seat] = bytesOf(leaf);
  return { name, leaves, root: hex(perfectRoot(all)) };
}

function weightsRoot(name: string, weights: readonly number[]): object {
  const words = Array.from({ length: 128 }, (_, w) =>
    Array.from({ length: 8 }, (_, j) => BigInt(weights[8 * w + j] ?? 0) << BigInt(32 * j)).reduce(
      (sum, lane) => sum + lane,
    ),
  );
  const used = Math.ceil(weights.length / 8);
  return {
    name,
    weights,
    words: words.slice(0, used).map((word) => hex(uint(word, 32))),
    root: hex(perfectRoot(words.map((word) => uint(word, 32)))),
  };
}

function bitmap(name: string, of: number, seats: readonly number[]): object {
  const bits = seats.reduce((sum, seat) => sum | (1n << BigInt(seat)), 0n);
  const bytes = uint(bits, Math.ceil(of / 8)).reverse();
  const words = Array.from({ length: 4 }, (_, k) => (bits >> BigInt(256 * k)) & ((1n << 256n) - 1n));
  return { name, of, seats, bytes: hex(bytes), words: words.map((word) => hex(uint(word, 32))) };
}

const counting = (length: number): number[] => Array.from({ length }, (_, i) => i);
const someWeights = (length: number): number[] =>
  counting(length).map((seat) => Number(BigInt(hex(derived(`weight/${seat}`, 3)))));

const codec = {
  about:
    "Known answers for docs/encodings.md, written by scripts/codegen/vectors.ts. Integers are decimal strings; the vectors named 'wide' hold 64-bit integers above 2^53 - 1, which Solidity hashes and TypeScript refuses.",
  hashes: {
    ...Object.fromEntries(Object.keys(ROWS).map((row) => [row, rowVectors(row)])),
    certificates: [0, 1, 3].map(certificates),
    lateVotes: [0, 1, 3].map(lateVotes),
    certificate: [0, 7, 8, 1000].map(certificate),
    handover: [1, 3, 64].map(handover),
    participation: [0, 1, 7].map(participation),
    blocksRoot: [1, 2, 3, 4, 7, 8, 21].map(blocksRoot),
  },
  trees: {
    merkle: [0, 1, 2, 3, 4, 5, 8, 9].map(merkle),
    keysRoot: [
      keysRoot("empty", []),
      keysRoot("first seat", [0]),
      keysRoot("last seat", [1023]),
      keysRoot("seven seats", counting(7)),
      keysRoot("scattered", [0, 1, 2, 511, 512, 700, 1023]),
    ],
    weightsRoot: [
      weightsRoot("empty", []),
      weightsRoot("one seat", [1]),
      weightsRoot("greatest weight in the eighth seat", [0, 0, 0, 0, 0, 0, 0, 4294967295]),
      weightsRoot("seven seats", someWeights(7)),
      weightsRoot("nine seats", someWeights(9)),
      weightsRoot("a hundred seats", someWeights(100)),
      weightsRoot("all seats", someWeights(1024)),
    ],
  },
  bitmaps: [
    bitmap("none of seven", 7, []),
    bitmap("first and last of seven", 7, [0, 6]),
    bitmap("all of eight", 8, counting(8)),
    bitmap("across words", 1000, [0, 7, 8, 255, 256, 511, 512, 767, 768, 999]),
    bitmap("all", 1024, counting(1024)),
  ],
};

const { Fp, Fp2 } = curve.fields;
const G1 = curve.G1.Point;
const G2 = curve.G2.Point;
type G1Point = InstanceType<typeof G1>;
type G2Point = InstanceType<typeof G2>;

const SIGNATURE_DST = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
const POSSESSION_DST = "BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

/** A coordinate as the precompiles take it: 64 bytes. */
const padded = (x: bigint): Uint8Array => uint(x, 64);

function eip2537G1(point: G1Point): Hex {
  if (point.is0()) return hex(new Uint8Array(128));
  const { x, y } = point.toAffine();
  return hex(concatBytes(padded(x), padded(y)));
}

function eip2537G2(point: G2Point): Hex {
  if (point.is0()) return hex(new Uint8Array(256));
  const { x, y } = point.toAffine();
  return hex(concatBytes(padded(x.c0), padded(x.c1), padded(y.c0), padded(y.c1)));
}

const hashed = (root: Uint8Array, dst: string): G2Point =>
  curve.G2.hashToCurve(root, { DST: dst }) as unknown as G2Point;

const secretOf = (label: string): bigint =>
  1n + (BigInt(hex(derived(label, 48))) % (curve.fields.Fr.ORDER - 1n));

function key(name: string, secret: bigint): object {
  const point = G1.BASE.multiply(secret);
  return {
    name,
    secret: hex(uint(secret, 32)),
    key: eip2537G1(point),
    compressed: hex(point.toBytes(true)),
    bytes: hex(point.toBytes(false)),
  };
}

function signed(name: string, secret: bigint, root: Uint8Array, dst: string): object {
  const signature = hashed(root, dst).multiply(secret);
  return {
    name,
    secret: hex(uint(secret, 32)),
    key: eip2537G1(G1.BASE.multiply(secret)),
    root: hex(root),
    signature: eip2537G2(signature),
    compressed: hex(signature.toBytes(true)),
  };
}

const ROOTS: readonly (readonly [name: string, root: Uint8Array])[] = [
  ["zero root", new Uint8Array(32)],
  ["greatest root", new Uint8Array(32).fill(0xff)],
  ["typical root", derived("root")],
];

const greatestSecret = curve.fields.Fr.ORDER - 1n;
const secrets: readonly (readonly [name: string, secret: bigint])[] = [
  ["one", 1n],
  ["greatest", greatestSecret],
  ["a", secretOf("a")],
  ["b", secretOf("b")],
  ["c", secretOf("c")],
  ["d", secretOf("d")],
];

function aggregate(count: number): object {
  const members = secrets.slice(2, 2 + count);
  const root = derived("aggregate root");
  const sum = members.reduce((total, [, secret]) => total + secret, 0n) % curve.fields.Fr.ORDER;
  const signature = members
    .map(([, secret]) => hashed(root, SIGNATURE_DST).multiply(secret))
    .reduce((total, each) => total.add(each), G2.ZERO);
  return {
    name: `${count} signers of one root`,
    keys: members.map(([, secret]) => eip2537G1(G1.BASE.multiply(secret))),
    sum: eip2537G1(G1.BASE.multiply(sum)),
    root: hex(root),
    signature: eip2537G2(signature),
    compressed: hex(signature.toBytes(true)),
  };
}

function twoMessages(name: string, secret: bigint): object {
  const [first, second] = [derived("first message"), derived("second message")];
  const signature = hashed(first, SIGNATURE_DST)
    .multiply(secret)
    .add(hashed(second, SIGNATURE_DST).multiply(secret));
  return {
    name,
    key: eip2537G1(G1.BASE.multiply(secret)),
    first: hex(first),
    second: hex(second),
    signature: eip2537G2(signature),
  };
}

/** The first point of the curve, by x, that is outside the subgroup. */
function outsideG1(): G1Point {
  for (let x = 1n; ; x++) {
    const square = Fp.add(Fp.pow(x, 3n), 4n);
    if (!Fp.eql(Fp.pow(square, (Fp.ORDER - 1n) / 2n), Fp.ONE)) continue;
    const point = G1.fromAffine({ x, y: Fp.sqrt(square) });
    if (!point.isTorsionFree()) return point;
  }
}

function outsideG2(): G2Point {
  for (let c0 = 1n; ; c0++) {
    const x = { c0, c1: 0n };
    const square = Fp2.add(Fp2.pow(x, 3n), { c0: 4n, c1: 4n });
    if (!Fp2.eql(Fp2.pow(square, (Fp2.ORDER - 1n) / 2n), Fp2.ONE)) continue;
    const point = G2.fromAffine({ x, y: Fp2.sqrt(square) });
    if (!point.isTorsionFree()) return point;
  }
}

/** The same point with the modulus added to one coordinate: congruent, but not canonical. */
function addModulus(point: Hex, coordinate: number): Hex {
  const bytes = bytesOf(point);
  const at = 64 * coordinate;
  const value = BigInt(hex(bytes.slice(at, at + 64))) + Fp.ORDER;
  bytes.set(padded(value), at);
  return hex(bytes);
}

function change(point: Hex, index: number, byte: number): Hex {
  const bytes = bytesOf(point);
  bytes[index] = byte;
  return hex(bytes);
}

const goodKey = eip2537G1(G1.BASE.multiply(secretOf("a")));
const goodSignature = eip2537G2(hashed(derived("root"), SIGNATURE_DST).multiply(secretOf("a")));
const offCurve = (point: Hex): Hex =>
  change(point, point.length / 2 - 2, bytesOf(point)[point.length / 2 - 2]! ^ 1);

const bls = {
  about:
    "Known answers of the suite BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_, written by scripts/codegen/vectors.ts with @noble/curves. Points are in the form of EIP-2537 (128 or 256 bytes, x.c0 before x.c1) unless called compressed; `bytes` is x48 | y48.",
  signatureDst: SIGNATURE_DST,
  possessionDst: POSSESSION_DST,
  keys: secrets.map(([name, secret]) => key(name, secret)),
  hashes: ROOTS.flatMap(([name, root]) => [
    { name, dst: SIGNATURE_DST, root: hex(root), point: eip2537G2(hashed(root, SIGNATURE_DST)) },
    { name, dst: POSSESSION_DST, root: hex(root), point: eip2537G2(hashed(root, POSSESSION_DST)) },
  ]),
  signatures: secrets.flatMap(([name, secret]) =>
    ROOTS.map(([rootName, root]) => signed(`${name}, ${rootName}`, secret, root, SIGNATURE_DST)),
  ),
  possessions: secrets.map(([name, secret]) =>
    signed(name, secret, derived(`possession/${name}`), POSSESSION_DST),
  ),
  aggregates: [1, 2, 4].map(aggregate),
  twoMessages: secrets.map(([name, secret]) => twoMessages(name, secret)),
  /** Each of these must be refused as a key: on-chain by a revert, never by `false`. */
  invalidKeys: [
    { name: "infinity", point: eip2537G1(G1.ZERO) },
    { name: "off the curve", point: offCurve(goodKey) },
    { name: "outside the subgroup", point: eip2537G1(outsideG1()) },
    { name: "x not canonical", point: addModulus(goodKey, 0) },
    { name: "y not canonical", point: addModulus(goodKey, 1) },
    { name: "padding not zero", point: change(goodKey, 0, 1) },
    {
      name: "infinity, y the modulus",
      point: hex(concatBytes(new Uint8Array(64), padded(Fp.ORDER))),
    },
  ],
  invalidSignatures: [
    { name: "infinity", point: eip2537G2(G2.ZERO) },
    { name: "off the curve", point: offCurve(goodSignature) },
    { name: "outside the subgroup", point: eip2537G2(outsideG2()) },
    { name: "x.c0 not canonical", point: addModulus(goodSignature, 0) },
    { name: "x.c1 not canonical", point: addModulus(goodSignature, 1) },
    { name: "y.c0 not canonical", point: addModulus(goodSignature, 2) },
    { name: "y.c1 not canonical", point: addModulus(goodSignature, 3) },
    { name: "padding not zero", point: change(goodSignature, 192, 0x80) },
  ],
};

/** Name and text of each file in vectors/. */
export function vectorFiles(): ReadonlyMap<string, string> {
  const text = (content: object): string => `${JSON.stringify(content, null, 1)}\n`;
  return new Map([
    ["codec.json", text(codec)],
    ["bls.json", text(bls)],
  ]);
}

if (import.meta.main) {
  for (const [name, text] of vectorFiles())
    writeFileSync(join(import.meta.dirname, "..", "..", "vectors", name), text);
}
