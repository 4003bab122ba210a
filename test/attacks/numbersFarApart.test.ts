import { expect } from "chai";
import { network } from "hardhat";
import { bringIn, deployCore, finalize, start, ZERO } from "../support/core.ts";
import { pretend } from "../support/crowd.ts";
import { contradiction, seatsIn, statement } from "../support/evidence.ts";

const connection = await network.create();
/** Words of validators' numbers that one conviction reaches. */
const WORDS = 64;
const STAKERS = WORDS + 2;
/** Between two of their numbers: a word more than they need. */
const SPREAD = 512;

describe("attack: accomplices with numbers far apart", () => {
  it("are convicted together all the same, by the same evidence shown again", async function () {
    this.timeout(1_800_000);
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
