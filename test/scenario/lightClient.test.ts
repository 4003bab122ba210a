import { nativeBls } from "@aitbc-hybrid/crypto/native";
import {
  batchDigest,
  blockHash,
  type Checkpoint,
  checkpointRoot,
  type Hash,
  merkleProof,
  merkleRoot,
  restartRoot,
  type Seat,
} from "@aitbc-hybrid/protocol";
import {
  DEFAULT_LIGHT_OPTIONS,
  LightClient,
  type LightErrorCode,
  type ListedCheckpoint,
  type Network,
  readAnchor,
  readSeal,
  receiptLeaf,
  SdkError,
} from "@aitbc-hybrid/sdk";
import { expect } from "chai";
import { getBytes } from "ethers";
import { network } from "hardhat";
import { createPublicClient, custom } from "viem";
import { headerAt, headerWords, mountains } from "../support/blocks.ts";
import {
  actAsSlasher,
  boundaryNow,
  bringIn,
  CHAIN_ID,
  type CheckpointOptions,
  COIN,
  type Core,
  checkpointAt,
  deployCore,
  domainOf,
  hashOf,
  plain,
  populate,
  possession,
  seatList,
  secretsBySeat,
  start,
  words,
} from "../support/core.ts";
import { type Follower, follow, learn, listed, type Preimage, translated } from "../support/lightClient.ts";
import { signatureWords } from "../support/points.ts";

const connection = await network.create();
const elsewhere = await network.create();
const client = createPublicClient({ transport: custom(connection.provider), pollingInterval: 10 });

/** What the contract's reverts are called off-chain. */
const CODES: Readonly<Record<string, LightErrorCode>> = {
  LightClientBadHeight: "LIGHT_BAD_HEIGHT",
  LightClientBadBoundary: "LIGHT_BAD_BOUNDARY",
  LightClientBadRegistry: "LIGHT_BAD_REGISTRY",
  LightClientBadMode: "LIGHT_BAD_MODE",
  LightClientBadSeats: "LIGHT_BAD_SEATS",
  LightClientNoQuorum: "LIGHT_NO_QUORUM",
  LightClientBadSignature: "LIGHT_BAD_SIGNATURE",
  LightClientUnknownRegistry: "LIGHT_REGISTRY_UNKNOWN",
  LightClientUnknownEpoch: "LIGHT_EPOCH_UNKNOWN",
  LightClientNoConflict: "LIGHT_NO_CONFLICT",
};

/** The same chain followed by the contract, on a chain of its own, and by the SDK's client. */
class Twins {
  readonly core: Core;
  readonly f: Follower;
  readonly light: LightClient;
  /** Hash of the last checkpoint, for the next one's `previous`. */
  previous: Hash;

  private constructor(core: Core, f: Follower, light: LightClient, previous: Hash) {
    this.core = core;
    this.f = f;
    this.light = light;
    this.previous = previous;
  }

  static async begin(core: Core): Promise<Twins> {
    const addresses = core.addresses as Network["addresses"];
    const from = await readAnchor(client, { chainId: 31_337, addresses, deployBlock: 0 }, "latest");
    const genesisHash = (await core.checkpoints.genesisHash()) as Hash;
    const light = new LightClient(
      { ...DEFAULT_LIGHT_OPTIONS, chainId: CHAIN_ID, genesisHash, drift: 10 ** 12 },
      { bls: nativeBls, clock: () => from.stamp },
      from,
    );
    return new Twins(core, await follow(core, elsewhere), light, genesisHash);
  }

  /** Makes the registry of the present epoch known to both. */
  async learn(before?: Preimage): Promise<Preimage> {
    const epoch = Number(await this.core.checkpoints.epochNow());
    const { seal } = await this.core.checkpoints.recordedRegistry(epoch);
    const registry = await readSeal(client, this.core.addresses as Network["addresses"], Number(seal));
    expect(this.light.learn(registry)).to.equal(registry.root);
    return learn(this.core, this.f, epoch, before);
  }

  at(options: CheckpointOptions): Checkpoint {
    return { ...checkpointAt(options), previous: this.previous };
  }

