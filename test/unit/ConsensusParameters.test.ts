import { join } from "node:path";
import { DEFAULT_PARAMS, DEVNET_PARAMS, type Params, paramsHash } from "@aitbc-hybrid/protocol";
import { expect } from "chai";
import { network } from "hardhat";
import { type ParameterFile, parametersFor } from "../../tasks/parameters.ts";
import { ROLES } from "../../tasks/roles.ts";
import { type Core, deployCore, loadCore } from "../support/core.ts";

const connection = await network.create();

const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const fresh = () => deployCore(connection);
const LOCAL = 31_337;
const PUBLIC = 1;

type Plain = Record<string, unknown>;
/** A struct as ethers returns it, as numbers. */
const plain = (value: unknown): Plain =>
  JSON.parse(
    JSON.stringify((value as { toObject(deep: boolean): unknown }).toObject(true), (_, each) =>
      typeof each === "bigint" ? Number(each) : each,
    ),
  );

describe("ConsensusParameters", () => {
  it("holds what it was deployed with, and the hash the client computes", async () => {
    const core = await load(fresh);
    expect(plain(await core.parameters.consensus())).to.deep.equal(DEVNET_PARAMS);
    expect(await core.parameters.hash()).to.equal(paramsHash(DEVNET_PARAMS));
    expect(await core.parameters.number()).to.equal(1n);
    expect(plain(await core.parameters.stake())).to.deep.equal(core.file.stake);
    expect(plain(await core.parameters.slashing())).to.deep.equal(core.file.slashing);
    expect(plain(await core.parameters.rewards())).to.deep.equal(core.file.rewards);
    expect(plain(await core.parameters.recovery())).to.deep.equal(core.file.recovery);
    expect(await core.parameters.leakWithin()).to.equal(BigInt(core.file.leakWithin));
    expect(await core.parameters.settlementLag()).to.equal(BigInt(core.file.settlementLag));
    for (const group of ["consensus", "stake", "slashing", "rewards", "recovery"] as const) {
      const { lower, upper } = await core.parameters[`${group}Bounds`]();
      expect([plain(lower), plain(upper)], group).to.deep.equal([
        core.file[`${group}Bounds`].lower,
        core.file[`${group}Bounds`].upper,
      ]);
    }
    expect(await core.parameters.penalties()).to.deep.equal([100_000n, 100_000n, 1_000n, 120n, 60n]);
    expect(await core.parameters.bonds()).to.deep.equal([10_000n, 1_000n, 10_000n, 100n]);
  });

  it("keeps every set of consensus values by its number", async () => {
    const core = await load(fresh);
    const next: Params = { ...DEVNET_PARAMS, drift: 250, voteWindow: 32 };
    await expect(core.parameters.setConsensus(next)).to.emit(core.parameters, "ConsensusSet");
    expect(await core.parameters.number()).to.equal(2n);
    expect(await core.parameters.hash()).to.equal(paramsHash(next));
    expect(plain(await core.parameters.consensusAt(1))).to.deep.equal(DEVNET_PARAMS);
    expect(plain(await core.parameters.consensusAt(2))).to.deep.equal(next);
    for (const number of [0, 3]) {
      await expect(core.parameters.consensusAt(number)).to.be.revertedWithCustomError(
        core.parameters,
        "ConsensusParametersUnknown",
      );
    }
  });

  it("demands Secure for as long as the council asks, whatever governance sets meanwhile", async () => {
    const core = await load(fresh);
    const { parameters, access, others } = core;
    const council = others[2]!;
    await access.grantRole(ROLES.council, council.address, 0);
    const asked = parameters.connect(council);
    const until = (await connection.networkHelpers.time.latest()) + 1_000;
    await expect(asked.requestModeFloor(until)).to.emit(parameters, "ModeFloorRequested").withArgs(until);
    expect(await parameters.modeFloorUntil()).to.equal(BigInt(until));
    const raised: Params = { ...DEVNET_PARAMS, modeFloor: 2 };
    expect([await parameters.number(), await parameters.hash()]).to.deep.equal([2n, paramsHash(raised)]);
    expect(plain(await parameters.consensus())).to.deep.equal(raised);
    // Asked again, nothing new has to be written.
    await asked.requestModeFloor(until + 1);
    expect(await parameters.number()).to.equal(2n);
    const next: Params = { ...DEVNET_PARAMS, drift: 250 };
    await parameters.setConsensus(next);
    expect([await parameters.number(), await parameters.hash()]).to.deep.equal([
      4n,
      paramsHash({ ...next, modeFloor: 2 }),
    ]);
    await connection.networkHelpers.time.increaseTo(until + 1);
    expect([await parameters.number(), await parameters.hash()]).to.deep.equal([3n, paramsHash(next)]);
    // A set that demands Secure itself is raised already.
    await parameters.setConsensus({ ...next, modeFloor: 2 });
    await asked.requestModeFloor(until + 500);
    expect(await parameters.number()).to.equal(5n);
    await asked.requestModeFloor(0);
    expect(await parameters.modeFloorUntil()).to.equal(0n);
    expect(await parameters.number()).to.equal(5n);
    const now = await connection.networkHelpers.time.latest();
    await expect(asked.requestModeFloor(now + 72 * 3600 + 60)).to.be.revertedWithCustomError(
      parameters,
      "ConsensusParametersFloorTooLong",
    );
  });

  it("listens to governance only", async () => {
    const core = await load(fresh);
    const stranger = core.parameters.connect(core.others[0]!);
    for (const call of [
      stranger.setConsensus(DEVNET_PARAMS),
      stranger.setStake(core.file.stake as never),
      stranger.setSlashing(core.file.slashing as never),
      stranger.setRewards(core.file.rewards as never),
      stranger.setRecovery(core.file.recovery as never),
      stranger.requestModeFloor(0),
    ]) {
      await expect(call).to.be.revertedWithCustomError(core.parameters, "AccessManagedUnauthorized");
    }
  });

  it("refuses every value outside its bounds, by group and index", async () => {
    const core = await deployCore(connection, (file) => ({ ...file, ...defaults() }));
    const { file } = core;
    const outOfBounds = (call: Promise<unknown>, group: number, index: number) =>
      expect(call)
        .to.be.revertedWithCustomError(core.parameters, "ConsensusParametersOutOfBounds")
        .withArgs(
          group,
          index,
          (value: bigint) => value >= 0n,
          (value: bigint) => value >= 0n,
          (value: bigint) => value > 0n,
        );
    const groups = [
      {
        values: file.stake,
        bounds: file.stakeBounds,
        set: (v: unknown) => core.parameters.setStake(v as never),
      },
      {
        values: file.slashing,
        bounds: file.slashingBounds,
        set: (v: unknown) => core.parameters.setSlashing(v as never),
      },
      {
        values: file.rewards,
        bounds: file.rewardsBounds,
        set: (v: unknown) => core.parameters.setRewards(v as never),
      },
      {
        values: file.recovery,
        bounds: file.recoveryBounds,
        set: (v: unknown) => core.parameters.setRecovery(v as never),
      },
    ];
    for (const [at, { values, bounds, set }] of groups.entries()) {
      for (const [index, name] of Object.keys(values).entries()) {
        const above = (bounds.upper[name] as number) + 1;
        await outOfBounds(set({ ...values, [name]: above }), at + 1, index);
        const below = (bounds.lower[name] as number) - 1;
        if (below >= 0) await outOfBounds(set({ ...values, [name]: below }), at + 1, index);
      }
    }
    let index = 0;
    for (const [name, value] of Object.entries(file.consensus)) {
      const bound = file.consensusBounds.upper[name]!;
      if (typeof value === "number") {
        await outOfBounds(
          core.parameters.setConsensus({ ...DEFAULT_PARAMS, [name]: (bound as number) + 1 }),
          0,
          index++,
        );
      } else {
        for (const mode of ["fast", "balanced", "secure"]) {
          const above = { ...value, [mode]: (bound as Record<string, number>)[mode]! + 1 };
          await outOfBounds(core.parameters.setConsensus({ ...DEFAULT_PARAMS, [name]: above }), 0, index++);
        }
      }
    }
    expect(index).to.equal(36);
  });

  it("refuses combinations that break a rule of safety", async () => {
    const wide = (lower: object, upper: object) => ({
      lower: fill(lower, 0),
      upper: fill(upper, 4_000_000_000),
    });
    const core = await deployCore(connection, (file) => ({
      ...file,
      consensusBounds: wide(file.consensusBounds.lower, file.consensusBounds.upper),
      stakeBounds: wide(file.stakeBounds.lower, file.stakeBounds.upper),
      slashingBounds: wide(file.slashingBounds.lower, file.slashingBounds.upper),
      rewardsBounds: wide(file.rewardsBounds.lower, file.rewardsBounds.upper),
      recoveryBounds: wide(file.recoveryBounds.lower, file.recoveryBounds.upper),
    }));
    const consensus = (change: Partial<Params>) =>
      core.parameters.setConsensus({ ...DEVNET_PARAMS, ...change });
    const stake = (change: object) => core.parameters.setStake({ ...core.file.stake, ...change } as never);
    const slashing = (change: object) =>
      core.parameters.setSlashing({ ...core.file.slashing, ...change } as never);
    const rewards = (change: object) =>
      core.parameters.setRewards({ ...core.file.rewards, ...change } as never);
    const recovery = (change: object) =>
      core.parameters.setRecovery({ ...core.file.recovery, ...change } as never);
    const length = DEVNET_PARAMS.epochLength;
    const { drift, lease, refLag, settleLease } = DEVNET_PARAMS;
    const { grace, leakAfter, leakRound, stall } = core.file.recovery as Record<string, number>;
    // The last seconds before leaving stake is free are the least that grace, lease and drift need.
    const spare = core.file.leakWithin - leakAfter! - 5 * leakRound! - (lease + 2 * drift) / 1000;
    for (const [call, rule] of [
      [consensus({ checkpointInterval: { ...length, fast: 11 } }), "checkpointInterval <= epochLength"],
      [consensus({ checkpointInterval: { ...length, balanced: 11 } }), "checkpointInterval <= epochLength"],
      [consensus({ checkpointInterval: { ...length, secure: 11 } }), "checkpointInterval <= epochLength"],
      [consensus({ lease: 1_000 }), "leases > 2 drift"],
      [consensus({ settleLease: 1_000 }), "leases > 2 drift"],
      [consensus({ refLag: settleLease }), "refLag < settleLease"],
      [consensus({ settleLease: leakAfter! * 1000 - 2 * drift }), "settleLease + 2 drift < leakAfter"],
      [consensus({ refLag: stall! * 1000 - 10_000 }), "stall > checkpoint cadence + refLag"],
      [consensus({ lease: lease + 1000 * (spare - grace!) }), "leakAfter + rounds + grace < unbonding"],
      [consensus({ modeFloor: 3 }), "modeFloor <= 2"],
      [consensus({ fastEntryLoad: 900_000 }), "fastEntryLoad < fastExitLoad"],
      [consensus({ fastEntryAvailability: 850_000 }), "secure <= fastExit < fastEntryAvailability"],
      [consensus({ secureAvailability: 850_001 }), "secure <= fastExit < fastEntryAvailability"],
      [consensus({ residency: 0 }), "residency > 0"],
      [consensus({ targetLoad: 0 }), "0 < targetLoad <= 1"],
      [consensus({ targetLoad: 1_000_001 }), "0 < targetLoad <= 1"],
      [consensus({ capacityStep: 500_001 }), "capacityStep <= 1/2"],
      [consensus({ forceQuota: 550_001 }), "forceQuota <= minBlockBytes <= maxBlockBytes"],
      [consensus({ minBlockBytes: 2_200_001 }), "forceQuota <= minBlockBytes <= maxBlockBytes"],
      [consensus({ minBlockBytes: 0, forceQuota: 0 }), "minBlockBytes > 0"],
      [stake({ authorityBond: 0 }), "bonds > 0"],
      [stake({ stakerBond: 0 }), "bonds > 0"],
      [stake({ weightPerBond: 0 }), "bonds > 0"],
      [stake({ balancedBond: 999 }), "balancedBond >= stakerBond"],
      [stake({ maxSeats: 1_025 }), "balancedSeats <= maxSeats <= 1024"],
      [stake({ maxSeats: 99 }), "balancedSeats <= maxSeats <= 1024"],
      [stake({ stakeCap: 49_999 }), "stakeCap * stakeCapFrom >= 1"],
      [stake({ authorityStakeDivisor: 3 }), "authorities below a third of the stake"],
      [slashing({ basePenalty: 1_000_001 }), "basePenalty <= 1"],
      [slashing({ reporterShare: 500_001 }), "reporterShare <= 1/2"],
      [slashing({ absenceLeast: 50_001 }), "absenceLeast <= absenceMost <= basePenalty"],
      [slashing({ absenceMost: 100_001 }), "absenceLeast <= absenceMost <= basePenalty"],
      [slashing({ jailAfter: 0 }), "jailAfter > 0"],
      [slashing({ correlationWindow: 121 }), "correlationWindow <= evidenceValidity"],
      ...[
        "authorityShareFast",
        "authorityShareBalanced",
        "authorityShareSecure",
        "standbyShare",
        "annualCap",
      ].map((name) => [rewards({ [name]: 1_000_001 }), "shares <= 1"] as const),
      [rewards({ proposerBonus: 1_000_001 }), "proposerBonus + creditShare <= 1"],
      [rewards({ proposerBonus: 980_001 }), "proposerBonus + creditShare <= 1"],
      [rewards({ accrualLag: 0 }), "accrualLag > 0"],
      [recovery({ leakStep: 0 }), "leakStep > 0"],
      [recovery({ leakFloor: 499_999 }), "1/2 <= leakFloor <= 1"],
      [recovery({ leakFloor: 1_000_001 }), "1/2 <= leakFloor <= 1"],
      [recovery({ stall: (10_000 + refLag) / 1000 }), "stall > checkpoint cadence + refLag"],
      [recovery({ leakAfter: settleLease / 1000 + 1 }), "settleLease + 2 drift < leakAfter"],
      [recovery({ grace: spare }), "leakAfter + rounds + grace < unbonding"],
    ] as const) {
      await expect(call)
        .to.be.revertedWithCustomError(core.parameters, "ConsensusParametersUnsafe")
        .withArgs(rule);
    }
    await stake({ stakeCap: 50_000 });
    await slashing({ reporterShare: 500_000, absenceMost: 100_000, correlationWindow: 120, jailAfter: 1 });
    await rewards({ proposerBonus: 980_000, accrualLag: 1 });
    await recovery({ grace: spare - 1 });
    await recovery({ leakAfter: settleLease / 1000 + 2, stall: 11, leakFloor: 1_000_000 });
    // Amounts beyond what is stored are refused, not cut.
    const beyond = await deployCore(connection, (file) => ({
      ...file,
      slashingBounds: {
        ...file.slashingBounds,
        upper: { ...file.slashingBounds.upper, surchargeFactor: 2 ** 33 },
      },
    }));
    await expect(
      beyond.parameters.setSlashing({ ...beyond.file.slashing, surchargeFactor: 2 ** 32 } as never),
    ).to.be.revertedWithCustomError(beyond.parameters, "SafeCastOverflowedUintDowncast");
  });

  it("is not deployed with values outside its bounds", async () => {
    const outcome = await deployCore(connection, (file) => ({
      ...file,
      slashing: { ...file.slashing, jailTime: 0 },
    })).then(
      () => "deployed",
      (error: Error) => error.message,
    );
    expect(outcome).to.match(/OutOfBounds/);
  });
});

