import * as model from "@aitbc-hybrid/contract-model";
import { expect } from "chai";
import fc from "fast-check";
import type { NetworkConnection } from "hardhat/types/network";
import { ROLES } from "../../../tasks/roles.ts";
import { COIN, type Core, coreAddresses, hashOf, MODES, plain, type Signer } from "../../support/core.ts";
import { ACTIONS, enroll, type Move } from "./actions.ts";
import {
  compareAll,
  comparePay,
  comparePosition,
  compareRecord,
  compareTotals,
  compareValidator,
} from "./compare.ts";
import { perform, type World, worldOf } from "./world.ts";

/** Steps between two comparisons of everything. */
const COMPARE_EVERY = 25;

/** How often each kind of step is drawn. */
export type Weights = Partial<Record<keyof typeof ACTIONS, number>>;

/** Brings a validator in on both sides. */
async function bringIn(world: World, role: model.Role, bond: number, operator: Signer): Promise<number> {
  const { core } = world;
  const id = await enroll(world, operator);
  if (role === "authority")
    await perform(world, {
      name: "admit",
      from: core.deployer,
      contract: (o) => core.registry.admit(id, o),
      model: (tx) => model.admit(tx, id),
    });
  const amount = BigInt(bond) * COIN;
  await perform(world, {
    name: "depositBond",
    from: operator,
    contract: (o) => core.pool.connect(operator).depositBond(id, amount, o),
    model: (tx) => model.depositBond(tx, id, amount),
  });
  return id;
}

/** Contracts and model with four authorities and four stakers, started in Balanced. */
export async function begin(core: Core, slasher: Signer): Promise<World> {
  for (const role of [ROLES.council, ROLES.recovery])
    await core.access.grantRole(role, core.deployer.address, 0);
  const world = await worldOf(core, slasher);
  const ids: number[] = [];
  for (const bond of [10_000, 12_000, 10_500, 30_000])
    ids.push(await bringIn(world, "authority", bond, core.others[5 + ids.length]!));
  for (const bond of [20_000, 15_000, 9_000, 40_000])
    ids.push(await bringIn(world, "staker", bond, core.others[5 + ids.length]!));
  await perform(world, {
    name: "enter",
    from: core.deployer,
    contract: (o) => core.elections.enter(ids, o),
    model: (tx) => model.enter(tx, ids),
  });
  const hints = plain(await core.elections.sealHints.staticCall());
  await perform(world, {
    name: "start",
    from: core.deployer,
    contract: (o) =>
      core.checkpoints.start(
        coreAddresses(core),
        MODES.indexOf("balanced"),
        hashOf("genesis state"),
        hints,
        o,
      ),
    model: (tx) => model.start(tx, "balanced"),
  });
  return world;
}

/** Fills the distributor's reserve. */
export async function fund(world: World, amount: bigint): Promise<void> {
  const { core } = world;
  await core.token.connect(core.deployer).approve(core.addresses.distributor, amount);
  world.at = await core.connection.networkHelpers.time.latest();
  await perform(world, {
    name: "fund",
    from: core.deployer,
    contract: (o) => core.distributor.fund(amount, o),
    model: (tx) => model.fund(tx, amount),
  });
}

/** Plays a history on both sides, comparing what each step touched, and everything now and then. */
async function play(world: World, moves: readonly Move[]): Promise<void> {
  for (const [step, { action, draws, after }] of moves.entries()) {
    const { validators, owners } = await ACTIONS[action](world, draws, after);
    for (const id of validators) {
      await compareValidator(world, id);
      await compareRecord(world, id);
      for (const owner of owners) await comparePosition(world, id, owner);
      await comparePay(world, id, owners);
    }
    await compareTotals(world);
    if (step % COMPARE_EVERY === COMPARE_EVERY - 1) await compareAll(world);
  }
  await compareAll(world);
}

/** Histories of this many steps, of kinds in these proportions. */
function histories(weights: Weights, steps: number): fc.Arbitrary<Move[]> {
  const draw = fc.nat({ max: 1_000_000 });
  const action = fc.oneof(
    ...Object.entries(weights).map(([name, weight]) => ({
      weight,
      arbitrary: fc.constant(name as keyof typeof ACTIONS),
    })),
  );
  const after = fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 1, max: 5 }) },
    { weight: 3, arbitrary: fc.integer({ min: 6, max: 40 }) },
    { weight: 1, arbitrary: fc.integer({ min: 41, max: 400 }) },
  );
  const move = fc.record({ action, draws: fc.tuple(draw, draw, draw, draw), after });
  return fc.array(move, { minLength: steps, maxLength: steps });
}

/** Seeds of the histories that every run plays; `AITBC_HYBRID_HISTORIES=n` plays n more, of seeds after these. */
function seeds(fixed: number): number[] {
  const more = Number(process.env.AITBC_HYBRID_HISTORIES ?? 0);
  return [
    ...Array.from({ length: fixed }, (_, i) => 1 + i),
    ...Array.from({ length: more }, (_, i) => 1_000 + i),
  ];
}

/** Loads a fixture of both sides. The model's state is a value: only the contracts are turned back. */
async function loadWorld(connection: NetworkConnection, fixture: () => Promise<World>): Promise<World> {
  const world = await connection.networkHelpers.loadFixture(fixture);
  return {
    ...world,
    core: { ...world.core, members: new Map(world.core.members), secrets: new Map(world.core.secrets) },
    accounts: [...world.accounts],
    groups: [...world.groups],
    kept: [...world.kept],
    seen: new Map(),
  };
}

/** Histories of one kind. */
export interface Kind {
  readonly what: string;
  readonly weights: Weights;
  readonly steps: number;
  /** How many of them every run plays. */
  readonly histories: number;
}

/**
 * Tests that contracts and model agree on random histories of these kinds, and that each of the steps named succeeded in
 * one of them: a history in which nothing happens proves nothing.
 */
export function testHistories(
  connection: NetworkConnection,
  started: () => Promise<World>,
  kinds: readonly Kind[],
  succeed: readonly (keyof typeof ACTIONS)[],
): void {
  const seen = new Map<string, number>();
  for (const { what, weights, steps, histories: fixed } of kinds) {
    for (const seed of seeds(fixed)) {
      it(`agree to the wei on a random history of ${what} (seed ${seed})`, async () => {
        const world = await loadWorld(connection, started);
        await play(world, fc.sample(histories(weights, steps), { numRuns: 1, seed })[0]!);
        for (const [step, times] of world.seen) seen.set(step, (seen.get(step) ?? 0) + times);
      });
    }
  }

  it("see each of the steps that matter succeed", () => {
    const names = succeed.flatMap((step) => (step === "epoch" ? ["boundary", "seal"] : [step]));
    expect(
      names.filter((name) => !seen.has(name)),
      "never seen in any history",
    ).to.deep.equal([]);
  });
}
