import { expect } from "chai";
import { hexlify } from "ethers";
import { network } from "hardhat";
import { closeEpoch, possession } from "../support/core.ts";
import { crowdedCore, keysOf, range } from "../support/crowd.ts";

const connection = await network.create({
  override: { transactionGasCap: false, blockGasLimit: 1_000_000_000n },
});

describe("attack: keys rotated until no seal fits a transaction", () => {
  it("a seal takes note of 16 rotations; the others keep their old keys until a refresh after it", async function () {
    this.timeout(1_800_000);
    const { core, crowd } = await crowdedCore(connection, 10, 90);
    await closeEpoch(core);
    const keyOf = async (id: number) => {
      const keys = await core.elections.keyTable(await core.elections.sealNumber(), 0, 1024);
      const seat = Number((await core.elections.candidate(id)).seat);
      return `0x${keys.slice(2 + 192 * seat, 194 + 192 * seat)}`;
    };
    const bytesOf = (id: number, turn: number) =>
      hexlify(possession(core, `crowd ${id} ${turn}`, id).keyBytes);
    const rotating = range(22, 16);
    const [late, waiting] = [38, 95];
    await crowd.rotate(rotating, ...keysOf(core, rotating, 1));
    const next = (await core.registry.keyCount()) + 1n;
    await expect(crowd.rotate([late], ...keysOf(core, [late], 1)))
      .to.emit(core.elections, "RotationWaits")
      .withArgs(late, next);
    // Whose rotation was taken note of may rotate again, and so may who has no seat: the seal does no more for them.
    for (const id of [22, waiting]) {
      await expect(crowd.rotate([id], ...keysOf(core, [id], 2))).not.to.emit(core.elections, "RotationWaits");
    }
    await closeEpoch(core);
    expect(await keyOf(22)).to.equal(bytesOf(22, 2));
    expect(await keyOf(37)).to.equal(bytesOf(37, 1));
    expect(await keyOf(late)).to.equal(bytesOf(late, 0));

    await core.elections.refresh(late);
    await closeEpoch(core);
    expect(await keyOf(late)).to.equal(bytesOf(late, 1));
  });
});
