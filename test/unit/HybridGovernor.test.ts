import { expect } from "chai";
import { Interface, ZeroAddress } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";
import {
  COIN,
  type Core,
  closeEpoch,
  deployCore,
  loadCore,
  possession,
  startedCore,
} from "../support/core.ts";
import {
  ABSTAIN,
  AGAINST,
  draft,
  enact,
  execute,
  FOR,
  governorOverPositions,
  harmless,
  naming,
  pass,
  pastVote,
  propose,
  STATE,
  toVote,
  vote,
} from "../support/governance.ts";

const connection = await network.create();
const { time } = connection.networkHelpers;
/** Four authorities (1 to 4) of 3,000 each and three stakers (5 to 7) of 20,000 each, of 72,000. */
const started = () => startedCore(connection);
const load = () => loadCore(connection, started);
const STAKERS = [5, 6, 7];
const ALL = [1, 2, 3, 4, 5, 6, 7];

const operatorOf = (core: Core, validator: number) => core.members.get(validator)!.operator;

const SPENDER = new Interface(["function spend(address to, uint256 amount)"]);
const spend = (to: string, amount: bigint) => SPENDER.encodeFunctionData("spend", [to, amount]);

describe("HybridGovernor", () => {
  describe("a proposal", () => {
    it("is decided by the registry of an epoch before, waits, and is executed by the timelock", async () => {
      const core = await load();
      const { governor, parameters, file } = core;
      const values = { ...file.rewards, relayerCredit: 600 };
      const proposal = await propose(core, [
        {
          target: core.addresses.parameters,
          data: parameters.interface.encodeFunctionData("setRewards", [values as never]),
        },
      ]);
      expect(await governor.state(proposal.id)).to.equal(STATE.pending);
      const terms = await governor.terms(proposal.id);
      expect([terms.quorum, terms.deposit, terms.guarded]).to.deep.equal([7_200n, 1_000n, false]);
      const { snapshot, seal } = await core.checkpoints.recordedRegistry(0);
      expect(await governor.electorateOf(proposal.id)).to.deep.equal([snapshot, seal]);
      await toVote(core, proposal);
      expect(await governor.state(proposal.id)).to.equal(STATE.active);
      expect(await governor.validatorWeight(proposal.id, 5)).to.equal(20_000n);
      await expect(
        governor
          .connect(operatorOf(core, 5))
          .castVoteWithReasonAndParams(proposal.id, FOR, "more for relayers", naming(5)),
      )
        .to.emit(governor, "VoteCastWithParams")
        .withArgs(operatorOf(core, 5).address, proposal.id, FOR, 20_000n, "more for relayers", naming(5))
        .and.to.emit(governor, "ValidatorVoteCast")
        .withArgs(proposal.id, 5, operatorOf(core, 5).address, FOR, 20_000n);
      expect(await governor.hasVoted(proposal.id, operatorOf(core, 5).address)).to.equal(true);
      expect(await governor.hasVoted(proposal.id, operatorOf(core, 6).address)).to.equal(false);
      expect(await governor.ballotOf(proposal.id, 5)).to.deep.equal([true, 1n, 0n]);
      expect(await governor.ballotOf(proposal.id, 6)).to.deep.equal([false, 0n, 0n]);
      await vote(core, proposal, AGAINST, [1, 2]);
      await vote(core, proposal, ABSTAIN, [3]);
      expect(await governor.proposalVotes(proposal.id)).to.deep.equal([6_000n, 20_000n, 3_000n]);
      await pastVote(core, proposal);
      expect(await governor.state(proposal.id)).to.equal(STATE.succeeded);
      await governor.queue(...proposal.steps);
      expect(await governor.state(proposal.id)).to.equal(STATE.queued);
      await expect(governor.execute(...proposal.steps)).to.be.revertedWithCustomError(
        governor,
        "HybridGovernorDelayed",
      );
      await execute(core, proposal);
      expect(await governor.state(proposal.id)).to.equal(STATE.executed);
      expect((await parameters.rewards()).relayerCredit).to.equal(600n);
    });

    it("says how it counts, by which clock, and what it is", async () => {
      const { governor, addresses } = await load();
      expect(await governor.COUNTING_MODE()).to.equal(
        "support=bravo,override&quorum=for,abstain&params=validators",
      );
      expect(await governor.CLOCK_MODE()).to.equal("mode=timestamp");
      expect(await governor.clock()).to.equal(await time.latest());
      expect(await governor.name()).to.equal("HybridGovernor");
      expect(await governor.proposalThreshold()).to.equal(0n);
      expect(await governor.proposalNeedsQueuing(1)).to.equal(true);
      expect(await governor.timelock()).to.equal(addresses.timelock);
      expect(await governor.pool()).to.equal(addresses.pool);
      expect(await governor.registry()).to.equal(addresses.registry);
      expect(await governor.token()).to.equal(addresses.token);
    });

    it("needs its deposit, a chain that has begun, and a kind of vote that exists", async () => {
      const core = await load();
      const proposal = await draft(core.governor, [harmless(core)]);
      const { targets, values, calldatas, description } = proposal;
      await expect(
        core.governor.connect(core.others[9]!).propose(targets, values, calldatas, description),
      ).to.be.revertedWithCustomError(core.token, "ERC20InsufficientAllowance");
      await expect(core.governor.propose(targets, [], calldatas, description)).to.be.revertedWithCustomError(
        core.governor,
        "GovernorInvalidProposalLength",
      );
      const made = await propose(core, [harmless(core)]);
      await toVote(core, made);
      const five = core.governor.connect(operatorOf(core, 5));
      await expect(five.castVoteWithReasonAndParams(made.id, 3, "", naming(5))).to.be.revertedWithCustomError(
        core.governor,
        "GovernorInvalidVoteType",
      );
      for (const call of [
        () => five.castVote(made.id, FOR),
        () => five.castVoteWithReasonAndParams(made.id, FOR, "", naming()),
        () => five.castOverride(made.id, FOR, []),
      ]) {
        await expect(call()).to.be.revertedWithCustomError(core.governor, "GovernorNoValidators");
      }
    });

    it("is voted on by vote addresses only, once for each validator, and only by seats", async () => {
      const core = await load();
      const { governor } = core;
      const proposal = await propose(core, [harmless(core)]);
      const five = governor.connect(operatorOf(core, 5));
      await expect(
        five.castVoteWithReasonAndParams(proposal.id, FOR, "", naming(5)),
      ).to.be.revertedWithCustomError(governor, "GovernorUnexpectedProposalState");
      await toVote(core, proposal);
      await expect(five.castVoteWithReasonAndParams(proposal.id, FOR, "", naming(6)))
        .to.be.revertedWithCustomError(governor, "ElectorateNotItsVoice")
        .withArgs(6, operatorOf(core, 5).address);
      await core.registry.connect(operatorOf(core, 6)).setVoteAddress(6, operatorOf(core, 5).address);
      await expect(
        five.castVoteWithReasonAndParams(proposal.id, FOR, "", naming(5, 5)),
      ).to.be.revertedWithCustomError(governor, "GovernorAlreadyVotedFor");
      await five.castVoteWithReasonAndParams(proposal.id, FOR, "", naming(5, 6));
      expect(await governor.proposalVotes(proposal.id)).to.deep.equal([0n, 40_000n, 0n]);
      await expect(five.castVoteWithReasonAndParams(proposal.id, AGAINST, "", naming(6)))
        .to.be.revertedWithCustomError(governor, "GovernorAlreadyVotedFor")
        .withArgs(6);
      const late = core.others[12]!;
      await core.registry.connect(late).reserve(late.address, late.address, "no key, no seat");
      await expect(
        governor.connect(late).castVoteWithReasonAndParams(proposal.id, FOR, "", naming(8)),
      ).to.be.revertedWithCustomError(governor, "ElectorateNotSeated");
    });
  });

  describe("times", () => {
    it("views of past times answer with the registry of that time", async () => {
      const core = await load();
      const { governor } = core;
      const before = await time.latest();
      const five = operatorOf(core, 5);
      await core.pool.connect(five).depositBond(5, 10_000n * COIN);
      for (let epoch = 0; epoch < 5; ++epoch) {
        await closeEpoch(core);
        await time.increase(10);
      }
      const now = await time.latest();
      expect(await governor.getVotesWithParams(five.address, before, naming(5))).to.equal(20_000n);
      expect(await governor.getVotesWithParams(five.address, now, naming(5))).to.equal(30_000n);
      expect(await governor.quorum(before)).to.equal(7_200n);
      expect(await governor.quorum(now)).to.equal(8_400n);
      await expect(governor.getVotesWithParams(five.address, now, naming(6))).to.be.revertedWithCustomError(
        governor,
        "ElectorateNotItsVoice",
      );
      await expect(governor.getVotes(five.address, now)).to.be.revertedWithCustomError(
        governor,
        "GovernorNoValidators",
      );
    });
  });

  describe("overrides", () => {
    const positioned = async () => {
      const core = await startedCore(connection);
      const { governor, positions } = await governorOverPositions(core);
      // Validator 5: half bond, half delegated; two owners of a quarter and of three quarters of that.
      await positions.setRow(5, 1_000, 500_000_000);
      await positions.setShares(5, core.others[10]!.address, 250);
      await positions.setShares(5, core.others[11]!.address, 750);
      await positions.setRow(6, 3, 0);
      await positions.setShares(6, core.others[10]!.address, 1);
      return { core, governor, positions };
    };
    const open = async () => {
      const loaded = await connection.networkHelpers.loadFixture(positioned);
      const core = { ...loaded.core, members: new Map(loaded.core.members) };
      const proposal = await propose(core, [harmless(core)], { governor: loaded.governor });
      await toVote(core, proposal, loaded.governor);
      return { ...loaded, core, proposal };
    };

    it("take a position's part, rounded down, from a vote that was cast", async () => {
      const { core, governor, proposal } = await open();
      const owner = core.others[10]!;
      expect(await governor.overrideWeight(proposal.id, 5, owner.address)).to.equal(2_500n);
      await vote(core, proposal, FOR, [5, 6], governor);
      await expect(
        governor.connect(owner).castOverrideWithReason(proposal.id, AGAINST, [5, 6], "not with mine"),
      )
        .to.emit(governor, "OverrideCast")
        .withArgs(proposal.id, 5, owner.address, AGAINST, 2_500n, "not with mine")
        .and.to.emit(governor, "OverrideCast")
        .withArgs(proposal.id, 6, owner.address, AGAINST, 6_666n, "not with mine");
      expect(await governor.proposalVotes(proposal.id)).to.deep.equal([9_166n, 30_834n, 0n]);
      expect(await governor.ballotOf(proposal.id, 5)).to.deep.equal([true, 1n, 2_500n]);
      expect(await governor.hasOverridden(proposal.id, 5, owner.address)).to.equal(true);
      expect(await governor.hasOverridden(proposal.id, 5, core.others[11]!.address)).to.equal(false);
      expect(await governor.hasVoted(proposal.id, owner.address)).to.equal(true);
    });

    it("before the validator votes leave it the rest, and take nothing back twice", async () => {
      const { core, governor, proposal } = await open();
      await governor.connect(core.others[10]!).castOverride(proposal.id, AGAINST, [5]);
      expect(await governor.proposalVotes(proposal.id)).to.deep.equal([2_500n, 0n, 0n]);
      await vote(core, proposal, FOR, [5], governor);
      expect(await governor.proposalVotes(proposal.id)).to.deep.equal([2_500n, 17_500n, 0n]);
      await governor.connect(core.others[11]!).castOverride(proposal.id, ABSTAIN, [5]);
      expect(await governor.proposalVotes(proposal.id)).to.deep.equal([2_500n, 10_000n, 7_500n]);
    });

    it("count once, and only what the registry counted", async () => {
      const { core, governor, positions, proposal } = await open();
      const owner = governor.connect(core.others[10]!);
      await expect(
        governor.connect(core.others[12]!).castOverride(proposal.id, FOR, [5]),
      ).to.be.revertedWithCustomError(governor, "GovernorNothingToOverride");
      await expect(owner.castOverride(proposal.id, FOR, [7])).to.be.revertedWithCustomError(
        governor,
        "GovernorNothingToOverride",
      );
      await expect(owner.castOverride(proposal.id, FOR, [5, 5])).to.be.revertedWithCustomError(
        governor,
        "GovernorAlreadyOverridden",
      );
      await owner.castOverride(proposal.id, FOR, [5]);
      await positions.setShares(5, core.others[10]!.address, 750);
      await expect(owner.castOverride(proposal.id, FOR, [5])).to.be.revertedWithCustomError(
        governor,
        "GovernorAlreadyOverridden",
      );
      await expect(owner.castOverride(proposal.id, 3, [5])).to.be.revertedWithCustomError(
        governor,
        "GovernorInvalidVoteType",
      );
      await pastVote(core, proposal, governor);
      await expect(owner.castOverride(proposal.id, FOR, [6])).to.be.revertedWithCustomError(
        governor,
        "GovernorUnexpectedProposalState",
      );
    });

    it("can be signed for, once", async () => {
      const { core, governor, proposal } = await open();
      const owner = core.others[10]!;
      const domain = {
        name: "HybridGovernor",
        version: "1",
        chainId: 31_337,
        verifyingContract: await governor.getAddress(),
      };
      const types = {
        OverrideBallot: [
          { name: "proposalId", type: "uint256" },
          { name: "support", type: "uint8" },
          { name: "validators", type: "uint64[]" },
          { name: "voter", type: "address" },
          { name: "nonce", type: "uint256" },
          { name: "reason", type: "string" },
        ],
      };
      const ballot = {
        proposalId: proposal.id,
        support: AGAINST,
        validators: [5, 6],
        voter: owner.address,
        nonce: 0,
        reason: "signed",
      };
      const signature = await owner.signTypedData(domain, types, ballot);
      const send = (support: number) =>
        governor.castOverrideBySig(proposal.id, support, [5, 6], owner.address, "signed", signature);
      await expect(send(FOR)).to.be.revertedWithCustomError(governor, "GovernorInvalidSignature");
      await send(AGAINST);
      expect(await governor.proposalVotes(proposal.id)).to.deep.equal([9_166n, 0n, 0n]);
      await expect(send(AGAINST)).to.be.revertedWithCustomError(governor, "GovernorInvalidSignature");
      expect(await governor.OVERRIDE_BALLOT_TYPEHASH()).to.match(/^0x[0-9a-f]{64}$/);
    });

    it("never let the sum of votes exceed the sealed total, in any order, whatever custody answers", async () => {
      const { core, governor, positions } = await open();
      const owners = core.others.slice(8, 14);
      await fc.assert(
        fc.asyncProperty(
          fc.array(
            fc.record({
              shares: fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 6, maxLength: 6 }),
              counted: fc.integer({ min: 0, max: 6_000 }),
              bond: fc.integer({ min: 0, max: 1_000_000_000 }),
            }),
            { minLength: 3, maxLength: 3 },
          ),
          fc.shuffledSubarray(
            Array.from({ length: 21 }, (_, at) => at),
            { minLength: 8 },
          ),
          fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 21, maxLength: 21 }),
          async (rows, order, supports) => {
            const snapshot = await connection.networkHelpers.takeSnapshot();
            const proposal = await propose(core, [harmless(core)], { governor });
            await toVote(core, proposal, governor);
            for (const [at, { shares, counted, bond }] of rows.entries()) {
              await positions.setRow(5 + at, counted, bond);
              for (const [index, owner] of owners.entries()) {
                await positions.setShares(5 + at, owner.address, shares[index]!);
              }
            }
            // 0 to 2: the validators; then every owner in every one of them.
            let positionsVoted = 0n;
            for (const at of order) {
              const validator = 5 + (at % 3);
              if (at < 3) {
                await vote(core, proposal, supports[at]!, [validator], governor);
              } else {
                const owner = owners[Math.floor(at / 3) - 1]!;
                const worth = await governor.overrideWeight(proposal.id, validator, owner.address);
                if (worth === 0n) continue;
                positionsVoted += worth;
                await governor.connect(owner).castOverride(proposal.id, supports[at]!, [validator]);
              }
              const sum = (await governor.proposalVotes(proposal.id)).reduce((a, b) => a + b, 0n);
              expect(sum <= 60_000n).to.equal(true);
            }
            const cast = await Promise.all(STAKERS.map((v) => governor.ballotOf(proposal.id, v)));
            const expected = cast.reduce(
              (sum, [voted, , overridden]) => sum + (voted ? 20_000n : overridden),
              0n,
            );
            const sum = (await governor.proposalVotes(proposal.id)).reduce((a, b) => a + b, 0n);
            expect(sum).to.equal(expected);
            expect(cast.reduce((all, [, , overridden]) => all + overridden, 0n)).to.equal(positionsVoted);
            await snapshot.restore();
          },
        ),
        { numRuns: 12 },
      );
    });
  });

  describe("deposits", () => {
    it("go back to the proposer once the quorum was reached, whatever the outcome", async () => {
      const core = await load();
      const { governor, token } = core;
      const proposer = core.others[15]!;
      for (const support of [FOR, AGAINST]) {
        const proposal = await propose(core, [harmless(core)]);
        await expect(governor.settleDeposit(proposal.id)).to.be.revertedWithCustomError(
          governor,
          "HybridGovernorNothingToSettle",
        );
        await toVote(core, proposal);
        await vote(core, proposal, support, [5]);
        await vote(core, proposal, ABSTAIN, [6]);
        await expect(governor.settleDeposit(proposal.id)).to.be.revertedWithCustomError(
          governor,
          "HybridGovernorNothingToSettle",
        );
        await pastVote(core, proposal);
        const settled = governor.settleDeposit(proposal.id);
        await expect(settled)
          .to.emit(governor, "DepositSettled")
          .withArgs(proposal.id, proposer.address, 1_000n * COIN);
        await expect(settled).to.changeTokenBalance(connection.ethers, token, proposer, 1_000n * COIN);
        await expect(governor.settleDeposit(proposal.id)).to.be.revertedWithCustomError(
          governor,
          "HybridGovernorNothingToSettle",
        );
      }
    });

    it("go to the treasury if nobody cared", async () => {
      const core = await load();
      const proposal = await propose(core, [harmless(core)]);
      await toVote(core, proposal);
      await vote(core, proposal, FOR, [1, 2]);
      await pastVote(core, proposal);
      expect(await core.governor.state(proposal.id)).to.equal(STATE.defeated);
      await expect(core.governor.settleDeposit(proposal.id)).to.changeTokenBalance(
        connection.ethers,
        core.token,
        core.addresses.timelock,
        1_000n * COIN,
      );
    });

    it("cannot be reached by a proposal", async () => {
      const core = await load();
      const relay = core.governor.interface.encodeFunctionData("relay", [core.addresses.token, 0, "0x"]);
      const proposal = await propose(core, [{ target: core.addresses.governor, data: relay }]);
      await pass(core, proposal, STAKERS);
      await expect(execute(core, proposal)).to.be.revertedWithCustomError(
        core.governor,
        "HybridGovernorNoRelay",
      );
    });
  });

  describe("guarded proposals", () => {
    it("are those that spend, or change governance or roles: 20 % instead of 10 %", async () => {
      const core = await load();
      const { governor, addresses, token, access, timelock } = core;
      const to = core.others[3]!.address;
      const cases: [{ target: string; data: string; value?: bigint }, boolean, bigint][] = [
        [harmless(core), false, 0n],
        [{ ...harmless(core), value: 1n }, true, 0n],
        [
          { target: addresses.token, data: token.interface.encodeFunctionData("transfer", [to, 7n]) },
          true,
          7n,
        ],
        [
          { target: addresses.token, data: token.interface.encodeFunctionData("approve", [to, 8n]) },
          true,
          8n,
        ],
        [
          {
            target: addresses.slashing,
            data: spend(to, 9n),
          },
          true,
          9n,
        ],
        [
          { target: addresses.access, data: access.interface.encodeFunctionData("grantRole", [1, to, 0]) },
          true,
          0n,
        ],
        [
          { target: addresses.timelock, data: timelock.interface.encodeFunctionData("updateDelay", [10]) },
          true,
          0n,
        ],
        [
          {
            target: addresses.governor,
            data: governor.interface.encodeFunctionData("updateTimelock", [to]),
          },
          true,
          0n,
        ],
      ];
      for (const [call, guarded, spends] of cases) {
        const { id } = await propose(core, [call]);
        const terms = await governor.terms(id);
        expect([terms.guarded, terms.spends, terms.quorum]).to.deep.equal([
          guarded,
          spends,
          guarded ? 14_400n : 7_200n,
        ]);
      }
    });

    it("may not get around the rules", async () => {
      const core = await load();
      const { addresses, token, access, timelock, governor } = core;
      const to = core.others[3]!.address;
      const spendThroughAccess = access.interface.encodeFunctionData("execute", [
        addresses.slashing,
        spend(to, 1n),
      ]);
      for (const [target, data] of [
        [addresses.access, spendThroughAccess],
        [addresses.access, access.interface.encodeFunctionData("multicall", [[spendThroughAccess]])],
        [addresses.timelock, timelock.interface.encodeFunctionData("updateDelay", [0])],
        [addresses.token, token.interface.encodeFunctionData("transferFrom", [to, to, 1n])],
        [addresses.token, token.interface.encodeFunctionData("transfer", [to, 1n]).slice(0, 74)],
        [addresses.slashing, spend(to, 1n).slice(0, 74)],
      ] as const) {
        await expect(propose(core, [{ target, data }])).to.be.revertedWithCustomError(
          governor,
          "HybridGovernorForbiddenCall",
        );
      }
    });

    it("spend no more than the limit in 30 days, approved or paid", async () => {
      const core = await load();
      const { governor, token, addresses } = core;
      const { spendLimit } = await governor.settings();
      const limit = spendLimit * COIN;
      await token.transfer(addresses.timelock, 3n * limit);
      const to = core.others[3]!;
      const transfer = (amount: bigint) => ({
        target: addresses.token,
        data: token.interface.encodeFunctionData("transfer", [to.address, amount]),
      });
      await expect(propose(core, [transfer(limit), transfer(1n)]))
        .to.be.revertedWithCustomError(governor, "HybridGovernorSpendLimit")
        .withArgs(limit + 1n, limit);
      const first = await propose(core, [transfer(limit - 5n)]);
      const second = await propose(core, [transfer(6n)]);
      const third = await propose(core, [transfer(5n)]);
      await toVote(core, third);
      for (const proposal of [first, second, third]) await vote(core, proposal, FOR, STAKERS);
      await pastVote(core, third);
      for (const proposal of [first, second, third]) await governor.queue(...proposal.steps);
      await time.increase(10);
      await expect(governor.execute(...first.steps))
        .to.emit(governor, "Spent")
        .withArgs(first.id, limit - 5n, limit - 5n);
      expect(await governor.spendable()).to.equal(5n);
      await expect(governor.execute(...second.steps))
        .to.be.revertedWithCustomError(governor, "HybridGovernorSpendLimit")
        .withArgs(6n, 5n);
      await governor.execute(...third.steps);
      expect(await governor.spendable()).to.equal(0n);
      await time.increase(30 * 86_400 - 100);
      expect(await governor.spendable()).to.equal(0n);
      await time.increase(101);
      expect(await governor.spendable()).to.equal(limit);
    });

    it("lower the limit below what was spent: nothing is left, nothing fails", async () => {
      const core = await load();
      const { governor, token, addresses } = core;
      await token.transfer(addresses.timelock, 100n * COIN);
      const transfer = token.interface.encodeFunctionData("transfer", [core.others[3]!.address, 50n * COIN]);
      await enact(core, [{ target: addresses.token, data: transfer }], STAKERS);
      const settings = { ...core.file.governance.settings, spendLimit: 20 };
      const data = governor.interface.encodeFunctionData("setSettings", [settings as never]);
      await enact(core, [{ target: addresses.governor, data }], STAKERS);
      expect((await governor.settings()).spendLimit).to.equal(20n);
      expect(await governor.spendable()).to.equal(0n);
    });
  });

  describe("settings", () => {
    it("are changed by governance only, within bounds", async () => {
      const core = await load();
      const { governor, file } = core;
      const { settings, lower, upper } = file.governance;
      const plain = (value: { toObject(): Record<string, bigint> }) =>
        Object.fromEntries(Object.entries(value.toObject()).map(([name, each]) => [name, Number(each)]));
      expect(plain((await governor.settings()) as never)).to.deep.equal(settings);
      const bounds = await governor.settingsBounds();
      expect([plain(bounds.lower as never), plain(bounds.upper as never)]).to.deep.equal([lower, upper]);
      await expect(governor.setSettings(settings as never)).to.be.revertedWithCustomError(
        governor,
        "GovernorOnlyExecutor",
      );
      for (const [index, name] of Object.keys(settings).entries()) {
        const value = (upper[name] as number) + 1;
        const data = governor.interface.encodeFunctionData("setSettings", [
          { ...settings, [name]: value } as never,
        ]);
        const proposal = await propose(core, [{ target: core.addresses.governor, data }]);
        await pass(core, proposal, STAKERS);
        await expect(execute(core, proposal))
          .to.be.revertedWithCustomError(governor, "HybridGovernorOutOfBounds")
          .withArgs(index, value, lower[name], upper[name]);
      }
    });
  });

  describe("the second chamber", () => {
    it("delays once, by a third of the authorities, and cannot block", async () => {
      const core = await load();
      const { governor } = core;
      const proposal = await propose(core, [harmless(core)]);
      const ask = (validator: number, validators = [validator]) =>
        governor.connect(operatorOf(core, validator)).requestDelay(proposal.id, validators);
      await expect(ask(1)).to.be.revertedWithCustomError(governor, "GovernorUnexpectedProposalState");
      await pass(core, proposal, STAKERS);
      const eta = await governor.proposalEta(proposal.id);
      await expect(ask(1, [2])).to.be.revertedWithCustomError(governor, "ElectorateNotItsVoice");
      await expect(ask(5)).to.be.revertedWithCustomError(governor, "HybridGovernorNotAnAuthority");
      await expect(ask(1)).to.emit(governor, "DelayRequested").withArgs(proposal.id, 1, 1, 4);
      await expect(ask(1)).to.be.revertedWithCustomError(governor, "HybridGovernorAlreadyRequested");
      expect(await governor.proposalEta(proposal.id)).to.equal(eta);
      await expect(ask(2)).to.emit(governor, "ProposalDelayed").withArgs(proposal.id, 30);
      await expect(ask(3)).to.not.emit(governor, "ProposalDelayed");
      expect(await governor.proposalEta(proposal.id)).to.equal(eta + 30n);
      await time.increaseTo(eta + 10n);
      await expect(governor.execute(...proposal.steps))
        .to.be.revertedWithCustomError(governor, "HybridGovernorDelayed")
        .withArgs(proposal.id, eta + 30n);
      await ask(4);
      await execute(core, proposal);
      await expect(ask(4)).to.be.revertedWithCustomError(governor, "GovernorUnexpectedProposalState");
    });

    it("counts authorities of the proposal's registry, without those that were suspended in it", async () => {
      const core = await load();
      await core.registry.connect(operatorOf(core, 1)).exit(1);
      for (let epoch = 0; epoch < 5; ++epoch) await closeEpoch(core);
      const proposal = await propose(core, [harmless(core)]);
      await toVote(core, proposal);
      const { governor } = core;
      await expect(governor.connect(operatorOf(core, 1)).requestDelay(proposal.id, [1])).to.be.revert(
        connection.ethers,
      );
      await expect(governor.connect(operatorOf(core, 2)).requestDelay(proposal.id, [])).to.not.emit(
        governor,
        "ProposalDelayed",
      );
      await expect(governor.connect(operatorOf(core, 2)).requestDelay(proposal.id, [2]))
        .to.emit(governor, "DelayRequested")
        .withArgs(proposal.id, 2, 1, 3)
        .and.to.emit(governor, "ProposalDelayed");
    });
  });

  describe("the end of a vote", () => {
    it("is put off when the outcome changes late, at most to twice the period", async () => {
      const core = await load();
      const { governor } = core;
      const proposal = await propose(core, [harmless(core)]);
      await toVote(core, proposal);
      await vote(core, proposal, FOR, [1, 2, 3]);
      const regular = await governor.proposalDeadline(proposal.id);
      await time.setNextBlockTimestamp(regular - 3n);
      await expect(
        governor
          .connect(operatorOf(core, 5))
          .castVoteWithReasonAndParams(proposal.id, AGAINST, "", naming(5)),
      )
        .to.emit(governor, "ProposalExtended")
        .withArgs(proposal.id, regular + 12n);
      await time.setNextBlockTimestamp(regular - 1n);
      await expect(
        governor.connect(operatorOf(core, 6)).castVoteWithReasonAndParams(proposal.id, FOR, "", naming(6)),
      )
        .to.emit(governor, "ProposalExtended")
        .withArgs(proposal.id, regular + 14n);
      expect(await governor.proposalDeadline(proposal.id)).to.equal(regular + 14n);
      await time.setNextBlockTimestamp(regular + 13n);
      await expect(
        governor
          .connect(operatorOf(core, 7))
          .castVoteWithReasonAndParams(proposal.id, AGAINST, "", naming(7)),
      )
        .to.emit(governor, "ProposalExtended")
        .withArgs(proposal.id, regular + 28n);
      await pastVote(core, proposal);
      expect(await governor.state(proposal.id)).to.equal(STATE.defeated);
    });

    it("stays where it is when the outcome changes early", async () => {
      const core = await load();
      const proposal = await propose(core, [harmless(core)]);
      await toVote(core, proposal);
      const regular = await core.governor.proposalDeadline(proposal.id);
      await vote(core, proposal, FOR, ALL);
      expect(await core.governor.proposalDeadline(proposal.id)).to.equal(regular);
    });

    it("has a last moment however often the outcome changes", async () => {
      const core = await load();
      const { governor } = core;
      const data = governor.interface.encodeFunctionData("setSettings", [
        { ...core.file.governance.settings, voteExtension: 3_600 } as never,
      ]);
      await enact(core, [{ target: core.addresses.governor, data }], STAKERS);
      const proposal = await propose(core, [harmless(core)]);
      await toVote(core, proposal);
      const start = await governor.proposalSnapshot(proposal.id);
      const regular = await governor.proposalDeadline(proposal.id);
      await vote(core, proposal, FOR, [5]);
      expect(await governor.proposalDeadline(proposal.id)).to.equal(2n * regular - start);
      await vote(core, proposal, AGAINST, [6, 7]);
      expect(await governor.proposalDeadline(proposal.id)).to.equal(2n * regular - start);
    });
  });

  describe("what was decided long ago", () => {
    it("is not queued any more, and not executed", async () => {
      const core = await load();
      const { governor } = core;
      const one = await propose(core, [harmless(core)]);
      const two = await propose(core, [harmless(core)]);
      await toVote(core, two);
      for (const proposal of [one, two]) await vote(core, proposal, FOR, STAKERS);
      await pastVote(core, two);
      await governor.queue(...one.steps);
      await time.increase(3_700);
      for (const [proposal, call] of [
        [one, () => governor.execute(...one.steps)],
        [two, () => governor.queue(...two.steps)],
      ] as const) {
        expect(await governor.state(proposal.id)).to.equal(STATE.expired);
        await expect(call()).to.be.revertedWithCustomError(governor, "GovernorUnexpectedProposalState");
        await governor.settleDeposit(proposal.id);
      }
    });

    it("is cancelled by a proposer whom the description names, before the vote", async () => {
      const core = await load();
      const { governor } = core;
      const proposer = core.others[15]!;
      const open = await propose(core, [harmless(core)]);
      await expect(governor.connect(proposer).cancel(...open.steps)).to.be.revertedWithCustomError(
        governor,
        "GovernorUnableToCancel",
      );
      const own = (name: string) => ({ description: `${name} #proposer=${proposer.address.toLowerCase()}` });
      const bound = await propose(core, [harmless(core)], own("mine"));
      await expect(governor.cancel(...bound.steps)).to.be.revertedWithCustomError(
        governor,
        "GovernorUnableToCancel",
      );
      await governor.connect(proposer).cancel(...bound.steps);
      expect(await governor.state(bound.id)).to.equal(STATE.canceled);
      await expect(governor.settleDeposit(bound.id)).to.changeTokenBalance(
        connection.ethers,
        core.token,
        proposer,
        1_000n * COIN,
      );
      const late = await propose(core, [harmless(core)], own("late"));
      await toVote(core, late);
      await expect(governor.connect(proposer).cancel(...late.steps)).to.be.revertedWithCustomError(
        governor,
        "GovernorUnableToCancel",
      );
    });
  });

  describe("electorates", () => {
    it("find a validator whose key was rotated since, and nobody without a seat", async () => {
      const core = await load();
      const proposal = await propose(core, [harmless(core)]);
      const next = possession(core, "rotated", 5);
      await core.registry.connect(operatorOf(core, 5)).setKey(5, next.key, next.proof);
      await toVote(core, proposal);
      await vote(core, proposal, FOR, [5]);
      expect(await core.governor.proposalVotes(proposal.id)).to.deep.equal([0n, 20_000n, 0n]);
    });

    it("are missing before the chain begins", async () => {
      const core = await deployCore(connection);
      await expect(propose(core, [harmless(core)])).to.be.revertedWithCustomError(
        core.governor,
        "ElectorateNone",
      );
      await core.registry.setElections(ZeroAddress);
      await expect(propose(core, [harmless(core)])).to.be.revertedWithCustomError(
        core.governor,
        "ElectorateNone",
      );
    });
  });
});
