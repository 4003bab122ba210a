import { expect } from "chai";
import { dataSlice, hexlify } from "ethers";
import { network } from "hardhat";
import { closeEpoch } from "../support/core.ts";
import { crowdedCore, keysOf, range } from "../support/crowd.ts";
import { loadCore, possession } from "../support/core.ts";

const connection = await network.create({ override: { transactionGasCap: false, blockGasLimit: 1_000_000_000n } });

describe("attack: keys rotated until no seal fits a transaction", () => {
  it("a seal takes note of 64 rotations; the others keep their old keys until a refresh after it", async () => {
    const { core, crowd } = await crowdedCore(connection, 10, 95);
    await closeEpoch(core);
    const keyOn = async (number: bigint, seat: bigint) => {
      const keys = await core.elections.keyTable(number, 0, 1024);
      return dataSlice(keys, 96 * Number(seat), 96 * Number(seat) + 96);
    };
    const bytesOf = (id: number, turn: number) => hexlify(possession(core, `crowd ${id} ${turn}`, id).keyBytes);
    const seatOf = async (id: number) => (await core.elections.candidate(id)).seat;
    const rotating = range(22, 64);
    const late = 86;
    await crowd.rotate(rotating, ...keysOf(core, rotating, 1));
    const next = (await core.registry.keyCount()) + 1n;
    await expect(crowd.rotate([late], ...keysOf(core, [late], 1)))
      .to.emit(core.elections, "RotationWaits")
      .withArgs(late, next);
    // Whose rotation was taken note of may rotate again: the seal does no more for it.
    await expect(crowd.rotate([22], ...keysOf(core, [22], 2))).not.to.emit(core.elections, "RotationWaits");
    await closeEpoch(core);
    const number = await core.elections.sealNumber();
    expect(await keyOn(number, await seatOf(22))).to.equal(bytesOf(22, 2));
    expect(await keyOn(number, await seatOf(85))).to.equal(bytesOf(85, 1));
    expect(await keyOn(number, await seatOf(late))).to.equal(bytesOf(late, 0));

    await core.elections.refresh(late);
    await closeEpoch(core);
    expect(await keyOn(await core.elections.sealNumber(), await seatOf(late))).to.equal(bytesOf(late, 1));
  });

  it("a validator that waits for a seat changes its key as it likes", async () => {
    const { core, crowd } = await crowdedCore(connection, 10, 95);
    await closeEpoch(core);
    const rotating = range(22, 64);
    await crowd.rotate(rotating, ...keysOf(core, rotating, 1));
    const waiting = 100;
    await expect(crowd.rotate([waiting], ...keysOf(core, [waiting], 1))).not.to.emit(core.elections, "RotationWaits");
  });
});
