import { expect } from "chai";
import { toBeHex } from "ethers";
import { network } from "hardhat";
import { bringIn, type Core, deployCore, finalize, start, ZERO } from "../support/core.ts";
import { contradiction, seatsIn, statement } from "../support/evidence.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
/** Words of validators' numbers that one conviction reaches. */
const WORDS = 64;
const STAKERS = WORDS + 2;
/** Between two of their numbers: a word more than they need. */
const SPREAD = 512;

/** Where the registry keeps how many validators there are: behind the address of the elections. */
const COUNT_SLOT = 1;
const COUNT_SHIFT = 160n;

/** Sets how many validators there are, as if somebody had registered all those between. */
async function pretend(core: Core, count: number): Promise<void> {
  const address = core.addresses.registry;
  const word = BigInt(await ethers.provider.getStorage(address, COUNT_SLOT));
  const before = await core.registry.validatorCount();
  await networkHelpers.setStorageAt(
    address,
    COUNT_SLOT,
    toBeHex(word + ((BigInt(count) - before) << COUNT_SHIFT), 32),
  );
  expect(await core.registry.validatorCount()).to.equal(BigInt(count));
}

describe("attack: accomplices with numbers far apart", () => {
  it("are convicted together all the same, by the same evidence shown again", async function () {
    this.timeout(180_000);
    const core = await deployCore(connection);
    const members = [await bringIn(core, "authority", 10_000)];
    for (let i = 1; i <= STAKERS; i++) {
      await pretend(core, SPREAD * i - 1);
      members.push(await bringIn(core, "staker", 20_000));
    }
    for (let i = 0; i < members.length; i += 16) {
      await core.elections.enter(members.slice(i, i + 16).map(({ id }) => id));
    }
    await start(core, "secure");

    const everybody = members.map((_, seat) => seat);
    const evidence = contradiction(
      await statement(core, finalize(7, "a"), { signers: everybody }),
      await statement(core, finalize(7, "b"), { signers: everybody }),
    );
    const held = async () => {
      const { id, count } = await core.slashing.submitContradiction.staticCall(evidence, ZERO);
      await core.slashing.submitContradiction(evidence, ZERO);
      return { count: Number(count), seats: seatsIn((await core.slashing.group(id)).seats), id };
    };
    const first = await held();
    expect(first.count).to.equal(WORDS);
    const second = await held();
    expect(second.count).to.equal(members.length - WORDS);
    expect([...first.seats, ...second.seats].sort((a, b) => a - b)).to.deep.equal(everybody);
    for (const { id } of members) expect((await core.registry.validator(id)).status).to.equal(3n);
    await expect(core.slashing.submitContradiction(evidence, ZERO)).to.be.revertedWithCustomError(
      core.slashing,
      "SlashingManagerAlreadyCharged",
    );
    await core.slashing.executeGroup(second.id, second.seats);
    for (const seat of second.seats) {
      expect((await core.registry.conviction(members[seat]!.id)).time).to.be.above(0n);
    }
  });
});