  /** A checkpoint signed by the epoch's backing set less the absent. */
  async signed(
    checkpoint: Checkpoint,
    absent: readonly Seat[] = [],
    options: { readonly present?: boolean; readonly listed?: readonly Seat[]; readonly epoch?: number } = {},
  ): Promise<ListedCheckpoint> {
    const epoch = options.epoch ?? Number(await this.core.checkpoints.epochNow());
    const root = getBytes(checkpointRoot(await domainOf(this.core, { epoch }), checkpoint));
    return { epoch, checkpoint, ...(await this.#sign(epoch, root, absent, options)) };
  }

  async #sign(
    epoch: number,
    root: Uint8Array,
    absent: readonly Seat[],
    options: { readonly present?: boolean; readonly listed?: readonly Seat[] },
  ) {
    const secrets = await secretsBySeat(this.core, epoch);
    const { snapshot } = await this.core.checkpoints.recordedRegistry(epoch);
    const { backing } = await this.core.elections.snapshotAt(snapshot);
    const set = [...secrets.keys()].filter((seat) => (backing[0]! >> BigInt(seat)) & 1n);
    const signers = set.filter((seat) => !absent.includes(seat));
    const present = options.present ?? false;
    return {
      present,
      seats: options.listed ?? (present ? signers : [...absent]),
      signature: nativeBls.aggregateSignatures(signers.map((seat) => nativeBls.sign(secrets[seat]!, root))),
    };
  }

  async restart(view: number, hash: Hash, absent: readonly Seat[]) {
    const epoch = Number(await this.core.checkpoints.epochNow());
    const root = getBytes(restartRoot(await domainOf(this.core, { epoch }), view, hash));
    return this.#sign(epoch, root, absent, {});
  }

  /** As the contract takes it. */
  words(p: Preimage, given: Pick<ListedCheckpoint, "present" | "seats" | "signature">) {
    return {
      signature: signatureWords(given.signature),
      present: given.present,
      seats: given.seats.map((seat) => listed(p, seat)),
    };
  }

  async #submission(p: Preimage, given: ListedCheckpoint) {
    const { checkpoint, present, seats, signature } = given;
    const zero = await boundaryNow(this.core);
    const boundary = checkpoint.boundary ?? zero;
    const ofMode = (mode: string) => ["fast", "balanced", "secure"].indexOf(mode);
    const { commitment, accounting } = boundary;
    return translated(p, {
      checkpoint: words(checkpoint),
      boundary: {
        commitment: {
          ...commitment,
          modeNext: ofMode(commitment.modeNext),
          modeWanted: ofMode(commitment.modeWanted),
        },
        accounting,
      },
      proof: { signature: signatureWords(signature), present, seats: seatList(seats) },
    });
  }

  /** Both take it, and then stand at the same place. */
  async take(p: Preimage, given: ListedCheckpoint): Promise<void> {
    const s = await this.#submission(p, given);
    await this.f.client.submit(s);
    const { checkpoint } = given;
    const proof = { ...s.proof, seats: seatList(given.seats) };
    if (checkpoint.boundary === null) await this.core.checkpoints.submit(s.checkpoint, proof);
    else await this.core.checkpoints.submitBoundary({ ...s, proof });
    expect(this.light.submit(given).what).to.equal("accepted");
    await this.agree();
    this.previous = this.light.checkpointAt(checkpoint.height)!.hash;
    expect(await this.f.client.checkpointAt(checkpoint.height)).to.equal(this.previous);
  }

  /** Both refuse it, for the same reason. */
  async refuse(p: Preimage, given: ListedCheckpoint, error: string): Promise<void> {
    await expect(
      this.#submission(p, given).then((s) => this.f.client.submit(s)),
    ).to.be.revertedWithCustomError(this.f.client, error);
    expect(codeOf(() => this.light.submit(given))).to.equal(CODES[error]);
    await this.agree();
  }

  async agree(): Promise<void> {
    const [epoch, incarnation, height] = await this.f.client.position();
    const { position } = this.light;
    expect([position.epoch, position.incarnation, position.height]).to.deep.equal(
      [epoch, incarnation, height].map(Number),
    );
    for (const e of [Number(epoch), Number(epoch) + 1]) {
      const [root, mode, firstHeight] = await this.f.client.epochOf(e);
      const own = this.light.epochOf(e)!;
      expect([own.registry, ["fast", "balanced", "secure"].indexOf(own.mode), own.firstHeight]).to.deep.equal(
        [root, Number(mode), Number(firstHeight)],
      );
    }
  }
}

function codeOf(act: () => unknown): string {
  try {
    act();
    return "no error";
  } catch (error) {
    return error instanceof SdkError ? error.code : String(error);
  }
}

