import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { MODE_PARAMS, SINGLE_PARAMS } from "../../src/codec/params.ts";
import {
  accountingHash,
  addressesHash,
  appendLeaf,
  blockHash,
  boundaryHash,
  commitmentHash,
  domainHash,
  draw,
  EMPTY_RANGE,
  type ExecutedRoots,
  fromBitmap,
  fromHex,
  genesisHash,
  genesisSeed,
  type Hash,
  type Hex,
  handoverHash,
  keyLeaf,
  MODES,
  merkleRoot,
  type Params,
  paramsHash,
  possessionRoot,
  rangeRoot,
  readinessRoot,
  readyRoot,
  recoverySeed,
  restartRoot,
  seedStep,
  toBitmap,
  toHex,
  voteRoot,
  vrfOutput,
  vrfRoot,
} from "../../src/index.ts";

type Input = Readonly<Record<string, string & readonly string[]>>;
interface Vector {
  readonly name: string;
  readonly input: Input;
  readonly hash: string;
}
interface Vectors {
  readonly hashes: Readonly<Record<string, readonly Vector[]>>;
  readonly trees: { readonly merkle: readonly { name: string; leaves: Hash[]; root: Hash }[] };
  readonly bitmaps: readonly { name: string; of: number; seats: number[]; bytes: Hex }[];
}

const vectors: Vectors = JSON.parse(
  readFileSync(new URL("../../../../vectors/codec.json", import.meta.url), "utf8"),
);

const hash = (i: Input, field: string) => i[field] as unknown as Hash;
const integer = (i: Input, field: string) => {
  const value = Number(i[field]);
  // What TypeScript cannot hold exactly it must refuse, not round: infinity stands for it.
  return Number.isSafeInteger(value) ? value : Number.POSITIVE_INFINITY;
};
const mode = (i: Input, field: string) => MODES[integer(i, field)]!;

const vote = (kind: "notarize" | "finalize" | "nullify") => (i: Input) =>
  voteRoot(hash(i, "domain"), {
    kind,
    view: integer(i, "view"),
    parentView: kind === "nullify" ? 0 : integer(i, "parentView"),
    blockHash: hash(i, "blockHash"),
  });

const drawn = (what: "class" | "member") => (i: Input) =>
  `0x${draw(what, hash(i, "domain"), hash(i, "seed"), integer(i, "term")).toString(16).padStart(64, "0")}`;

const perMode = (i: Input, field: string) => ({
  fast: integer(i, `${field}Fast`),
  balanced: integer(i, `${field}Balanced`),
  secure: integer(i, `${field}Secure`),
});

