import { expect } from "chai";
import { concat, keccak256, randomBytes, solidityPackedKeccak256, toBeHex } from "ethers";
import { network } from "hardhat";
import { readVectors } from "../support/vectors.ts";

interface Vector {
  readonly name: string;
  readonly input: Readonly<Record<string, string>>;
  readonly hash: string;
}

const { hashes } = readVectors<{ hashes: Record<string, Vector[]> }>("codec.json");

const { ethers } = await network.create();

describe("ConsensusCodec", () => {
  const deploy = () => ethers.deployContract("ConsensusCodecHarness");
  let codec: Awaited<ReturnType<typeof deploy>>;
  before(async () => {
    codec = await deploy();
  });

  type Input = Vector["input"];
  const perMode = (input: Input, name: string) => ({
    fast: input[`${name}Fast`]!,
    balanced: input[`${name}Balanced`]!,
    secure: input[`${name}Secure`]!,
  });

  /** How each row's fields become the arguments of its function. */
  const rows: Record<string, (input: Input) => Promise<string | bigint>> = {
    domain: (v) =>
      codec.domain({
        chainId: v.chainId!,
        genesisHash: v.genesisHash!,
        epoch: v.epoch!,
        incarnation: v.incarnation!,
        mode: v.mode!,
        registryRoot: v.registryRoot!,
      }),
    notarize: (v) => codec.notarize(v.domain!, v.view!, v.parentView!, v.blockHash!),
    finalize: (v) => codec.finalize(v.domain!, v.view!, v.parentView!, v.blockHash!),
    nullify: (v) => codec.nullify(v.domain!, v.view!),
    checkpoint: (v) =>
      codec.checkpoint(v.domain!, {
        height: v.height!,
        viewNumber: v.view!,
        stamp: v.stamp!,
        blockHash: v.blockHash!,
        stateRoot: v.stateRoot!,
        blocksRoot: v.blocksRoot!,
        previous: v.previous!,
        boundary: v.boundary!,
      }),
    restart: (v) => codec.restart(v.domain!, v.view!, v.blockHash!),
    vrfMessage: (v) => codec.vrfMessage(v.domain!, v.seed!, v.term!),
    ready: (v) => codec.ready(v.domain!, v.day!),
    possession: (v) => codec.possession(v.settlementChainId!, v.registry!, v.validatorId!, v.key!),
    vrfOutput: (v) => codec.vrfOutput(v.signature!),
    header: (v) =>
      codec.header(v.domain!, {
        viewNumber: v.view!,
        parentView: v.parentView!,
        parentHash: v.parentHash!,
        height: v.height!,
        stamp: v.stamp!,
        refNumber: v.refNumber!,
        refHash: v.refHash!,
        settledAt: v.settledAt!,
        inboxCursor: v.inboxCursor!,
        feeRecipient: v.feeRecipient!,
        vrfOutput: v.vrfOutput!,
        batchesRoot: v.batchesRoot!,
        stateRoot: v.stateRoot!,
        receiptsRoot: v.receiptsRoot!,
        certificatesHash: v.certificatesHash!,
        lateVotesHash: v.lateVotesHash!,
        commitment: v.commitment!,
      }),
    batch: (v) =>
      codec.batch({
        chainId: v.chainId!,
        author: v.author!,
        sequence: v.sequence!,
        count: v.count!,
        size: v.bytes!,
        transactionsRoot: v.transactionsRoot!,
      }),
    commitment: (v) =>
      codec.commitment({
        registryNext: v.registryNext!,
        registryAfter: v.registryAfter!,
        modeNext: v.modeNext!,
        modeWanted: v.modeWanted!,
        seedNext: v.seedNext!,
      }),
    boundary: (v) => codec.boundary(v.commitment!, v.accounting!),
    accounting: (v) =>
      codec.accounting({
        epoch: v.epoch!,
        views: v.views!,
        stamp: v.stamp!,
        loadMultiplier: v.loadMultiplier!,
        vectorHash: v.vectorHash!,
      }),
    certificate: (v) => codec.certificate(v.root!, v.bitmap!, v.signature!),
    firstSeed: (v) => codec.firstSeed(v.genesisHash!),
    seedStep: (v) => codec.seedStep(v.accumulator!, v.output!),
    classDraw: (v) => codec.classDraw(v.domain!, v.seed!, v.term!),
    memberDraw: (v) => codec.memberDraw(v.domain!, v.seed!, v.term!),
    genesis: (v) =>
      codec.genesis({
        chainId: v.chainId!,
        settlementChainId: v.settlementChainId!,
        addressesHash: v.addressesHash!,
        snapshotHash: v.snapshotHash!,
        mode: v.mode!,
        stateRoot: v.stateRoot!,
        stamp: v.stamp!,
      }),
    snapshot: (v) =>
      codec.snapshot({
        keysRoot: v.keysRoot!,
        weightsRoot: v.weightsRoot!,
        n: v.n!,
        nAuth: v.nAuth!,
        suspended: v.suspended!,
        totalStake: v.totalStake!,
        backing: [v.backing0!, v.backing1!, v.backing2!, v.backing3!],
        backingStake: v.backingStake!,
        paramsHash: v.paramsHash!,
      }),
    keyLeaf: (v) => codec.keyLeaf(v.seat!, v.key!),
    params: (v) =>
      codec.params({
        epochLength: perMode(v, "epochLength"),
        checkpointInterval: perMode(v, "checkpointInterval"),
        blockTime: perMode(v, "blockTime"),
        delta: perMode(v, "delta"),
        termViews: v.termViews!,
        ahead: v.ahead!,
        lease: v.lease!,
        settleLease: v.settleLease!,
        refLag: v.refLag!,
        settleDepth: v.settleDepth!,
        drift: v.drift!,
        rootLag: v.rootLag!,
        maxBlockBytes: v.maxBlockBytes!,
        voteWindow: v.voteWindow!,
        forceAfter: v.forceAfter!,
        forceQuota: v.forceQuota!,
        modeFloor: v.modeFloor!,
        fastEntryLoad: v.fastEntryLoad!,
        fastExitLoad: v.fastExitLoad!,
        fastEntryAvailability: v.fastEntryAvailability!,
        fastExitAvailability: v.fastExitAvailability!,
        secureAvailability: v.secureAvailability!,
        residency: v.residency!,
        targetLoad: v.targetLoad!,
        capacityStep: v.capacityStep!,
        minBlockBytes: v.minBlockBytes!,
        valueLimit: v.valueLimit!,
        readyDays: v.readyDays!,
      }),
    addresses: (v) =>
      codec.addresses({
        token: v.token!,
        registry: v.registry!,
        pool: v.pool!,
        queue: v.queue!,
        elections: v.elections!,
        checkpoints: v.checkpoints!,
        slashing: v.slashing!,
      }),
  };

  /** Rows that no contract ever hashes: see docs/encodings.md. */
  const elsewhere = [
    "certificates",
    "lateVotes",
    "participation",
    "readiness",
    "recoverySeed",
    "blocksRoot",
    "handedOn",
    "handover",
  ];

  it("has a test of every row of the vectors", () => {
    expect([...Object.keys(rows), ...elsewhere].sort()).to.deep.equal(Object.keys(hashes).sort());
  });

  for (const [row, hash] of Object.entries(rows)) {
    for (const { name, input, hash: expected } of hashes[row]!) {
      it(`${row}: ${name}`, async () => {
        const actual = await hash(input);
        expect(typeof actual === "bigint" ? toBeHex(actual, 32) : actual).to.equal(expected);
      });
    }
  }

  for (const { name, input, hash: expected } of hashes.blocksRoot!) {
    it(`blocksRoot: ${name}`, async () => {
      const peaks = input.peaks as unknown as string[];
      expect(await codec.blocksRoot(input.count!, peaks)).to.equal(expected);
    });
  }

  it("gives every kind another hash for the same fields", async () => {
    const [d, other] = [hashes.domain![0]!.hash, hashes.domain![1]!.hash];
    const all = [
      await codec.notarize(d, 7, 6, other),
      await codec.finalize(d, 7, 6, other),
      await codec.restart(d, 7, other),
      await codec.nullify(d, 7),
      await codec.vrfMessage(d, other, 7),
      toBeHex(await codec.classDraw(d, other, 7), 32),
      toBeHex(await codec.memberDraw(d, other, 7), 32),
      await codec.boundary(d, other),
      await codec.seedStep(d, other),
      await codec.firstSeed(d),
      await codec.ready(d, 7),
    ];
    expect(new Set(all).size).to.equal(all.length);
  });

  it("hashes what only contracts and recoveries do as docs/encodings.md says", async () => {
    const [d, other] = [hashes.domain![0]!.hash, hashes.domain![1]!.hash];
    expect(await codec.recoverySeed(d, 7, other)).to.equal(
      solidityPackedKeccak256(["bytes1", "bytes32", "uint32", "bytes32"], ["0x24", d, 7, other]),
    );
    expect(await codec.leakOrder(d, 7, 9)).to.equal(
      solidityPackedKeccak256(["bytes1", "bytes32", "uint32", "uint64"], ["0x25", d, 7, 9]),
    );
    const receipt = { transactionHash: d, index: 1, status: 1, gasUsed: 21_000, fee: 5 };
    expect(await codec.receipt(receipt)).to.equal(
      solidityPackedKeccak256(
        ["bytes1", "bytes32", "uint32", "uint8", "uint64", "uint256"],
        ["0x40", d, 1, 1, 21_000, 5],
      ),
    );
  });

  it("refuses keys and signatures of another length than 96 bytes", async () => {
    for (const length of [0, 48, 95, 97]) {
      const bytes = `0x${"11".repeat(length)}`;
      for (const call of [
        () => codec.possession(1, ethers.ZeroAddress, 1, bytes),
        () => codec.keyLeaf(1, bytes),
        () => codec.vrfOutput(bytes),
        () => codec.certificate(ethers.ZeroHash, "0x01", bytes),
      ]) {
        await expect(call()).to.be.revertedWithCustomError(codec, "CodecLength").withArgs(96, length);
      }
    }
  });

  it("refuses a bitmap longer than its length field can say", async () => {
    const signature = `0x${"11".repeat(96)}`;
    const longest = randomBytes(65535);
    expect(await codec.certificate(ethers.ZeroHash, longest, signature)).to.equal(
      keccak256(concat(["0x17", ethers.ZeroHash, "0xffff", longest, signature])),
    );
    await expect(codec.certificate(ethers.ZeroHash, concat([longest, "0x00"]), signature))
      .to.be.revertedWithCustomError(codec, "CodecLength")
      .withArgs(65535, 65536);
  });
});