describe("parameter files", () => {
  it("hold the client's defaults", () => {
    expect(parametersFor(PUBLIC, undefined).consensus).to.deep.equal(DEFAULT_PARAMS);
    expect(parametersFor(LOCAL, undefined).consensus).to.deep.equal(DEVNET_PARAMS);
  });

  it("leave a candidate an epoch's time to become final on the settlement chain, in each mode", async () => {
    const lag = 30;
    const length = { fast: 600, balanced: 120, secure: 30 };
    const core = await deployCore(connection, (file) => ({
      ...file,
      consensus: { ...file.consensus, epochLength: length },
      settlementLag: lag,
    }));
    const params = { ...DEVNET_PARAMS, epochLength: length };
    const refused = (change: Partial<Params>, rule: string) =>
      expect(core.parameters.setConsensus({ ...params, ...change }), rule)
        .to.be.revertedWithCustomError(core.parameters, "ConsensusParametersUnsafe")
        .withArgs(rule);
    for (const [mode, blocks] of Object.entries(length)) {
      await refused({ epochLength: { ...length, [mode]: blocks - 1 } }, "epochs >= 2 settlementLag");
    }
    await refused({ refLag: 1000 * lag, settleLease: 2_000 * lag }, "refLag < settlementLag");
    await core.parameters.setConsensus({ ...params, refLag: 1000 * lag - 1 });
  });

  it("of a devnet are refused on any other chain", () => {
    const path = join(import.meta.dirname, "..", "..", "deploy", "parameters", "devnet.json");
    expect(parametersFor(LOCAL, path).chainId).to.equal(26_090);
    expect(() => parametersFor(PUBLIC, path)).to.throw(/name another file/);
  });

  it("keep evidence no longer than stake is unbonding, and devnet bounds apart", () => {
    for (const chain of [LOCAL, PUBLIC]) {
      const { slashingBounds, unbonding } = parametersFor(chain, undefined);
      expect(slashingBounds.upper.evidenceValidity).to.be.at.most(unbonding.unbondingTime);
    }
    const { leakWithin, unbonding } = parametersFor(PUBLIC, undefined);
    expect(leakWithin).to.be.at.most(unbonding.unbondingTime);
  });

  it("can be deployed as they are", async () => {
    const core = await deployCore(connection, (file) => ({ ...file, ...defaults() }));
    expect(await core.parameters.hash()).to.equal(paramsHash(DEFAULT_PARAMS));
    expect(await core.queue.unbondingTime()).to.equal(21n * 86_400n);
  });
});

/** The default parameters beside what a local chain needs. */
function defaults(): Omit<ParameterFile, "settlementChains"> {
  return parametersFor(PUBLIC, undefined);
}

/** The same structure with one number everywhere. */
function fill(values: object, number: number): Record<string, number | Record<string, number>> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === "number" ? number : (fill(value, number) as Record<string, number>),
    ]),
  );
}
