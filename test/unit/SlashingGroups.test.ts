import { expect } from "chai";
import { network } from "hardhat";
import {
  COIN,
  type Core,
  checkpointAt,
  closeEpoch,
  deployCore,
  domainOf,
  finalize,
  hashOf,
  loadCore,
  notarize,
  nullify,
  populate,
  start,
  startedCore,
  votePair,
  ZERO,
} from "../support/core.ts";
import { bitmap, contradiction, rootOf, type Said, seatsIn, statement } from "../support/evidence.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const started = () => startedCore(connection);
const SALT = hashOf("salt");

const pairOf = async (core: Core, a: readonly number[], b: readonly number[], view = 7) =>
  contradiction(
    await statement(core, notarize(view, "a"), { signers: a }),
    await statement(core, notarize(view, "b"), { signers: b }),
  );

/** Submits and returns the group's id. */
async function convict(core: Core, c: Awaited<ReturnType<typeof pairOf>>, reporter = core.others[15]!) {
  const { id } = await core.slashing.connect(reporter).submitContradiction.staticCall(c, ZERO);
  await core.slashing.connect(reporter).submitContradiction(c, ZERO);
  return id;
}

const refused = (core: Core, call: Promise<unknown>, error: string) =>
  expect(call).to.be.revertedWithCustomError(core.slashing, error);

