import { expect } from "chai";
import {
  type ContractTransactionResponse,
  concat,
  hexlify,
  keccak256,
  randomBytes,
  toBeHex,
  ZeroHash,
} from "ethers";
import { network } from "hardhat";
import { readVectors } from "../support/vectors.ts";

const { trees, bitmaps } = readVectors<{
  trees: {
    keysRoot: { name: string; leaves: { seat: number; leaf: string }[]; root: string }[];
    weightsRoot: { name: string; weights: number[]; words: string[]; root: string }[];
  };
  bitmaps: { name: string; of: number; seats: number[]; words: string[] }[];
}>("codec.json");

const { ethers, networkHelpers } = await network.create();

/** Root of a perfect tree, every node computed. */
function slowRoot(leaves: readonly string[]): string {
  let row = leaves;
  while (row.length > 1) {
    row = Array.from({ length: row.length / 2 }, (_, i) => keccak256(concat([row[2 * i]!, row[2 * i + 1]!])));
  }
  return row[0]!;
}

/** Waits until a transaction is in a block: anvil answers before. */
async function mined(sent: Promise<ContractTransactionResponse>): Promise<void> {
  await (await sent).wait();
}

type Words4 = [bigint, bigint, bigint, bigint];
const EMPTY: Words4 = [0n, 0n, 0n, 0n];

