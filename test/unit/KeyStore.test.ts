import { keyWords } from "@aitbc-hybrid/crypto";
import { expect } from "chai";
import { concat, hexlify, keccak256 } from "ethers";
import { network } from "hardhat";
import { deployCore, possession } from "../support/core.ts";

const connection = await network.create();
const { ethers } = connection;

describe("KeyStore", () => {
  it("gives back what was written, as bytes and as a point, and whose it is", async () => {
    const store = await ethers.deployContract("KeyStoreHarness");
    const core = await deployCore(connection);
    const keys = ["a", "b"].map((label) => possession(core, label, 1).keyBytes);
    for (const [index, key] of keys.entries())
      await store.write(index + 1, key, 2n ** 64n - 1n - BigInt(index));
    for (const [index, key] of keys.entries()) {
      expect(await store.read(index + 1)).to.equal(hexlify(key));
      expect(await store.ownerOf(index + 1)).to.equal(2n ** 64n - 1n - BigInt(index));
      const { xHigh, xLow, yHigh, yLow } = await store.load(index + 1);
      expect({ xHigh, xLow, yHigh, yLow }).to.deep.equal(keyWords(key));
      const [point, owner] = await store.loadOwned(index + 1);
      expect(owner).to.equal(await store.ownerOf(index + 1));
      expect(point).to.deep.equal([xHigh, xLow, yHigh, yLow]);
      expect(await store.hashAfter("0x320102", index + 1)).to.equal(
        keccak256(concat(["0x320102", hexlify(key)])),
      );
    }
  });

  it("refuses a number that is not the next, and one that has no key", async () => {
    const store = await ethers.deployContract("KeyStoreHarness");
    await expect(store.write(2, new Uint8Array(96), 1)).to.be.revertedWithCustomError(
      store,
      "KeyStoreOutOfStep",
    );
    for (const key of [0, 1]) {
      await expect(store.read(key)).to.be.revertedWithCustomError(store, "KeyStoreUnknown");
      await expect(store.ownerOf(key)).to.be.revertedWithCustomError(store, "KeyStoreUnknown");
      await expect(store.load(key)).to.be.revertedWithCustomError(store, "KeyStoreUnknown");
      await expect(store.loadOwned(key)).to.be.revertedWithCustomError(store, "KeyStoreUnknown");
      await expect(store.hashAfter("0x320000", key)).to.be.revertedWithCustomError(store, "KeyStoreUnknown");
    }
  });
});
