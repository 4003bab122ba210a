import { blockHash } from "@aitbc-hybrid/protocol";
import { expect } from "chai";
import { concat, hexlify, keccak256, randomBytes, solidityPackedKeccak256 } from "ethers";
import { network } from "hardhat";
import { headerAt, headerWords, mountains } from "../support/blocks.ts";
import {
  COIN,
  type Core,
  checkpointAt,
  domainOf,
  hashOf,
  loadCore,
  startedCore,
  submission,
  words,
  ZERO,
} from "../support/core.ts";

const connection = await network.create();
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const { ethers, networkHelpers } = connection;
const started = async () => {
  const core = await startedCore(connection);
  for (const user of core.others.slice(0, 3)) {
    await core.token.connect(user).approve(core.addresses.inbox, 1_000n * COIN);
  }
  return core;
};
const transaction = (label: string, size = 110) =>
  hexlify(concat([hashOf(label), new Uint8Array(size - 32).fill(7)]));

/** Has a block with this cursor checkpointed and returns what proves it. */
async function checkpointed(core: Core, inboxCursor: number, height: number) {
  const domain = await domainOf(core);
  const header = headerAt(domain, height - 1, { inboxCursor });
  const blocks = Array.from({ length: height + 1 }, (_, h) =>
    h === height - 1 ? blockHash(header) : hashOf(`block ${h}`),
  );
  const range = mountains(blocks);
  const checkpoint = { ...checkpointAt({ height }), blocksRoot: range.root };
  const s = await submission(core, checkpoint);
  const { count } = await core.checkpoints.lastCheckpoint();
  await core.checkpoints.submit(s.checkpoint, s.proof);
  const anchor = {
    index: count,
    epoch: 0,
    submitter: core.deployer.address,
    checkpoint: words(checkpoint),
  };
  return { anchor, domain, header: headerWords(header), proof: range.proofOf(height - 1) };
}