describe("the SDK's light client and the contract", () => {
  let twins: Twins;
  let p: Preimage;

  beforeEach(async () => {
    const core = await deployCore(connection);
    await populate(core, [10_000, 10_000, 10_000, 10_000], [20_000, 20_000, 20_000, 15_000]);
    await start(core);
    twins = await Twins.begin(core);
    p = await twins.learn();
  });

  it("follow the same hand-overs while the registry changes", async () => {
    const { core } = twins;
    await actAsSlasher(core);
    const operatorOf = (id: number) => core.members.get(id)!.operator;
    const events: (() => Promise<unknown>)[] = [
      async () => core.pool.connect(operatorOf(5)).depositBond(5, 4_000n * COIN),
      async () => core.registry.jail(6),
      async () => {
        const { key, proof } = possession(core, "rotated", 7);
        await core.registry.connect(operatorOf(7)).setKey(7, key, proof);
      },
      async () => core.elections.enter([(await bringIn(core, "staker", 30_000)).id]),
      async () => core.registry.jail(2),
      async () => bringIn(core, "authority", 12_000),
      async () => core.registry.revoke(3),
    ];
    for (const [epoch, change] of events.entries()) {
      p = await twins.learn(p);
      const record = await core.checkpoints.epochRecord(epoch);
      await twins.take(p, await twins.signed(twins.at({ height: Number(record.firstHeight) + 4 })));
      const boundary = await boundaryNow(core);
      await twins.take(p, await twins.signed(twins.at({ height: Number(record.lastHeight), boundary })));
      await change();
      await core.elections.seal(epoch + 3, plain(await core.elections.sealHints.staticCall()));
    }
    expect(twins.f.known.size).to.be.greaterThan(3);
  });

  it("refuse the same for the same reason", async () => {
    const { core } = twins;
    await twins.take(p, await twins.signed(twins.at({ height: 5 }), [2]));
    const six = twins.at({ height: 6 });
    await twins.refuse(p, await twins.signed(twins.at({ height: 4 })), "LightClientBadHeight");
    await twins.refuse(p, await twins.signed(twins.at({ height: 11 })), "LightClientBadHeight");
    await twins.refuse(p, await twins.signed(twins.at({ height: 10 })), "LightClientBadBoundary");
    for (const absent of [
      [0, 1],
      [4, 6],
    ]) {
      for (const present of [false, true])
        await twins.refuse(p, await twins.signed(six, absent, { present }), "LightClientNoQuorum");
    }
    await twins.refuse(p, await twins.signed(six, [2], { listed: [] }), "LightClientBadSignature");
    for (const seats of [[3, 2], [2, 2], [9]])
      await twins.refuse(p, await twins.signed(six, [2], { listed: seats }), "LightClientBadSeats");
    const ends = async (change: Parameters<typeof boundaryNow>[1], height = 10) =>
      twins.signed(twins.at({ height, boundary: await boundaryNow(core, change) }));
    await twins.refuse(p, await ends({}, 9), "LightClientBadBoundary");
    await twins.refuse(p, await ends({ registryNext: hashOf("other") }), "LightClientBadRegistry");
    await twins.refuse(p, await ends({ modeNext: "fast" }), "LightClientBadMode");
    const boundary = await boundaryNow(core);
    const late = { ...boundary, accounting: { ...boundary.accounting, epoch: 1 } };
    await twins.refuse(
      p,
      await twins.signed(twins.at({ height: 10, boundary: late })),
      "LightClientBadBoundary",
    );
    await twins.take(p, await ends({ modeWanted: "secure" }));
    await twins.take(p, await ends({ modeNext: "secure", modeWanted: "fast" }, 20));
    expect(twins.light.position.mode).to.equal("secure");
  });

  it("freeze on the same conflict and stall on the same restart", async () => {
    const { f, light } = twins;
    await twins.take(p, await twins.signed(twins.at({ height: 5 })));
    const hash = hashOf("block 5");
    const shown = await twins.restart(5, hash, [3]);
    const few = await twins.restart(5, hash, [4, 5, 6, 7]);
    await expect(f.client.reportRestart(5, hash, twins.words(p, few))).to.be.revertedWithCustomError(
      f.client,
      "LightClientNoQuorum",
    );
    expect(codeOf(() => light.reportRestart(5, hash, few))).to.equal("LIGHT_NO_QUORUM");
    await f.client.reportRestart(5, hash, twins.words(p, shown));
    light.reportRestart(5, hash, shown);
    expect([await f.client.status(), light.status]).to.deep.equal([1n, "stalled"]);

    const one = await twins.signed(twins.at({ height: 6 }));
    const other = await twins.signed(twins.at({ height: 6, stateRoot: hashOf("another") }), [1]);
    const report = (a: ListedCheckpoint, b: ListedCheckpoint) =>
      f.client.reportConflict(
        0,
        words(a.checkpoint),
        twins.words(p, a),
        words(b.checkpoint),
        twins.words(p, b),
      );
    await expect(report(one, one)).to.be.revertedWithCustomError(f.client, "LightClientNoConflict");
    expect(codeOf(() => light.reportConflict(one, one))).to.equal("LIGHT_NO_CONFLICT");
    await report(one, other);
    const { evidence } = light.reportConflict(one, other);
    expect([await f.client.status(), light.status]).to.deep.equal([2n, "frozen"]);
    expect(evidence?.seats).to.deep.equal([0, 2, 3, 4, 5, 6, 7]);
  });

  it("prove the same blocks, transactions and receipts", async () => {
    const { core, f, light } = twins;
    const transactions = Array.from({ length: 5 }, (_, at) => hashOf(`transaction ${at}`));
    const batches = [1, 2, 3].map((author) => ({
      author,
      sequence: 7,
      count: transactions.length,
      bytes: 550,
      transactionsRoot: merkleRoot(transactions),
    }));
    const digests = batches.map(({ author, sequence, bytes }) =>
      batchDigest(CHAIN_ID, { author, sequence, bytes, transactions }),
    );
    const receipts = transactions.slice(0, 3).map((transactionHash, index) => ({
      transactionHash,
      index,
      status: 1,
      gasUsed: 21_000,
      fee: 147_000n,
    }));
    const leaves = receipts.map(receiptLeaf);
    const domain = await domainOf(core);
    const header = headerAt(domain, 6, {
      batchesRoot: merkleRoot(digests),
      receiptsRoot: merkleRoot(leaves),
    });
    const blocks = Array.from({ length: 10 }, (_, height) =>
      height === 6 ? blockHash(header) : hashOf(`block ${height}`),
    );
    const range = mountains(blocks);
    const checkpoint = { ...twins.at({ height: 9 }), blocksRoot: range.root };
    await twins.take(p, await twins.signed(checkpoint));

    for (const [height, hash] of blocks.entries()) {
      const { path, peaks } = range.proofOf(height);
      const onChain = (at: number) => f.client.hasBlock(0, words(checkpoint), at, hash, path, peaks);
      expect(await onChain(height)).to.equal(true);
      const proof = { under: 9, height, blockHash: hash, path, peaks };
      light.proveBlock(proof);
      const wrong = (height + 1) % 10;
      expect(await onChain(wrong)).to.equal(false);
      expect(codeOf(() => light.proveBlock({ ...proof, height: wrong }))).to.equal("LIGHT_NOT_PROVED");
    }

    const lens = core.inclusion;
    const from = { index: 0, epoch: 0, submitter: core.deployer.address, checkpoint: words(checkpoint) };
    const { path, peaks } = range.proofOf(6);
    const inChain = { path, peaks };
    const headerProof = { under: 9, height: 6, blockHash: blocks[6]!, path, peaks, header };
    const inBlock = { index: 1, path: merkleProof(digests, 1) };
    const { bytes: size, ...batch } = batches[1]!;
    for (const [index, transactionHash] of transactions.entries()) {
      for (const place of [index, (index + 1) % 5]) {
        const inBatch = { index: place, path: merkleProof(transactions, index) };
        const onChain = lens
          .proveTransaction(
            from,
            domain,
            headerWords(header),
            inChain,
            { ...batch, size, chainId: CHAIN_ID },
            inBlock,
            transactionHash,
            inBatch,
          )
          .then(
            () => "no error",
            () => "LIGHT_NOT_PROVED",
          );
        const proof = { ...headerProof, batch: batches[1]!, inBlock, transactionHash, inBatch };
        expect(codeOf(() => light.proveTransaction(proof))).to.equal(await onChain);
        expect(await onChain).to.equal(place === index ? "no error" : "LIGHT_NOT_PROVED");
      }
    }
    for (const [index, receipt] of receipts.entries()) {
      for (const fee of [receipt.fee, 1n]) {
        const leaf = { index, path: merkleProof(leaves, index) };
        const given = { ...receipt, fee };
        const onChain = lens.proveReceipt(from, domain, headerWords(header), inChain, given, leaf).then(
          () => "no error",
          () => "LIGHT_NOT_PROVED",
        );
        expect(codeOf(() => light.proveReceipt({ ...headerProof, receipt: given, inBlock: leaf }))).to.equal(
          await onChain,
        );
        expect(await onChain).to.equal(fee === receipt.fee ? "no error" : "LIGHT_NOT_PROVED");
      }
    }
  });
});
