import { signatureWords } from "@aitbc-hybrid/crypto";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import { bls12_381 as curve } from "@noble/curves/bls12-381.js";
import { expect } from "chai";
import { AbiCoder, getBytes, hexlify, keccak256, toBeHex, ZeroAddress } from "ethers";
import fc from "fast-check";
import hre, { network } from "hardhat";
import {
  actAsSlasher,
  COIN,
  CONVICTION,
  type Core,
  deployCore,
  loadCore,
  possession,
  register,
  startedCore,
} from "../support/core.ts";
import { g1Hex, g1Struct, g2Struct } from "../support/points.ts";

const connection = await network.create();
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const { networkHelpers } = connection;
const fresh = () => deployCore(connection);
const started = () => startedCore(connection);
const NO_G1 = g1Struct(`0x${"00".repeat(128)}`);
const NO_G2 = g2Struct(`0x${"00".repeat(256)}`);
const STATUS = { active: 1n, jailed: 2n, tombstoned: 3n, exited: 4n };

/** An account that acts as the slasher. */
const slasher = (core: Core) => actAsSlasher(core, core.others[18]!);

describe("ValidatorRegistry", () => {
  describe("registration", () => {
    it("opens an identity and writes the key as code", async () => {
      const core = await load(fresh);
      const { key, proof, keyBytes } = possession(core, "one", 1);
      const [, owner, vote] = core.others;
      await expect(core.registry.connect(owner!).register(owner!.address, vote!.address, key, proof, "one"))
        .to.emit(core.registry, "ValidatorReserved")
        .withArgs(1n, owner!.address, owner!.address, vote!.address, "one")
        .and.to.emit(core.registry, "KeySet")
        .withArgs(1n, 1n, hexlify(keyBytes));
      const v = await core.registry.validator(1);
      expect(v.operator).to.equal(owner!.address);
      expect(v.status).to.equal(STATUS.active);
      expect(v.role).to.equal(0n);
      expect(v.key).to.equal(1n);
      expect(await core.registry.voteAddress(1)).to.equal(vote!.address);
      expect(await core.registry.keyBytes(1)).to.equal(hexlify(keyBytes));
      const code = await connection.ethers.provider.getCode(await core.registry.keyAddress(1));
      expect(code).to.equal(`0x00${hexlify(keyBytes).slice(2)}${"1".padStart(16, "0")}`);
      expect(await core.registry.ownerOfKey(1)).to.equal(1n);
      expect(await core.registry.usedKey(keccak256(keyBytes))).to.deep.equal([1n, 1n]);
    });

    it("reads many keys in one call, vacant places as zero", async () => {
      const core = await load(fresh);
      const a = await register(core, "a");
      const b = await register(core, "b");
      expect(await core.registry.keysBytes([2, 0, 1])).to.equal(
        hexlify(new Uint8Array([...b.keyBytes, ...new Uint8Array(96), ...a.keyBytes])),
      );
    });

    it("refuses a possession signed for another number, registry, key or purpose", async () => {
      const core = await load(fresh);
      const me = core.others[0]!;
      const send = (key: Parameters<typeof core.registry.register>[2], proof: typeof NO_G2) =>
        core.registry.connect(me).register(me.address, ZeroAddress, key, proof, "");
      const right = possession(core, "k", 1);
      const forSecond = possession(core, "k", 2);
      await expect(send(right.key, forSecond.proof)).to.be.revertedWithCustomError(
        core.registry,
        "ValidatorRegistryBadPossession",
      );
      const elsewhere = possession(
        { ...core, addresses: { ...core.addresses, registry: core.addresses.pool } },
        "k",
        1,
      );
      await expect(send(right.key, elsewhere.proof)).to.be.revertedWithCustomError(
        core.registry,
        "ValidatorRegistryBadPossession",
      );
      const other = possession(core, "other", 1);
      await expect(send(right.key, other.proof)).to.be.revertedWithCustomError(
        core.registry,
        "ValidatorRegistryBadPossession",
      );
      const message = await core.registry.possessionMessage(1, right.key);
      const vote = signatureWords(nativeBls.sign(right.secret, getBytes(message)));
      await expect(send(right.key, vote)).to.be.revertedWithCustomError(
        core.registry,
        "ValidatorRegistryBadPossession",
      );
      await expect(send(right.key, right.proof)).to.emit(core.registry, "KeySet");
    });

    it("refuses infinity, a point off the curve and one outside the subgroup", async () => {
      const core = await load(fresh);
      const me = core.others[0]!;
      const { key, proof } = possession(core, "k", 1);
      const send = (k: typeof NO_G1, p: typeof NO_G2) =>
        core.registry.connect(me).register(me.address, ZeroAddress, k, p, "");
      await expect(send(NO_G1, NO_G2)).to.revert(connection.ethers);
      await expect(send(NO_G1, proof)).to.revert(connection.ethers);
      await expect(send(key, NO_G2)).to.revert(connection.ethers);
      const off = g1Struct(`0x${"00".repeat(63)}01${"00".repeat(63)}01`);
      await expect(send(off, proof)).to.revert(connection.ethers);
      const stray = g1Struct(g1Hex(curve.G1.Point.fromAffine({ x: 0n, y: 2n })));
      await expect(send(stray, proof)).to.revert(connection.ethers);
    });

    it("refuses a used key, whoever used it and even if it was rotated away", async () => {
      const core = await load(fresh);
      const first = await register(core, "k");
      const again = possession(core, "k", 2);
      const thief = core.others[5]!;
      const hash = keccak256(first.keyBytes);
      await expect(
        core.registry.connect(thief).register(thief.address, ZeroAddress, again.key, again.proof, ""),
      )
        .to.be.revertedWithCustomError(core.registry, "ValidatorRegistryKeyUsed")
        .withArgs(hash);
      const next = possession(core, "next", 1);
      await core.registry.connect(first.operator).setKey(1, next.key, next.proof);
      expect((await core.registry.validator(1)).key).to.equal(2n);
      expect(await core.registry.ownerOfKey(1)).to.equal(1n);
      const back = possession(core, "k", 1);
      await expect(
        core.registry.connect(first.operator).setKey(1, back.key, back.proof),
      ).to.be.revertedWithCustomError(core.registry, "ValidatorRegistryKeyUsed");
    });

    it("refuses no withdrawal address", async () => {
      const core = await load(fresh);
      await expect(core.registry.reserve(ZeroAddress, ZeroAddress, "")).to.be.revertedWithCustomError(
        core.registry,
        "ValidatorRegistryZeroAddress",
      );
    });

    it("a reserved number cannot be taken: the key follows in its own call", async () => {
      const core = await load(fresh);
      const me = core.others[0]!;
      await core.registry.connect(me).reserve(me.address, ZeroAddress, "later");
      expect((await core.registry.validator(1)).key).to.equal(0n);
      expect(await core.registry.voteAddress(1)).to.equal(me.address);
      await register(core, "in between");
      const { key, proof } = possession(core, "mine", 1);
      await expect(core.registry.setKey(1, key, proof)).to.be.revertedWithCustomError(
        core.registry,
        "ValidatorRegistryUnauthorized",
      );
      await core.registry.connect(me).setKey(1, key, proof);
      expect(await core.registry.ownerOfKey(2)).to.equal(1n);
    });

    it("costs at most 350,000 gas", async () => {
      const core = await load(fresh);
      await register(core, "first");
      const me = core.others[0]!;
      const { key, proof } = possession(core, "k", 2);
      const tx = await core.registry.connect(me).register(me.address, ZeroAddress, key, proof, "validator");
      expect((await tx.wait())!.gasUsed).to.be.below(hre.globalOptions.coverage ? 2_000_000n : 350_000n);
    });
  });

  describe("addresses", () => {
    it("the operator and the vote address follow the withdrawal address's word only", async () => {
      const core = await load(fresh);
      const { operator } = await register(core, "k");
      const other = core.others[7]!;
      for (const call of [
        core.registry.connect(other).setOperator(1, other.address),
        core.registry.connect(other).setVoteAddress(1, other.address),
        core.registry.connect(other).proposeWithdrawal(1, other.address),
        core.registry.connect(other).acceptWithdrawal(1),
        core.registry.connect(other).setMetadata(1, "x"),
        core.registry.connect(other).exit(1),
      ]) {
        await expect(call).to.be.revertedWithCustomError(core.registry, "ValidatorRegistryUnauthorized");
      }
      await expect(core.registry.connect(operator).setOperator(1, ZeroAddress)).to.be.revertedWithCustomError(
        core.registry,
        "ValidatorRegistryZeroAddress",
      );
      await core.registry.connect(operator).setOperator(1, other.address);
      await core.registry.connect(operator).setVoteAddress(1, other.address);
      await expect(core.registry.connect(other).setMetadata(1, "x")).to.emit(core.registry, "MetadataSet");
      expect(await core.registry.voteAddress(1)).to.equal(other.address);
    });

    it("the withdrawal address changes in two steps", async () => {
      const core = await load(fresh);
      const { operator } = await register(core, "k");
      const heir = core.others[9]!;
      await core.registry.connect(operator).proposeWithdrawal(1, heir.address);
      expect((await core.registry.validator(1)).withdrawal).to.equal(operator.address);
      await core.registry.connect(heir).acceptWithdrawal(1);
      const v = await core.registry.validator(1);
      expect(v.withdrawal).to.equal(heir.address);
      expect(v.pendingWithdrawal).to.equal(ZeroAddress);
    });
  });

  describe("role and standing", () => {
    it("governance admits and revokes, nobody else", async () => {
      const core = await load(fresh);
      await register(core, "k");
      await expect(core.registry.connect(core.others[0]!).admit(1)).to.be.revertedWithCustomError(
        core.registry,
        "AccessManagedUnauthorized",
      );
      await core.registry.admit(1);
      await expect(core.registry.admit(1)).to.be.revertedWithCustomError(
        core.registry,
        "ValidatorRegistryRoleUnchanged",
      );
      expect((await core.registry.validator(1)).role).to.equal(1n);
      await core.registry.revoke(1);
      expect((await core.registry.validator(1)).role).to.equal(0n);
      await expect(core.registry.admit(2)).to.be.revertedWithCustomError(
        core.registry,
        "ValidatorRegistryUnknown",
      );
    });

    it("jail is for a time, which only grows, and ends on the operator's word", async () => {
      const core = await load(started);
      const judge = await slasher(core);
      const member = core.members.get(5)!;
      await core.registry.connect(judge).jail(5);
      expect(await core.registry.jailedWord(0)).to.equal(1n << 5n);
      const { jailedUntil } = await core.registry.validator(5);
      await expect(core.registry.connect(member.operator).unjail(5)).to.be.revertedWithCustomError(
        core.registry,
        "ValidatorRegistryStillJailed",
      );
      await networkHelpers.time.increase(5);
      await core.registry.connect(judge).jail(5);
      expect((await core.registry.validator(5)).jailedUntil).to.be.above(jailedUntil);
      expect((await core.elections.candidate(5)).eligible).to.equal(false);
      await networkHelpers.time.increase(core.file.slashing.jailTime as number);
      await core.registry.connect(member.operator).unjail(5);
      expect(await core.registry.jailedWord(0)).to.equal(0n);
      expect((await core.registry.validator(5)).status).to.equal(STATUS.active);
      expect((await core.elections.candidate(5)).eligible).to.equal(true);
      await expect(core.registry.connect(member.operator).unjail(5)).to.be.revertedWithCustomError(
        core.registry,
        "ValidatorRegistryBadStatus",
      );
    });

    it("a longer jail time is not shortened by a new verdict", async () => {
      const core = await load(started);
      const judge = await slasher(core);
      await core.registry.connect(judge).jail(5);
      const { jailedUntil } = await core.registry.validator(5);
      await core.parameters.setSlashing({ ...core.file.slashing, jailTime: 1 } as never);
      await core.registry.connect(judge).jail(5);
      expect((await core.registry.validator(5)).jailedUntil).to.equal(jailedUntil);
    });

    it("a tombstone is for good, whatever came before", async () => {
      const core = await load(started);
      const judge = await slasher(core);
      await core.registry.connect(core.members.get(6)!.operator).exit(6);
      for (const id of [5, 6]) {
        await core.registry.connect(judge).tombstone(id, CONVICTION, false);
        await core.registry.connect(judge).tombstone(id, CONVICTION, false);
        await core.registry.connect(judge).jail(id);
        expect((await core.registry.validator(id)).status).to.equal(STATUS.tombstoned);
        const { operator } = core.members.get(id)!;
        await expect(core.registry.connect(operator).unjail(id)).to.be.revertedWithCustomError(
          core.registry,
          "ValidatorRegistryBadStatus",
        );
        const { key, proof } = possession(core, `late ${id}`, id);
        await expect(core.registry.connect(operator).setKey(id, key, proof)).to.be.revertedWithCustomError(
          core.registry,
          "ValidatorRegistryBadStatus",
        );
      }
    });

    it("an exit is for good", async () => {
      const core = await load(started);
      const { operator } = core.members.get(5)!;
      await core.registry.connect(operator).exit(5);
      expect((await core.registry.validator(5)).status).to.equal(STATUS.exited);
      expect((await core.elections.candidate(5)).weight).to.equal(0n);
      await expect(core.registry.connect(operator).exit(5)).to.be.revertedWithCustomError(
        core.registry,
        "ValidatorRegistryBadStatus",
      );
      await expect(core.pool.connect(operator).depositBond(5, COIN)).to.be.revertedWithCustomError(
        core.pool,
        "StakingPoolClosed",
      );
      const judge = await slasher(core);
      await core.registry.connect(judge).jail(5);
      expect((await core.registry.validator(5)).status).to.equal(STATUS.exited);
    });

    it("only the slasher jails and convicts, and only governance says who that is", async () => {
      const core = await load(fresh);
      await register(core, "k");
      for (const call of [
        core.registry.jail(1),
        core.registry.tombstone(1, CONVICTION, false),
        core.registry.holdMany(0, 2n),
      ]) {
        await expect(call)
          .to.be.revertedWithCustomError(core.registry, "ValidatorRegistryNotSlasher")
          .withArgs(core.deployer.address);
      }
      await expect(
        core.registry.connect(core.others[0]!).setSlasher(core.others[0]!.address),
      ).to.be.revertedWithCustomError(core.registry, "AccessManagedUnauthorized");
      await expect(core.registry.setSlasher(core.others[0]!.address))
        .to.emit(core.registry, "SlasherSet")
        .withArgs(core.others[0]!.address);
      expect(await core.registry.slasher()).to.equal(core.others[0]!.address);
    });
  });

  describe("convictions", () => {
    const conviction = { time: 1_900_000_000, seal: 7, mark: 0xabcdef };

    it("the first is kept beside the withdrawal address; a second changes nothing", async () => {
      const core = await load(started);
      const judge = core.registry.connect(await slasher(core));
      expect(await judge.tombstone.staticCall(5, conviction, false)).to.equal(true);
      await expect(judge.tombstone(5, conviction, false))
        .to.emit(core.registry, "StatusSet")
        .withArgs(5n, STATUS.tombstoned, 0n);
      expect(await core.registry.conviction(5)).to.deep.equal([1_900_000_000n, 7n, 0xabcdefn]);
      expect(await core.registry.heldWord(0)).to.equal(1n << 5n);
      expect((await core.registry.validator(5)).withdrawal).to.equal(core.members.get(5)!.operator.address);
      expect(await judge.tombstone.staticCall(5, CONVICTION, false)).to.equal(false);
      await judge.tombstone(5, CONVICTION, false);
      expect((await core.registry.conviction(5)).time).to.equal(1_900_000_000n);
      await expect(judge.tombstone(99, conviction, false)).to.be.revertedWithCustomError(
        core.registry,
        "ValidatorRegistryUnknown",
      );
    });

    it("many at once are held, tombstoned and pending until each is executed", async () => {
      const core = await load(started);
      const judge = core.registry.connect(await slasher(core));
      await judge.tombstone(5, conviction, false);
      const bits = (1n << 5n) | (1n << 2n) | (1n << 3n);
      expect(await judge.holdMany.staticCall(0, bits)).to.equal((1n << 2n) | (1n << 3n));
      await expect(judge.holdMany(0, bits))
        .to.emit(core.registry, "HeldMany")
        .withArgs(0n, (1n << 2n) | (1n << 3n));
      expect(await core.registry.heldWord(0)).to.equal(bits);
      expect(await core.registry.pendingWord(0)).to.equal((1n << 2n) | (1n << 3n));
      expect((await core.registry.validator(2)).status).to.equal(STATUS.tombstoned);
      expect((await core.registry.conviction(2)).time).to.equal(0n);
      // Not by another offence, and none that was not announced.
      expect(await judge.tombstone.staticCall(2, conviction, false)).to.equal(false);
      expect(await judge.tombstone.staticCall(4, conviction, true)).to.equal(false);
      expect(await judge.tombstone.staticCall(5, conviction, true)).to.equal(false);
      await judge.tombstone(2, conviction, true);
      expect((await core.registry.conviction(2)).seal).to.equal(7n);
      expect(await core.registry.pendingWord(0)).to.equal(1n << 3n);
      expect(await judge.tombstone.staticCall(2, conviction, true)).to.equal(false);
      // A slasher replaced in between cannot hold stake for ever; the conviction can still be executed.
      await networkHelpers.time.increase(30 * 86_400);
      expect(await core.registry.pendingWord(0)).to.equal(0n);
      expect(await core.registry.heldWord(0)).to.equal(bits);
      expect(await judge.tombstone.staticCall(3, conviction, true)).to.equal(true);
      await judge.holdMany(0, 1n << 2n);
      expect(await core.registry.pendingWord(0)).to.equal(0n);
    });

    it("words are of 256 numbers; those nobody has are not held", async () => {
      const core = await load(fresh);
      const judge = core.registry.connect(await slasher(core));
      expect(await core.registry.heldWord(0)).to.equal(0n);
      for (let i = 0; i < 256; i++)
        await core.registry.reserve(core.deployer.address, core.deployer.address, "");
      expect(await core.registry.heldWord(1)).to.equal(0n);
      expect(await core.registry.heldWord(2)).to.equal(0n);
      await judge.tombstone(255, conviction, false);
      await judge.tombstone(256, conviction, false);
      expect(await core.registry.heldWord(0)).to.equal(1n << 255n);
      expect(await core.registry.heldWord(1)).to.equal(1n);
      const all = (1n << 256n) - 1n;
      await judge.holdMany(0, all);
      expect(await core.registry.heldWord(0)).to.equal(all);
      expect((await core.registry.validator(77)).status).to.equal(STATUS.tombstoned);
      expect(await judge.holdMany.staticCall(0, all)).to.equal(0n);
    });

    it("whose seat is idle: in jail or convicted, and where jail is no matter convicted only", async () => {
      const core = await load(started);
      const judge = core.registry.connect(await slasher(core));
      await judge.jail(3);
      await judge.jail(4);
      await judge.tombstone(4, conviction, false);
      await judge.tombstone(5, conviction, false);
      // On seats 8 to 14: validators 1 to 4, nobody, 5 and 6.
      const occupants = [
        0n,
        [1n, 2n, 3n, 4n, 0n, 5n, 6n].reduce((word, id, j) => word | (id << BigInt(32 * j))),
      ];
      const idle = (spared: bigint) => core.registry.idleSeats(occupants, [spared, 0n, 0n, 0n]);
      expect(await idle(0n)).to.deep.equal([0b0101100n << 8n, 0n, 0n, 0n]);
      expect(await idle(0b0000111n << 8n)).to.deep.equal([0b0101000n << 8n, 0n, 0n, 0n]);
      expect(await idle(0b1111111n << 8n)).to.deep.equal([0b0101000n << 8n, 0n, 0n, 0n]);
    });

    it("whose seat is idle, for numbers however far apart", async () => {
      const core = await load(started);
      const target = await core.registry.getAddress();
      const place = (index: number, slot: number) =>
        keccak256(AbiCoder.defaultAbiCoder().encode(["uint256", "uint256"], [index, slot]));
      const put = (index: number, slot: number, word: bigint) =>
        networkHelpers.setStorageAt(target, place(index, slot), toBeHex(word, 32));
      // Millions of registrations at once: jailed, free, and clean words follow each other in storage.
      const before = await networkHelpers.takeSnapshot();
      let jailedSlot = 0;
      while ((await core.registry.jailedWord(999)) !== 7n) await put(999, jailedSlot++, 7n);
      jailedSlot--;
      await before.restore();

      const all = (1n << 256n) - 1n;
      await fc.assert(
        fc.asyncProperty(
          // Words whose numbers leave the same remainder take each other's place in what was read; pages follow each other.
          fc.uniqueArray(fc.constantFrom(0, 1, 2, 63, 64, 65, 128, 255, 256, 257, 320, 1_024), {
            minLength: 1,
            maxLength: 6,
          }),
          fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 16 })), { minLength: 50, maxLength: 300 }),
          fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 16 }), fc.boolean()), {
            minLength: 1,
            maxLength: 40,
            size: "max",
          }),
          fc.array(fc.bigInt({ min: 0n, max: all }), { minLength: 4, maxLength: 4 }),
          async (words, seated, held, spared) => {
            const before = await networkHelpers.takeSnapshot();
            const jailed = new Set<number>();
            const convicted = new Set<number>();
            const numberOf = (word: number, bit: number) => words[word % words.length]! * 256 + bit;
            for (const [word, bit, isConvicted] of held) {
              (isConvicted ? convicted : jailed).add(numberOf(word, bit));
            }
            const wordOf = (of: Set<number>, index: number) =>
              [...of]
                .filter((id) => id >> 8 === index)
                .reduce((sum, id) => sum | (1n << BigInt(id & 255)), 0n);
            const clean = new Map<number, bigint>();
            for (const index of words) {
              const [inJail, gone] = [wordOf(jailed, index), wordOf(convicted, index)];
              await put(index, jailedSlot, inJail);
              await put(index, jailedSlot + 1, all ^ gone);
              const page = clean.get(index >> 8) ?? all;
              clean.set(index >> 8, inJail | gone ? page & ~(1n << BigInt(index & 255)) : page);
            }
            for (const [page, word] of clean) await put(page, jailedSlot + 2, word);

            const occupants = Array.from({ length: Math.ceil(seated.length / 8) }, () => 0n);
            const expected = [0n, 0n, 0n, 0n];
            for (const [seat, [word, bit]] of seated.entries()) {
              const id = numberOf(word, bit);
              occupants[seat >> 3]! |= BigInt(id) << BigInt(32 * (seat & 7));
              const isSpared = (spared[seat >> 8]! >> BigInt(seat & 255)) & 1n;
              if (convicted.has(id) || (jailed.has(id) && !isSpared)) {
                expected[seat >> 8]! |= 1n << BigInt(seat & 255);
              }
            }
            const found = await core.registry.idleSeats(
              occupants,
              spared as [bigint, bigint, bigint, bigint],
            );
            await before.restore();
            expect([...found]).to.deep.equal(expected);
          },
        ),
        { numRuns: 40 },
      );
    });

    it("one in jail stays convicted when its time is over, and cannot leave by exit", async () => {
      const core = await load(started);
      const judge = core.registry.connect(await slasher(core));
      const { operator } = core.members.get(5)!;
      await judge.jail(5);
      await judge.tombstone(5, conviction, false);
      await networkHelpers.time.increase(100);
      for (const call of [
        core.registry.connect(operator).unjail(5),
        core.registry.connect(operator).exit(5),
        core.pool.connect(operator).depositBond(5, COIN),
      ]) {
        await expect(call).to.revert(connection.ethers);
      }
    });

    it("owners of many keys, in the order asked", async () => {
      const core = await load(started);
      expect(await core.registry.ownersOfKeys([3, 0, 1, 99])).to.deep.equal([3n, 0n, 1n, 0n]);
    });
  });

  it("a module that does not answer holds nothing up, nor does none", async () => {
    const core = await load(started);
    const deaf = await connection.ethers.deployContract("DeafElections");
    await core.registry.setElections(await deaf.getAddress());
    await expect(core.registry.connect(core.members.get(5)!.operator).exit(5))
      .to.emit(core.registry, "RefreshFailed")
      .withArgs(5n);
    await core.elections.refresh(5);
    expect((await core.elections.candidate(5)).weight).to.equal(0n);
    await core.registry.setElections(ZeroAddress);
    await expect(core.registry.connect(core.members.get(6)!.operator).exit(6)).to.not.emit(
      core.registry,
      "RefreshFailed",
    );
  });

  it("unknown keys and validators are refused by name", async () => {
    const core = await load(fresh);
    await register(core, "k");
    expect(await core.registry.elections()).to.equal(core.addresses.elections);
    expect(await core.registry.ownerOfKey(0)).to.equal(0n);
    expect(await core.registry.ownerOfKey(2)).to.equal(0n);
    for (const key of [0, 2]) {
      await expect(core.registry.keyBytes(key)).to.be.revertedWithCustomError(
        core.registry,
        "ValidatorRegistryNoKey",
      );
    }
    await expect(core.registry.validator(2)).to.be.revertedWithCustomError(
      core.registry,
      "ValidatorRegistryUnknown",
    );
  });
});