describe("Snapshots", () => {
  const deploy = () => ethers.deployContract("SnapshotsHarness");

  describe("packed words", () => {
    it("a seat's value is the 32 bits that its number modulo 8 names", async () => {
      const snapshots = await networkHelpers.loadFixture(deploy);
      const word = 0x0000000800000007000000060000000500000004000000030000000200000001n;
      for (let seat = 0; seat < 8; seat++) {
        expect(await snapshots.lane(word, seat)).to.equal(seat + 1);
        expect(await snapshots.lane(word, 1016 + seat)).to.equal(seat + 1);
      }
    });

    it("replacing one seat's value leaves the other seven alone", async () => {
      const snapshots = await networkHelpers.loadFixture(deploy);
      const word = BigInt(hexlify(randomBytes(32)));
      for (let seat = 0; seat < 8; seat++) {
        for (const value of [0n, 1n, 0xffffffffn]) {
          const mask = 0xffffffffn << BigInt(32 * seat);
          const expected = (word & ~mask) | (value << BigInt(32 * seat));
          expect(await snapshots.withLane(word, 8 * 50 + seat, value)).to.equal(
            BigInt.asUintN(256, expected),
          );
        }
      }
    });

    it("an array that ends before the seat holds 0 for it", async () => {
      const snapshots = await networkHelpers.loadFixture(deploy);
      expect(await snapshots.valueAt([1n, 2n], 8)).to.equal(2);
      expect(await snapshots.valueAt([1n, 2n], 16)).to.equal(0);
      expect(await snapshots.valueAt([], 0)).to.equal(0);
    });
  });

  describe("blobs", () => {
    for (const { name, weights, words } of trees.weightsRoot) {
      it(`keeps the words of ${name} and answers for each seat`, async () => {
        const snapshots = await networkHelpers.loadFixture(deploy);
        await mined(snapshots.writeBlob(words));
        expect(await snapshots.readBlob()).to.deep.equal(words.map(BigInt));
        for (const seat of new Set([0, 1, 6, 7, 8, 99, 100, 1016, 1023])) {
          expect(await snapshots.blobValue(seat)).to.equal(weights[seat] ?? 0);
        }
        expect(await snapshots.blobWord(words.length)).to.equal(0);
      });
    }

    it("is code that nobody can run", async () => {
      const snapshots = await networkHelpers.loadFixture(deploy);
      await mined(snapshots.writeBlob([1n]));
      const code = await ethers.provider.getCode(await snapshots.blob());
      expect(code).to.equal(`0x00${toBeHex(1n, 32).slice(2)}`);
    });

    it("an address without code holds 0 for every seat", async () => {
      const snapshots = await networkHelpers.loadFixture(deploy);
      expect(await snapshots.blobValue(3)).to.equal(0);
    });

    it("takes no more than 128 words", async () => {
      const snapshots = await networkHelpers.loadFixture(deploy);
      await expect(snapshots.writeBlob(Array.from({ length: 129 }, () => 1n)))
        .to.be.revertedWithCustomError(snapshots, "SnapshotTooManyWords")
        .withArgs(129);
    });
  });

  describe("the weight tree", () => {
    for (const { name, words, root } of trees.weightsRoot) {
      it(`of ${name}`, async () => {
        const snapshots = await networkHelpers.loadFixture(deploy);
        expect(await snapshots.weightsRoot(words)).to.equal(root);
      });
    }

    it("agrees with the slow tree for every number of words", async () => {
      const snapshots = await networkHelpers.loadFixture(deploy);
      const all = Array.from({ length: 128 }, () => hexlify(randomBytes(32)));
      for (const count of [0, 1, 2, 3, 5, 8, 13, 31, 64, 65, 100, 127, 128]) {
        const words = all.slice(0, count);
        const full = Array.from({ length: 128 }, (_, i) => words[i] ?? ZeroHash);
        expect(await snapshots.weightsRoot(words)).to.equal(slowRoot(full));
      }
    });

    it("takes no more than 128 words", async () => {
      const snapshots = await networkHelpers.loadFixture(deploy);
      await expect(snapshots.weightsRoot(Array.from({ length: 129 }, () => 0n)))
        .to.be.revertedWithCustomError(snapshots, "SnapshotTooManyWords")
        .withArgs(129);
    });
  });

  describe("the key tree", () => {
    const GROUP = 8;
    const VACANT = Array<string>(GROUP).fill(ZeroHash);

    /** Renews the groups named from all leaves. */
    async function setGroups(
      snapshots: Awaited<ReturnType<typeof deploy>>,
      leaves: readonly string[],
      groups: Iterable<number>,
    ): Promise<void> {
      for (const group of groups) {
        await mined(snapshots.setGroup(group, leaves.slice(GROUP * group, GROUP * (group + 1))));
      }
    }

    for (const { name, leaves, root } of trees.keysRoot) {
      it(`of ${name}, in any order`, async () => {
        const snapshots = await networkHelpers.loadFixture(deploy);
        const all = Array<string>(1024).fill(ZeroHash);
        for (const { seat, leaf } of leaves) all[seat] = leaf;
        const groups = new Set([...leaves].reverse().map(({ seat }) => Math.floor(seat / GROUP)));
        await setGroups(snapshots, all, groups);
        const used = Math.max(0, ...[...groups].map((group) => group + 1));
        for (const count of [used, 128]) expect(await snapshots.root(count)).to.equal(root);
      });
    }

    it("agrees with the slow tree while seats come, change and go", async () => {
      const snapshots = await networkHelpers.loadFixture(deploy);
      const leaves = Array<string>(1024).fill(ZeroHash);
      const seats = [0, 1, 2, 3, 8, 255, 256, 1022, 1023];
      for (const step of [randomBytes, randomBytes, () => ZeroHash]) {
        for (const seat of seats) leaves[seat] = hexlify(step(32));
        await setGroups(snapshots, leaves, new Set(seats.map((seat) => Math.floor(seat / GROUP))));
        expect(await snapshots.root(128)).to.equal(slowRoot(leaves));
      }
    });

    it("emptied again, it has the root of the empty tree", async () => {
      const snapshots = await networkHelpers.loadFixture(deploy);
      await mined(snapshots.setGroup(87, [hexlify(randomBytes(32)), ...VACANT.slice(1)]));
      await mined(snapshots.setGroup(87, VACANT));
      expect(await snapshots.root(88)).to.equal(trees.keysRoot[0]!.root);
    });
  });

  describe("bitmaps", () => {
    for (const { name, seats, words } of bitmaps) {
      it(`${name}: members and size`, async () => {
        const snapshots = await networkHelpers.loadFixture(deploy);
        const bitmap = words.map(BigInt) as Words4;
        expect(await snapshots.size(bitmap)).to.equal(seats.length);
        for (const seat of [0, 1, 6, 7, 8, 255, 256, 511, 512, 767, 768, 999, 1023]) {
          expect(await snapshots.contains(bitmap, seat)).to.equal(seats.includes(seat));
        }
      });
    }

    it("grows and shrinks by one seat at a time", async () => {
      const snapshots = await networkHelpers.loadFixture(deploy);
      let bitmap: Words4 = EMPTY;
      for (const seat of [0, 255, 256, 700, 1023]) {
        bitmap = [...(await snapshots.insert(bitmap, seat))] as Words4;
        expect(await snapshots.contains(bitmap, seat)).to.equal(true);
      }
      expect(await snapshots.size(bitmap)).to.equal(5);
      expect([...(await snapshots.insert(bitmap, 700))]).to.deep.equal(bitmap);
      for (const seat of [700, 0, 1023, 256, 255]) {
        bitmap = [...(await snapshots.remove(bitmap, seat))] as Words4;
        expect(await snapshots.contains(bitmap, seat)).to.equal(false);
      }
      expect(bitmap).to.deep.equal(EMPTY);
      expect([...(await snapshots.remove(EMPTY, 5))]).to.deep.equal(EMPTY);
    });

    it("has no seat 1024: it is never a member and cannot become one", async () => {
      const snapshots = await networkHelpers.loadFixture(deploy);
      const full = Array.from({ length: 4 }, () => (1n << 256n) - 1n) as Words4;
      expect(await snapshots.contains(full, 1024)).to.equal(false);
      expect(await snapshots.contains(full, 65535)).to.equal(false);
      for (const call of [() => snapshots.insert(EMPTY, 1024), () => snapshots.remove(full, 1024)]) {
        await expect(call())
          .to.be.revertedWithCustomError(snapshots, "SnapshotSeatOutOfRange")
          .withArgs(1024);
      }
    });

    it("the first n seats fill a word from its lowest bit", async () => {
      const snapshots = await networkHelpers.loadFixture(deploy);
      for (const n of [0n, 1n, 21n, 255n, 256n]) {
        expect(await snapshots.firstSeats(n)).to.equal((1n << n) - 1n);
        expect(await snapshots.sizeOfWord((1n << n) - 1n)).to.equal(n);
      }
    });
  });
});

describe("SealedSnapshots", () => {
  it("what is no snapshot is read as none: neither who signs nor what evidence needs", async () => {
    const harness = await ethers.deployContract("SnapshotsHarness");
    const stranger = await harness.getAddress();
    for (const call of [harness.signingSet!(stranger, 1), harness.tables!(stranger)]) {
      await expect(call).to.be.revertedWithCustomError(harness, "SealedSnapshotMissing").withArgs(stranger);
    }
  });
});