describe("ForcedInbox", () => {
  it("queues in order, against a fee by size, and chains what it queued", async () => {
    const core = await load(started);
    const user = core.others[0]!;
    const inbox = core.inbox.connect(user);
    expect(await inbox.head()).to.equal(ZERO);
    const before = await core.token.balanceOf(user.address);
    let head = ZERO as string;
    let bytes = 0n;
    for (const [index, size] of [110, 32, 4_000].entries()) {
      const tx = transaction(`${index}`, size);
      const fee = COIN + (BigInt(size) * COIN) / 1_000n;
      expect(await inbox.feeFor(size)).to.equal(fee);
      const sent = inbox.queue(tx);
      await sent;
      const queuedAt = BigInt(await networkHelpers.time.latest());
      head = solidityPackedKeccak256(
        ["bytes1", "bytes32", "uint64", "uint64", "uint32", "bytes32"],
        ["0x38", head, index, queuedAt, size, keccak256(tx)],
      );
      await expect(sent)
        .to.emit(core.inbox, "Queued")
        .withArgs(index, keccak256(tx), user.address, head, fee, tx);
      bytes += BigInt(size);
      const entry = await inbox.entry(index);
      expect([entry.transactionHash, entry.chain, entry.queuedAt, entry.size]).to.deep.equal([
        keccak256(tx),
        head,
        queuedAt,
        BigInt(size),
      ]);
      expect(entry.bytesThrough).to.equal(bytes);
      expect(entry.feesThrough).to.equal(before - (await core.token.balanceOf(user.address)));
    }
    expect(await inbox.head()).to.equal(head);
    expect(await inbox.count()).to.equal(3n);
    expect((await inbox.entries(1, 5)).map(({ size }) => size)).to.deep.equal([32n, 4_000n]);
    expect(await inbox.entries(0, 1)).to.have.length(1);
    expect(await inbox.entries(7, 1)).to.have.length(0);
    await expect(inbox.entry(3)).to.be.revertedWithCustomError(inbox, "ForcedInboxUnknownEntry");
  });

  it("bounds the size of an entry, and takes none unpaid", async () => {
    const core = await load(started);
    const inbox = core.inbox.connect(core.others[0]!);
    const most = Number(await inbox.maxBytes());
    await expect(inbox.queue("0x")).to.be.revertedWithCustomError(inbox, "ForcedInboxBadSize");
    await inbox.queue(hexlify(new Uint8Array(most).fill(1)));
    await expect(inbox.queue(hexlify(new Uint8Array(most + 1).fill(1))))
      .to.be.revertedWithCustomError(inbox, "ForcedInboxBadSize")
      .withArgs(most + 1, most);
    await expect(
      core.inbox.connect(core.others[9]!).queue(transaction("poor")),
    ).to.be.revertedWithCustomError(core.token, "ERC20InsufficientAllowance");
    expect(await inbox.count()).to.equal(1n);
  });

  it("tells what is due by age, at any time and with many in one second", async () => {
    const core = await load(started);
    const inbox = core.inbox.connect(core.others[0]!);
    expect(await inbox.countUntil(2n ** 40n - 1n)).to.equal(0n);
    const times: bigint[] = [];
    for (let i = 0; i < 7; i++) {
      await networkHelpers.time.increase(1 + 10 * (i % 3));
      await inbox.queue(transaction(`${i}`));
      times.push((await inbox.entry(i)).queuedAt);
    }
    for (const [i, at] of times.entries()) {
      expect(await inbox.countUntil(at - 1n)).to.equal(BigInt(times.filter((t) => t < at).length));
      expect(await inbox.countUntil(at)).to.equal(BigInt(i + 1));
    }
    expect(await inbox.countUntil(0)).to.equal(0n);
  });

  it("learns by a header what is consumed, and pays the fees of that into the reserve", async () => {
    const core = await load(started);
    const inbox = core.inbox.connect(core.others[0]!);
    for (let i = 0; i < 3; i++) await inbox.queue(transaction(`${i}`, 100 + i));
    expect(await inbox.collectFees.staticCall()).to.equal(0n);
    await inbox.collectFees();
    const two = await checkpointed(core, 2, 4);
    const prove = (p: typeof two) => inbox.proveConsumed(p.anchor, p.domain, p.header, p.proof);
    await expect(prove({ ...two, header: { ...two.header, inboxCursor: 3 } })).to.be.revertedWithCustomError(
      core.inclusion,
      "InclusionLensNotInChain",
    );
    await expect(prove(two)).to.emit(core.inbox, "Consumed").withArgs(2n);
    await expect(prove(two)).to.be.revertedWithCustomError(inbox, "ForcedInboxBadCursor").withArgs(2n, 2n);
    const beyond = await checkpointed(core, 4, 6);
    await expect(prove(beyond)).to.be.revertedWithCustomError(inbox, "ForcedInboxBadCursor");
    expect(await inbox.consumed()).to.equal(2n);

    const paid = (await inbox.entry(1)).feesThrough;
    const reserve = await core.distributor.reserve();
    await expect(core.inbox.connect(core.others[8]!).collectFees())
      .to.emit(core.inbox, "FeesCollected")
      .withArgs(paid);
    expect(await core.distributor.reserve()).to.equal(reserve + paid);
    const left = (await inbox.entry(2)).feesThrough - paid;
    expect(await core.token.balanceOf(core.addresses.inbox)).to.equal(left);
    expect(await inbox.collectFees.staticCall()).to.equal(0n);
    await prove(await checkpointed(core, 3, 8));
    await inbox.collectFees();
    expect(await core.token.balanceOf(core.addresses.inbox)).to.equal(0n);
  });

  it("fills the reserve of the distributor that custody names, a replacement like the first", async () => {
    const core = await load(started);
    const libraries = { EpochPay: await (await ethers.deployContract("EpochPay")).getAddress() };
    const successor = (await ethers.deployContract("RewardDistributor", [core.addresses.elections], {
      libraries,
    })) as unknown as Core["distributor"];
    const to = await successor.getAddress();
    const inbox = core.inbox.connect(core.others[0]!);
    await inbox.queue(transaction("before"));
    const { anchor, domain, header, proof } = await checkpointed(core, 1, 4);
    await inbox.proveConsumed(anchor, domain, header, proof);
    const data = core.pool.interface.encodeFunctionData("setDistributor", [to]);
    await core.upgrades.announce([{ target: core.addresses.pool, data }]);
    await networkHelpers.time.increase(Number(await core.upgrades.leastDelay()));
    await core.upgrades.execute(1, [{ target: core.addresses.pool, data }]);
    expect([await core.inbox.distributor(), await core.slashing.distributor()]).to.deep.equal([to, to]);
    const before = await core.distributor.reserve();
    await inbox.collectFees();
    expect(await core.distributor.reserve()).to.equal(before);
    expect(await successor.reserve()).to.equal((await inbox.entry(0)).feesThrough);
    expect(await core.token.balanceOf(core.addresses.inbox)).to.equal(0n);
  });

  it("costs what governance says within the bounds of the deployment, from then on", async () => {
    const core = await load(started);
    await expect(
      core.inbox.connect(core.others[0]!).setFees({ entry: 0, perByte: 0 }),
    ).to.be.revertedWithCustomError(core.inbox, "AccessManagedUnauthorized");
    for (const fees of [
      { entry: 20n * COIN + 1n, perByte: 0n },
      { entry: 0n, perByte: COIN / 100n + 1n },
    ]) {
      await expect(core.inbox.setFees(fees)).to.be.revertedWithCustomError(
        core.inbox,
        "ForcedInboxFeesTooHigh",
      );
    }
    await expect(core.inbox.setFees({ entry: 20n * COIN, perByte: 3n })).to.emit(core.inbox, "FeesSet");
    expect(await core.inbox.feeFor(10)).to.equal(20n * COIN + 30n);
    expect(await core.inbox.fees()).to.deep.equal([20n * COIN, 3n]);
    const inbox = core.inbox.connect(core.others[0]!);
    await inbox.queue(hexlify(randomBytes(40)));
    expect((await inbox.entry(0)).feesThrough).to.equal(20n * COIN + 120n);
  });
});