/** How each row of the encodings is computed here. */
const ROWS: Readonly<Record<string, (i: Input) => string>> = {
  domain: (i) =>
    domainHash({
      chainId: integer(i, "chainId"),
      genesisHash: hash(i, "genesisHash"),
      epoch: integer(i, "epoch"),
      incarnation: integer(i, "incarnation"),
      mode: mode(i, "mode"),
      registry: hash(i, "registryRoot"),
    }),
  notarize: vote("notarize"),
  finalize: vote("finalize"),
  nullify: vote("nullify"),
  restart: (i) => restartRoot(hash(i, "domain"), integer(i, "view"), hash(i, "blockHash")),
  vrfMessage: (i) => vrfRoot(hash(i, "domain"), hash(i, "seed"), integer(i, "term")),
  ready: (i) => readyRoot(hash(i, "domain"), integer(i, "day")),
  readiness: (i) => readinessRoot(hash(i, "domain"), integer(i, "epoch"), mode(i, "mode")),
  possession: (i) =>
    possessionRoot({
      settlementChainId: integer(i, "settlementChainId"),
      registryAddress: hash(i, "registry"),
      validatorId: integer(i, "validatorId"),
      keyBytes: fromHex(hash(i, "key")),
    }),
  vrfOutput: (i) => vrfOutput(fromHex(hash(i, "signature"))),
  header: (i) =>
    blockHash({
      domain: hash(i, "domain"),
      view: integer(i, "view"),
      parentView: integer(i, "parentView"),
      parentHash: hash(i, "parentHash"),
      height: integer(i, "height"),
      stamp: integer(i, "stamp"),
      reference: { number: integer(i, "refNumber"), hash: hash(i, "refHash") },
      settledAt: integer(i, "settledAt"),
      inboxCursor: integer(i, "inboxCursor"),
      feeRecipient: hash(i, "feeRecipient"),
      vrfOutput: hash(i, "vrfOutput"),
      batchesRoot: hash(i, "batchesRoot"),
      stateRoot: hash(i, "stateRoot"),
      receiptsRoot: hash(i, "receiptsRoot"),
      certificatesHash: hash(i, "certificatesHash"),
      lateVotesHash: hash(i, "lateVotesHash"),
      commitment: hash(i, "commitment"),
    }),
  commitment: (i) =>
    commitmentHash({
      registryNext: hash(i, "registryNext"),
      registryAfter: hash(i, "registryAfter"),
      modeNext: mode(i, "modeNext"),
      modeWanted: mode(i, "modeWanted"),
      seedNext: hash(i, "seedNext"),
    }),
  accounting: (i) =>
    accountingHash({
      epoch: integer(i, "epoch"),
      views: integer(i, "views"),
      stamp: integer(i, "stamp"),
      loadMultiplier: integer(i, "loadMultiplier"),
      vectorHash: hash(i, "vectorHash"),
    }),
  firstSeed: (i) => genesisSeed(hash(i, "genesisHash")),
  seedStep: (i) => seedStep(hash(i, "accumulator"), hash(i, "output")),
  recoverySeed: (i) => recoverySeed(hash(i, "seed"), integer(i, "incarnation"), hash(i, "blockHash")),
  classDraw: drawn("class"),
  memberDraw: drawn("member"),
  genesis: (i) =>
    genesisHash({
      chainId: integer(i, "chainId"),
      settlementChainId: integer(i, "settlementChainId"),
      addressesHash: hash(i, "addressesHash"),
      snapshotHash: hash(i, "snapshotHash"),
      mode: mode(i, "mode"),
      stateRoot: hash(i, "stateRoot"),
      stamp: integer(i, "stamp"),
    }),
  keyLeaf: (i) => keyLeaf(integer(i, "seat"), fromHex(hash(i, "key"))),
  params: (i) =>
    paramsHash(
      Object.fromEntries([
        ...MODE_PARAMS.map((name) => [name, perMode(i, name)]),
        ...SINGLE_PARAMS.map((name) => [name, integer(i, name)]),
      ]) as unknown as Params,
    ),
  handover: (i) =>
    handoverHash({
      hybrid: {
        modeWanted: mode(i, "modeWanted"),
        resident: integer(i, "resident"),
        capacity: integer(i, "capacity"),
        rate: integer(i, "rate"),
        multiplier: integer(i, "multiplier"),
      },
      // Heights and what blocks used are not part of it.
      roots: (i.roots as unknown as Pick<ExecutedRoots, "stateRoot" | "receiptsRoot" | "handedOn">[]).map(
        (roots, height) => ({ ...roots, height, used: 5, value: 6 }),
      ),
    }),
  addresses: (i) =>
    addressesHash(
      ["token", "registry", "pool", "queue", "elections", "checkpoints", "slashing"].map((name) =>
        hash(i, name),
      ),
    ),
  blocksRoot: (i) => rangeRoot((i.leaves as unknown as Hash[]).reduce(appendLeaf, EMPTY_RANGE)),
};

/** `greatest` fills every field, where a mode beyond the last or an integer beyond the safe ones has no value here. */
const isRepresentable = (v: Vector): boolean =>
  Object.entries(v.input).every(
    ([field, value]) =>
      typeof value !== "string" ||
      value.startsWith("0x") ||
      (Number.isSafeInteger(Number(value)) && (!field.startsWith("mode") || Number(value) <= 2)),
  );

/** Rows that only contracts or the execution compute. */
const ELSEWHERE = new Set([
  "batch",
  "boundary",
  "certificate",
  "certificates",
  "checkpoint",
  "handedOn",
  "lateVotes",
  "participation",
  "snapshot",
]);

describe("known answers of the encodings", () => {
  test("are all tried here, but for those that others are tried against", () => {
    assert.deepEqual(
      Object.keys(vectors.hashes)
        .filter((row) => !(row in ROWS))
        .sort(),
      [...ELSEWHERE],
    );
  });

  for (const [row, compute] of Object.entries(ROWS)) {
    test(row, () => {
      const cases = vectors.hashes[row]!;
      assert.ok(cases.some(isRepresentable));
      for (const vector of cases) {
        if (isRepresentable(vector)) assert.equal(compute(vector.input), vector.hash, vector.name);
        else assert.throws(() => compute(vector.input), vector.name);
      }
    });
  }

  test("boundary: the hash of both parts", () => {
    const commitment = {
      registryNext: `0x${"11".repeat(32)}`,
      registryAfter: `0x${"22".repeat(32)}`,
      modeNext: "fast",
      modeWanted: "secure",
      seedNext: `0x${"33".repeat(32)}`,
    } as const;
    const accounting = {
      epoch: 1,
      views: 2,
      stamp: 3,
      loadMultiplier: 4,
      vectorHash: `0x${"44".repeat(32)}`,
    } as const;
    const other = { ...accounting, views: 5 };
    assert.notEqual(
      boundaryHash({ commitment, accounting }),
      boundaryHash({ commitment, accounting: other }),
    );
  });

  test("Merkle roots", () => {
    for (const { name, leaves, root } of vectors.trees.merkle) assert.equal(merkleRoot(leaves), root, name);
  });

  test("bitmaps", () => {
    for (const { name, of, seats, bytes } of vectors.bitmaps) {
      assert.equal(toHex(toBitmap(seats, of)), bytes, name);
      assert.deepEqual(fromBitmap(fromHex(bytes)), seats, name);
    }
  });
});