describe("SlashingManager: certificates, checkpoints, RESTART", () => {
  describe("one key", () => {
    it("a vote against a certificate that its signer is in", async () => {
      const core = await load(started);
      const c = contradiction(
        await statement(core, finalize(7, "a"), { signers: [0, 1, 2, 4, 5] }),
        await statement(core, nullify(7), { signers: [5] }),
      );
      const { seats } = await core.slashing.checkContradiction(c);
      expect(seatsIn(seats)).to.deep.equal([5]);
      await expect(core.slashing.connect(core.others[15]!).submitContradiction(c, ZERO))
        .to.emit(core.slashing, "Convicted")
        .withArgs(
          6n,
          await core.slashing.offenceOf(6, await domainOf(core), 7, 3, 4),
          0n,
          3n,
          4n,
          7n,
          2_000n * COIN,
          0n,
          core.others[15]!.address,
          200n * COIN,
        );
      expect((await core.registry.validator(6)).status).to.equal(3n);
      await refused(core, core.slashing.submitContradiction(c, ZERO), "SlashingManagerAlreadyCharged");
    });

    it("a certificate of Secure: of all members, some of whom are not in Balanced's set", async () => {
      const core = await deployCore(connection);
      await populate(core, [10_000], [20_000, 2_000, 3_000, 4_000, 5_000]);
      await start(core, "secure");
      const c = contradiction(
        await statement(core, finalize(7, "a"), { signers: [0, 1, 2, 3, 4] }),
        await statement(core, nullify(7), { signers: [4] }),
      );
      const { seats } = await core.slashing.checkContradiction(c);
      expect(seatsIn(seats)).to.deep.equal([4]);
      await core.slashing.submitContradiction(c, ZERO);
      expect((await core.registry.validator(5)).status).to.equal(3n);
    });

    it("the same offence by two votes and by a certificate is one", async () => {
      const core = await load(started);
      await core.slashing.submitVotes(await votePair(core, 5, notarize(7, "a"), notarize(7, "b")));
      await refused(
        core,
        core.slashing.submitContradiction(await pairOf(core, [0, 5], [5, 6]), ZERO),
        "SlashingManagerAlreadyCharged",
      );
    });

    it("two checkpoints: one height; two heights whose chain misses the lower", async () => {
      const core = await load(started);
      const said = (height: number, change: object = {}): Said => ({
        kind: "checkpoint",
        checkpoint: { ...checkpointAt({ height }), ...change },
      });
      const one = contradiction(
        await statement(core, said(5), { signers: [4] }),
        await statement(core, said(5, { stateRoot: hashOf("other") }), { signers: [4] }),
      );
      await expect(core.slashing.submitContradiction(one, ZERO)).to.emit(core.slashing, "Convicted");
      const domain = await domainOf(core);
      const link = checkpointAt({ height: 5, stateRoot: hashOf("other") });
      const higher = said(10, { previous: rootOf(domain, { kind: "checkpoint", checkpoint: link }) });
      const two = contradiction(
        await statement(core, said(5), { signers: [5] }),
        await statement(core, higher, { signers: [5] }),
        { chain: [{ domain, checkpoint: link }] },
      );
      await expect(core.slashing.submitContradiction(two, ZERO)).to.emit(core.slashing, "Convicted");
      const honest = contradiction(
        await statement(core, { kind: "checkpoint", checkpoint: link }, { signers: [6] }),
        await statement(core, higher, { signers: [6] }),
        { chain: [{ domain, checkpoint: link }] },
      );
      await refused(core, core.slashing.submitContradiction(honest, ZERO), "SlashingManagerNotAnOffence");
    });

    it("RESTART beside a FINALIZE above it, and beside any vote of the next epoch, by its own or the next registry's seats", async () => {
      const core = await load(started);
      const restart: Said = { kind: "restart", view: 3, blockHash: hashOf("r") };
      const within = contradiction(
        await statement(core, finalize(4, "a"), { signers: [4] }),
        await statement(core, restart, { signers: [4, 5, 6] }),
      );
      await expect(core.slashing.submitContradiction(within, ZERO)).to.emit(core.slashing, "Convicted");
      const across = contradiction(
        await statement(core, nullify(1), { signers: [5], epoch: 1 }),
        await statement(core, restart, { signers: [5], epoch: 0 }),
      );
      await expect(core.slashing.submitContradiction(across, ZERO)).to.emit(core.slashing, "Convicted");
      const byNext = contradiction(
        await statement(core, nullify(1), { signers: [6], epoch: 1 }),
        await statement(core, restart, { signers: [4], nextSigners: [6], epoch: 0 }),
      );
      await expect(core.slashing.submitContradiction(byNext, ZERO)).to.emit(core.slashing, "Convicted");
      const moved = contradiction(
        await statement(core, nullify(1), { signers: [3], epoch: 1 }),
        await statement(core, restart, { signers: [], nextSigners: [3], epoch: 0 }),
        { firstSeat: 3, secondSeat: 1024 + 3 },
      );
      await expect(core.slashing.submitContradiction(moved, ZERO)).to.emit(core.slashing, "Convicted");
    });

    it("seats of a next registry stand only beside a RESTART, and it must be one that was sealed", async () => {
      const core = await load(started);
      const vote = await statement(core, notarize(7, "a"), { signers: [4] });
      const bad = contradiction(
        vote,
        await statement(core, notarize(7, "b"), { signers: [4], nextSigners: [5] }),
      );
      await refused(core, core.slashing.submitContradiction(bad, ZERO), "SlashingManagerNotAnOffence");
      const restart = await statement(
        core,
        { kind: "restart", view: 3, blockHash: hashOf("r") },
        { signers: [4], nextSigners: [5] },
      );
      const unknown = contradiction(await statement(core, finalize(4, "a"), { signers: [4] }), {
        ...restart,
        words: { ...restart.words, nextRoot: hashOf("x") },
      });
      await refused(core, core.slashing.submitContradiction(unknown, ZERO), "SlashingManagerUnknownDomain");
    });

    it("refuses unknown domains, vacant seats, nobody in common, and signatures that are not all there", async () => {
      const core = await load(started);
      const a = await statement(core, notarize(7, "a"), { signers: [4, 5] });
      const b = await statement(core, notarize(7, "b"), { signers: [5, 6] });
      const none = await statement(core, notarize(7, "b"), { signers: [6] });
      const vacant = await statement(core, notarize(7, "b"), { signers: [5], listed: [5, 9] });
      const missing = await statement(core, notarize(7, "b"), { signers: [5], listed: [5, 6] });
      const submit = (second: typeof b) => core.slashing.submitContradiction(contradiction(a, second), ZERO);
      await refused(core, submit(none), "SlashingManagerNobody");
      await refused(core, submit(vacant), "SlashingManagerVacantSeat");
      await refused(core, submit(missing), "SlashingManagerBadSignature");
      const strange = { ...b, words: { ...b.words, registryRoot: hashOf("x") } };
      await refused(core, submit(strange), "SlashingManagerUnknownDomain");
      const elsewhere = await statement(core, notarize(7, "b"), { signers: [5], mode: "secure" });
      await refused(core, submit(elsewhere), "SlashingManagerNotAnOffence");
    });

    it("is heard until the validity ends after the later boundary", async () => {
      const core = await load(started);
      const c = await pairOf(core, [4, 5], [5, 6]);
      await closeEpoch(core);
      const until = Number(await core.checkpoints.boundaryAcceptedAt(0)) + 120;
      await networkHelpers.time.setNextBlockTimestamp(until);
      await refused(
        core,
        core.slashing.submitContradiction(c, ZERO, { gasLimit: 5_000_000 }),
        "SlashingManagerExpired",
      );
    });
  });

  describe("many", () => {
    it("are jailed and held at once and charged page by page, by anyone, each once", async () => {
      const core = await load(started);
      const reporter = core.others[15]!;
      const c = await pairOf(core, [0, 1, 2, 4, 5], [1, 2, 3, 4, 5, 6]);
      const before = await core.token.balanceOf(reporter.address);
      const id = await convict(core, c);
      const g = await core.slashing.group(id);
      expect(seatsIn(g.seats)).to.deep.equal([1, 2, 4, 5]);
      expect(await core.registry.pendingWord(0)).to.equal(0b1101100n);
      for (const validator of [2, 3, 5, 6]) {
        expect((await core.registry.validator(validator)).status).to.equal(3n);
        expect(await core.pool.bondOf(validator)).to.equal(validator < 5 ? 10_000n * COIN : 20_000n * COIN);
      }
      await refused(core, core.slashing.submitContradiction(c, ZERO), "SlashingManagerAlreadyCharged");
      // The base waits for its execution, and so does the stake.
      const { operator } = core.members.get(6)!;
      await core.pool.connect(operator).requestUnbond(6, 1_000n * COIN);
      await core.slashing.connect(core.others[3]!).executeGroup(id, [5, 1]);
      expect(await core.slashing.executeGroup.staticCall(id, [1, 5, 2, 0, 4, 4, 1000])).to.equal(2n);
      await core.slashing.executeGroup(id, [1, 5, 2, 0, 4, 4, 1000]);
      expect(await core.slashing.executeGroup.staticCall(id, [1, 2, 4, 5])).to.equal(0n);
      expect(await core.registry.pendingWord(0)).to.equal(0n);
      expect(await core.pool.bondOf(2)).to.equal(9_000n * COIN);
      expect(await core.pool.bondOf(5)).to.equal(18_000n * COIN);
      expect(await core.pool.bondOf(6)).to.equal(17_100n * COIN);
      expect(await core.pool.bondOf(4)).to.equal(10_000n * COIN);
      expect((await core.token.balanceOf(reporter.address)) - before).to.equal(600n * COIN);
      const record = await core.slashing.record(2);
      expect([record.convictions, record.firstAt, record.seal]).to.deep.equal([1n, g.time, 1n]);
      const bucket = await core.slashing.bucket(g.time / (await core.slashing.bucketTime()));
      expect([bucket.count, bucket.authorities]).to.deep.equal([4n, 500_000_000n]);
      await refused(core, core.slashing.executeGroup(hashOf("x"), [1]), "SlashingManagerUnknownGroup");
    });

    it("leave out who was convicted before; a wider contradiction adds only the rest", async () => {
      const core = await load(started);
      await core.slashing.submitVotes(await votePair(core, 1, notarize(3, "a"), notarize(3, "b")));
      const first = await convict(core, await pairOf(core, [1, 2, 4], [1, 2, 4]));
      expect(seatsIn((await core.slashing.group(first)).seats)).to.deep.equal([2, 4]);
      const second = await convict(core, await pairOf(core, [1, 2, 4, 5, 6], [1, 2, 4, 5, 6]));
      expect(seatsIn((await core.slashing.group(second)).seats)).to.deep.equal([5, 6]);
      await core.slashing.executeGroup(first, [1, 2, 4, 5, 6]);
      await core.slashing.executeGroup(second, [1, 2, 4, 5, 6]);
      expect(await core.pool.bondOf(2)).to.equal(9_000n * COIN);
      expect(await core.pool.bondOf(3)).to.equal(9_000n * COIN);
      expect(await core.pool.bondOf(7)).to.equal(18_000n * COIN);
    });

    it("absentees may be subtracted from the sealed sums: the whole backing set less one", async () => {
      const core = await load(started);
      const id = await convict(core, await pairOf(core, [0, 1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6]));
      expect(seatsIn((await core.slashing.group(id)).seats)).to.deep.equal([1, 2, 3, 4, 5]);
    });

    it("a later single offence of somebody pending is only recorded", async () => {
      const core = await load(started);
      await convict(core, await pairOf(core, [1, 2], [1, 2]));
      await expect(
        core.slashing.submitVotes(await votePair(core, 1, notarize(9, "a"), notarize(9, "b"))),
      ).to.emit(core.slashing, "Recorded");
      expect(await core.pool.bondOf(2)).to.equal(10_000n * COIN);
      expect((await core.slashing.record(2)).convictions).to.equal(1n);
    });

    it("more than 256 seats' bitmaps hold what they say", () => {
      expect(seatsIn(bitmap([0, 255, 256, 1023]))).to.deep.equal([0, 255, 256, 1023]);
    });
  });

  describe("the reward", () => {
    const commit = async (core: Core, reporter: Core["deployer"], offence: string) => {
      await core.slashing
        .connect(reporter)
        .commit(await core.slashing.commitmentOf(reporter.address, offence, SALT));
    };
    const balance = (core: Core, account: Core["deployer"]) => core.token.balanceOf(account.address);

    it("is the committed reporter's, who shows the evidence later", async () => {
      const core = await load(started);
      const [reporter, thief] = [core.others[14]!, core.others[15]!];
      const pair = await votePair(core, 2, notarize(7, "a"), notarize(7, "b"));
      const { offence } = await core.slashing.check(pair);
      await refused(
        core,
        core.slashing.connect(reporter).revealVotes(pair, SALT),
        "SlashingManagerNotCommitted",
      );
      await commit(core, reporter, offence);
      await commit(core, reporter, offence);
      await refused(
        core,
        core.slashing.connect(thief).revealVotes(pair, SALT),
        "SlashingManagerNotCommitted",
      );
      const before = await balance(core, reporter);
      await core.slashing.connect(reporter).revealVotes(pair, SALT);
      expect((await balance(core, reporter)) - before).to.equal(100n * COIN);
    });

    it("copied evidence earns its copier nothing: the reward waits for the earlier commitment", async () => {
      const core = await load(started);
      const [reporter, thief] = [core.others[14]!, core.others[15]!];
      const pair = await votePair(core, 2, notarize(7, "a"), notarize(7, "b"));
      const { offence } = await core.slashing.check(pair);
      await commit(core, reporter, offence);
      await core.slashing.connect(thief).submitVotes(pair);
      await commit(core, thief, offence);
      const claim = await core.slashing.claim(offence);
      expect([claim.payee, claim.gwei_]).to.deep.equal([thief.address, 100n * 10n ** 9n]);
      await refused(core, core.slashing.connect(thief).takeReward(offence, SALT), "SlashingManagerTooSoon");
      const before = await balance(core, reporter);
      await expect(core.slashing.connect(reporter).takeReward(offence, SALT))
        .to.emit(core.slashing, "RewardPaid")
        .withArgs(offence, reporter.address, 100n * COIN);
      expect((await balance(core, reporter)) - before).to.equal(100n * COIN);
      await refused(core, core.slashing.takeReward(offence, SALT), "SlashingManagerNoReward");
    });

    it("evidence copied in the block that reveals it earns its copier nothing, whoever comes first", async () => {
      for (const first of ["copier", "reporter"] as const) {
        const core = await load(started);
        const [reporter, thief] = [core.others[14]!, core.others[15]!];
        const pair = await votePair(core, 2, notarize(7, "a"), notarize(7, "b"));
        const { offence } = await core.slashing.check(pair);
        await commit(core, reporter, offence);
        const [before, his] = [await balance(core, reporter), await balance(core, thief)];
        const commitment = await core.slashing.commitmentOf(thief.address, offence, SALT);
        const gas = { gasLimit: 1_000_000 };
        const copies = [
          () => core.slashing.connect(thief).commit(commitment, gas),
          () => core.slashing.connect(thief).revealVotes(pair, SALT, gas),
          () => core.slashing.connect(thief).submitVotes(pair, gas),
        ];
        const reveal = () => core.slashing.connect(reporter).revealVotes(pair, SALT, gas);
        const sent = [];
        await networkHelpers.mine();
        await connection.provider.request({ method: "evm_setAutomine", params: [false] });
        for (const send of first === "copier" ? [...copies, reveal] : [reveal, ...copies]) {
          sent.push(await send());
        }
        await networkHelpers.mine();
        await connection.provider.request({ method: "evm_setAutomine", params: [true] });
        const receipts = await Promise.all(
          sent.map(({ hash }) => connection.ethers.provider.getTransactionReceipt(hash)),
        );
        expect(new Set(receipts.map((receipt) => receipt!.blockNumber)).size).to.equal(1);
        // The copier's own reveal fails, and the second conviction of either.
        expect(receipts.map((receipt) => receipt!.status)).to.deep.equal(
          first === "copier" ? [1, 0, 1, 0] : [1, 1, 0, 0],
        );
        if (first === "copier") {
          await refused(
            core,
            core.slashing.connect(thief).takeReward(offence, SALT),
            "SlashingManagerTooSoon",
          );
          await core.slashing.connect(reporter).takeReward(offence, SALT);
        }
        expect((await balance(core, reporter)) - before).to.equal(100n * COIN);
        expect(await balance(core, thief)).to.equal(his);
      }
    });

    it("goes to who reported after an hour, and cannot be spent meanwhile", async () => {
      const core = await load(started);
      const reporter = core.others[15]!;
      await commit(core, core.others[14]!, hashOf("something else"));
      const pair = await votePair(core, 2, notarize(7, "a"), notarize(7, "b"));
      const { offence } = await core.slashing.check(pair);
      await core.slashing.connect(reporter).submitVotes(pair);
      await core.pool.collectSlashed(core.addresses.slashing);
      expect(await core.slashing.slashingPool()).to.equal(900n * COIN);
      await refused(core, core.slashing.spend(reporter.address, 901n * COIN), "SlashingManagerInsufficient");
      await expect(core.slashing.spend(core.others[1]!.address, 900n * COIN))
        .to.emit(core.slashing, "Spent")
        .withArgs(core.others[1]!.address, 900n * COIN);
      await networkHelpers.time.increase(3_600);
      const before = await balance(core, reporter);
      await core.slashing.takeReward(offence, ZERO);
      expect((await balance(core, reporter)) - before).to.equal(100n * COIN);
    });

    it("of a group follows the same rules, for pages executed later too", async () => {
      const core = await load(started);
      const [reporter, thief] = [core.others[14]!, core.others[15]!];
      const c = await pairOf(core, [1, 2, 4], [1, 2, 4]);
      const { offence } = await core.slashing.checkContradiction(c);
      await commit(core, reporter, offence);
      const id = await convict(core, c, thief);
      await core.slashing.executeGroup(id, [1]);
      const before = await balance(core, reporter);
      await core.slashing.connect(reporter).takeReward(id, SALT);
      expect((await balance(core, reporter)) - before).to.equal(100n * COIN);
      await core.slashing.executeGroup(id, [2, 4]);
      expect((await balance(core, reporter)) - before).to.equal(400n * COIN);
    });

    it("contradictions are revealed like votes, of one and of many", async () => {
      const core = await load(started);
      const reporter = core.others[14]!;
      const many = await pairOf(core, [1, 2], [1, 2]);
      await commit(core, reporter, (await core.slashing.checkContradiction(many)).offence);
      await core.slashing.connect(reporter).submitContradiction(many, SALT);
      const one = await pairOf(core, [4], [4, 5]);
      const offence = await core.slashing.offenceOf(5, await domainOf(core), 7, 2, 2);
      await refused(core, core.slashing.submitContradiction(one, SALT), "SlashingManagerNotCommitted");
      await commit(core, reporter, offence);
      const before = await balance(core, reporter);
      await core.slashing.connect(reporter).submitContradiction(one, SALT);
      expect((await balance(core, reporter)) - before).to.equal(200n * COIN);
    });
  });
});
