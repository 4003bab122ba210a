import { join } from "node:path";
import { DEFAULT_PARAMS, DEVNET_PARAMS, type Params, paramsHash } from "@aitbc-hybrid/protocol";
import { expect } from "chai";
import { network } from "hardhat";
import { type ParameterFile, parametersFor } from "../../tasks/parameters.ts";
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
    const bounds = await core.parameters.consensusBounds();
    expect(plain(bounds.lower)).to.deep.equal(core.file.consensusBounds.lower);
    expect(plain(bounds.upper)).to.deep.equal(core.file.consensusBounds.upper);
    const stake = await core.parameters.stakeBounds();
    expect([plain(stake.lower), plain(stake.upper)]).to.deep.equal([
      core.file.stakeBounds.lower,
      core.file.stakeBounds.upper,
    ]);
    const slashing = await core.parameters.slashingBounds();
    expect([plain(slashing.lower), plain(slashing.upper)]).to.deep.equal([
      core.file.slashingBounds.lower,
      core.file.slashingBounds.upper,
    ]);
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

  it("listens to governance only", async () => {
    const core = await load(fresh);
    const stranger = core.parameters.connect(core.others[0]!);
    for (const call of [
      stranger.setConsensus(DEVNET_PARAMS),
      stranger.setStake(core.file.stake as never),
      stranger.setSlashing(core.file.slashing as never),
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
    expect(index).to.equal(22);
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
    }));
    const consensus = (change: Partial<Params>) =>
      core.parameters.setConsensus({ ...DEVNET_PARAMS, ...change });
    const stake = (change: object) => core.parameters.setStake({ ...core.file.stake, ...change } as never);
    const slashing = (change: object) =>
      core.parameters.setSlashing({ ...core.file.slashing, ...change } as never);
    const length = DEVNET_PARAMS.epochLength;
    for (const call of [
      consensus({ checkpointInterval: { ...length, fast: 11 } }),
      consensus({ checkpointInterval: { ...length, balanced: 11 } }),
      consensus({ checkpointInterval: { ...length, secure: 11 } }),
      consensus({ lease: 1_000 }),
      consensus({ settleLease: 1_000 }),
      consensus({ refLag: DEVNET_PARAMS.settleLease }),
      stake({ authorityBond: 0 }),
      stake({ stakerBond: 0 }),
      stake({ weightPerBond: 0 }),
      stake({ balancedBond: 999 }),
      stake({ maxSeats: 1_025 }),
      stake({ maxSeats: 99 }),
      stake({ stakeCap: 49_999 }),
      stake({ authorityStakeDivisor: 3 }),
      slashing({ basePenalty: 1_000_001 }),
      slashing({ reporterShare: 500_001 }),
    ]) {
      await expect(call).to.be.revertedWithCustomError(core.parameters, "ConsensusParametersUnsafe");
    }
    await stake({ stakeCap: 50_000 });
    await slashing({ reporterShare: 500_000 });
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
