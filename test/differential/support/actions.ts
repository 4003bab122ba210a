import * as model from "@aitbc-hybrid/contract-model";
import type { Hash } from "@aitbc-hybrid/protocol";
import {
  type BaseContract,
  type ContractTransactionReceipt,
  type ContractTransactionResponse,
  keccak256,
} from "ethers";
import {
  boundaryNow,
  COIN,
  checkpointAt,
  hashOf,
  notarize,
  plain,
  possession,
  type Signer,
  secretsBySeat,
  submission,
  votePair,
} from "../../support/core.ts";
import { contradiction, statement } from "../../support/evidence.ts";
import { vectorOf } from "../../support/rewards.ts";
import { perform, type World } from "./world.ts";

/** What chance decided of one action: its actor, its objects and its amounts. */
export type Draws = readonly [number, number, number, number];
export interface Move {
  readonly action: keyof typeof ACTIONS;
  readonly draws: Draws;
  /** Seconds that pass before. */
  readonly after: number;
}

type Sent = Promise<ContractTransactionResponse>;

const pick = <T>(list: readonly T[], draw: number): T => list[draw % list.length]!;
const idOf = (world: World, draw: number): number => 1 + (draw % world.state.registry.validators.size);
const ownerOf = (world: World, draw: number): Signer => pick(world.owners, draw);
const operatorOf = (world: World, id: number): Signer => world.core.members.get(id)!.operator;

/** Part of what there is; now and then nothing, all, or too much. */
export function partOf(most: bigint, draw: number): bigint {
  switch (draw % 12) {
    case 0:
      return 0n;
    case 1:
      return most + 1n;
    case 2:
      return 1n;
    case 3:
    case 4:
      return most;
    default:
      return (most * BigInt(1 + (draw % 997))) / 997n;
  }
}

/** Whole AITBC and some base units; now and then below every minimum. */
const amountOf = (draw: number): bigint =>
  draw % 15 === 0 ? BigInt(draw) : BigInt(1 + (draw % 30_000)) * COIN + BigInt(draw % 1_000_007);

/** An epoch whose boundary may have started a clock. */
const witnessOf = (world: World, draw: number): number => {
  const last = world.state.schedule.epoch - 1;
  return last < 0 ? 0 : Math.max(0, last - (draw % 4));
};

const sharesOf = (world: World, id: number, owner: string): bigint =>
  model.poolOf(world.state, id).positions.get(owner)?.shares ?? 0n;

/** One of the cohorts in which the account has something, else any. */
function cohortFor(world: World, id: number, owner: string, draw: number): { index: number; shares: bigint } {
  const own = [...model.poolOf(world.state, id).leaving]
    .map(([index, parts]) => ({ index, shares: parts.get(owner)?.shares ?? 0n }))
    .filter(({ shares }) => shares !== 0n);
  return own.length === 0 ? { index: draw % 3, shares: 5n } : pick(own, draw);
}

/** A validator with which the account has something; else any. */
function holdingOf(world: World, owner: string, draw: number, left: boolean): number {
  const ids = [...world.state.custody.pools]
    .filter(([, pool]) =>
      left
        ? [...pool.leaving.values()].some((parts) => (parts.get(owner)?.shares ?? 0n) !== 0n)
        : (pool.positions.get(owner)?.shares ?? 0n) !== 0n,
    )
    .map(([id]) => id);
  return ids.length === 0 || draw % 10 === 0 ? idOf(world, draw) : pick(ids, draw);
}

/** The present epoch, mostly, or one of the two before, with its registry. */
function pastEpoch(world: World, draw: number): { epoch: number; registry: model.Snapshot } {
  const epoch = Math.max(0, world.state.schedule.epoch - (draw % 5 < 3 ? 0 : draw % 3));
  return { epoch, registry: model.registryOf(world.state, epoch) };
}

/** Somebody on record, if there is anybody; now and then anybody. */
function offenderOf(world: World, draw: number): number {
  const { convictions, absences } = world.state.slashing;
  const ids = [...new Set([...convictions.keys(), ...absences.keys()])];
  return ids.length === 0 || draw % 8 === 0 ? idOf(world, draw) : pick(ids, draw);
}

/** Somebody for whom a surcharge or an absence waits, if there is anybody. */
function waitingOf(world: World, draw: number): { id: number; surcharge: boolean } {
  const { convictions, settled, vetoed, absences } = world.state.slashing;
  const waiting = [
    ...[...convictions.keys()]
      .filter((id) => !settled.has(id) && !vetoed.has(id))
      .map((id) => ({ id, surcharge: true })),
    ...[...absences].filter(([, { dueAt }]) => dueAt !== 0).map(([id]) => ({ id, surcharge: false })),
  ];
  const surcharge = draw % 2 === 0;
  return waiting.length === 0 || draw % 9 === 0
    ? { id: offenderOf(world, draw), surcharge }
    : pick(waiting, draw);
}

/** Arguments of the events of one name in a receipt. */
const eventsOf = (contract: BaseContract, receipt: ContractTransactionReceipt | null, name: string) =>
  (receipt?.logs ?? [])
    .map((log) => contract.interface.parseLog(log))
    .filter((event) => event?.name === name)
    .map((event) => event!.args.toObject() as Record<string, unknown>);

type Touched = { readonly validators: readonly number[]; readonly owners: readonly string[] };

/** Every kind of step of a history: performs it on both sides and says what it may have touched. */
export const ACTIONS = {
  async delegate(world: World, draws: Draws, after: number): Promise<Touched> {
    const [owner, id, amount] = [ownerOf(world, draws[0]), idOf(world, draws[1]), amountOf(draws[2])];
    await perform(world, {
      name: "delegate",
      from: owner,
      after,
      contract: (o): Sent => world.core.pool.connect(owner).delegate(id, amount, o),
      model: (tx) => model.delegate(tx, id, amount),
    });
    return { validators: [id], owners: [owner.address] };
  },

  async delegateFor(world: World, draws: Draws, after: number): Promise<Touched> {
    const [from, owner] = [ownerOf(world, draws[0]), ownerOf(world, draws[1]).address];
    const [id, amount] = [holdingOf(world, owner, draws[2], false), amountOf(draws[3])];
    await perform(world, {
      name: "delegateFor",
      from,
      after,
      contract: (o): Sent => world.core.pool.connect(from).delegateFor(id, owner, amount, o),
      model: (tx) => model.delegateFor(tx, id, owner, amount),
    });
    return { validators: [id], owners: [owner] };
  },

  async undelegate(world: World, draws: Draws, after: number): Promise<Touched> {
    const owner = ownerOf(world, draws[0]);
    const id = holdingOf(world, owner.address, draws[1], false);
    const shares = partOf(sharesOf(world, id, owner.address), draws[2]);
    await perform(world, {
      name: "undelegate",
      from: owner,
      after,
      contract: (o): Sent => world.core.pool.connect(owner).undelegate(id, shares, o),
      model: (tx) => model.undelegate(tx, id, shares),
    });
    return { validators: [id], owners: [owner.address] };
  },

  async redelegate(world: World, draws: Draws, after: number): Promise<Touched> {
    const owner = ownerOf(world, draws[0]);
    const [from, to] = [holdingOf(world, owner.address, draws[1], false), idOf(world, draws[2])];
    const shares = partOf(sharesOf(world, from, owner.address), draws[3]);
    await perform(world, {
      name: "redelegate",
      from: owner,
      after,
      contract: (o): Sent => world.core.pool.connect(owner).redelegate(from, to, shares, o),
      model: (tx) => model.redelegate(tx, from, to, shares),
    });
    return { validators: [from, to], owners: [owner.address] };
  },

  async settleLiability(world: World, draws: Draws, after: number): Promise<Touched> {
    const [caller, owner] = [ownerOf(world, draws[0]), ownerOf(world, draws[1]).address];
    const id = holdingOf(world, owner, draws[2], false);
    await perform(world, {
      name: "settleLiability",
      from: caller,
      after,
      contract: (o): Sent => world.core.pool.connect(caller).settleLiability(id, owner, o),
      model: (tx) => model.settleLiability(tx, id, owner),
    });
    return { validators: [id], owners: [owner] };
  },

  async clearLiability(world: World, draws: Draws, after: number): Promise<Touched> {
    const [caller, owner] = [ownerOf(world, draws[0]), ownerOf(world, draws[1]).address];
    const [id, witness] = [holdingOf(world, owner, draws[2], false), witnessOf(world, draws[3])];
    await perform(world, {
      name: "clearLiability",
      from: caller,
      after,
      contract: (o): Sent => world.core.pool.connect(caller).clearLiability(id, owner, witness, o),
      model: (tx) => model.clearLiability(tx, id, owner, witness),
    });
    return { validators: [id], owners: [owner] };
  },

  async settleEntry(world: World, draws: Draws, after: number): Promise<Touched> {
    const [caller, owner] = [ownerOf(world, draws[0]), ownerOf(world, draws[1]).address];
    const id = holdingOf(world, owner, draws[2], true);
    const { index } = cohortFor(world, id, owner, draws[3]);
    await perform(world, {
      name: "settleEntry",
      from: caller,
      after,
      contract: (o): Sent => world.core.queue.connect(caller).settleLiability(id, owner, index, o),
      model: (tx) => model.settleEntryLiability(tx, id, owner, index),
    });
    return { validators: [id], owners: [owner] };
  },

  async cancel(world: World, draws: Draws, after: number): Promise<Touched> {
    const owner = ownerOf(world, draws[0]);
    const id = holdingOf(world, owner.address, draws[1], true);
    const { index, shares: most } = cohortFor(world, id, owner.address, draws[2]);
    const shares = partOf(most, draws[3]);
    await perform(world, {
      name: "cancel",
      from: owner,
      after,
      contract: (o): Sent => world.core.queue.connect(owner).cancel(id, index, shares, o),
      model: (tx) => model.cancel(tx, id, index, shares),
    });
    return { validators: [id], owners: [owner.address] };
  },

  async withdraw(world: World, draws: Draws, after: number): Promise<Touched> {
    const owner = ownerOf(world, draws[0]);
    const id = holdingOf(world, owner.address, draws[1], true);
    const { index } = cohortFor(world, id, owner.address, draws[2]);
    const witness = witnessOf(world, draws[3]);
    await perform(world, {
      name: "withdraw",
      from: owner,
      after,
      contract: (o): Sent => world.core.queue.connect(owner).withdraw(id, index, witness, o),
      model: (tx) => model.withdraw(tx, id, index, witness),
    });
    return { validators: [id], owners: [owner.address] };
  },

  async depositBond(world: World, draws: Draws, after: number): Promise<Touched> {
    const [id, amount] = [idOf(world, draws[0]), amountOf(draws[1])];
    const from = draws[2] % 8 === 0 ? ownerOf(world, draws[3]) : operatorOf(world, id);
    await perform(world, {
      name: "depositBond",
      from,
      after,
      contract: (o): Sent => world.core.pool.connect(from).depositBond(id, amount, o),
      model: (tx) => model.depositBond(tx, id, amount),
    });
    return { validators: [id], owners: [] };
  },

  async requestUnbond(world: World, draws: Draws, after: number): Promise<Touched> {
    const id = idOf(world, draws[0]);
    const from = draws[2] % 8 === 0 ? ownerOf(world, draws[3]) : operatorOf(world, id);
    const { bond } = model.poolOf(world.state, id);
    // Seldom so much that the validator falls below its minimum.
    const amount = draws[3] % 3 === 0 ? partOf(bond, draws[1]) : partOf(bond / 10n, draws[1]);
    await perform(world, {
      name: "requestUnbond",
      from,
      after,
      contract: (o): Sent => world.core.pool.connect(from).requestUnbond(id, amount, o),
      model: (tx) => model.requestUnbond(tx, id, amount),
    });
    return { validators: [id], owners: [] };
  },

  async cancelBond(world: World, draws: Draws, after: number): Promise<Touched> {
    const id = idOf(world, draws[0]);
    const { bond } = model.poolOf(world.state, id).cohorts;
    const index = draws[1] % (bond.length + 1);
    const amount = partOf(bond[index]?.tokens ?? 1n, draws[2]);
    const from = draws[3] % 8 === 0 ? ownerOf(world, draws[3]) : operatorOf(world, id);
    await perform(world, {
      name: "cancelBond",
      from,
      after,
      contract: (o): Sent => world.core.queue.connect(from).cancelBond(id, index, amount, o),
      model: (tx) => model.cancelBond(tx, id, index, amount),
    });
    return { validators: [id], owners: [] };
  },

  async withdrawBond(world: World, draws: Draws, after: number): Promise<Touched> {
    const id = idOf(world, draws[0]);
    const index = draws[1] % (model.poolOf(world.state, id).cohorts.bond.length + 1);
    const witness = witnessOf(world, draws[2]);
    const from = operatorOf(world, id);
    await perform(world, {
      name: "withdrawBond",
      from,
      after,
      contract: (o): Sent => world.core.queue.connect(from).withdrawBond(id, index, witness, o),
      model: (tx) => model.withdrawBond(tx, id, index, witness),
    });
    return { validators: [id], owners: [from.address] };
  },

  async announceCommission(world: World, draws: Draws, after: number): Promise<Touched> {
    const id = idOf(world, draws[0]);
    const from = draws[2] % 8 === 0 ? ownerOf(world, draws[3]) : operatorOf(world, id);
    const { current } = model.poolOf(world.state, id).commission;
    const near = current + BigInt((draws[1] % 24_001) - 12_000);
    const rate = draws[3] % 2 === 0 ? BigInt(draws[1] % 110_000) : near < 0n ? 0n : near;
    await perform(world, {
      name: "announceCommission",
      from,
      after,
      contract: (o): Sent => world.core.pool.connect(from).announceCommission(id, rate, o),
      model: (tx) => model.announceCommission(tx, id, rate),
    });
    return { validators: [id], owners: [] };
  },

  async applyCommission(world: World, draws: Draws, after: number): Promise<Touched> {
    const [from, id] = [ownerOf(world, draws[0]), idOf(world, draws[1])];
    await perform(world, {
      name: "applyCommission",
      from,
      after,
      contract: (o): Sent => world.core.pool.connect(from).applyCommission(id, o),
      model: (tx) => model.applyCommission(tx, id),
    });
    return { validators: [id], owners: [] };
  },

  async pause(world: World, draws: Draws, after: number): Promise<Touched> {
    const { core } = world;
    const until = draws[0] % 2 === 0 ? 0 : world.at + (draws[1] % 300);
    await perform(world, {
      name: "pauseDeposits",
      from: core.deployer,
      after,
      contract: (o): Sent => core.pool.pauseDeposits(until, o),
      model: (tx) => model.pauseDeposits(tx, until),
    });
    return { validators: [], owners: [] };
  },

  /** The slasher in office takes what it likes: any fraction, any seal, with or without a hold. */
  async slash(world: World, draws: Draws, after: number): Promise<Touched> {
    const { core, state } = world;
    const from = world.slasher;
    const id = idOf(world, draws[0]);
    const seal = Math.max(1, state.elections.sealNumber - (draws[1] % 5));
    const { junior, senior } = model.liable(state, id, seal);
    const all = junior + senior;
    const [part, whole] =
      draws[2] % 3 === 0 ? [partOf(all, draws[2]), all] : [BigInt(draws[2] % 200_000), 1_000_000n];
    const order = {
      validator: id,
      seal,
      part,
      whole,
      holdUntil: draws[1] % 4 === 0 ? world.at + (draws[3] % 200) : 0,
    };
    await perform(world, {
      name: "slash",
      from,
      after,
      contract: (o): Sent => core.pool.connect(from).slash(id, seal, part, whole, order.holdUntil, o),
      model: (tx) => model.slash(tx, order),
    });
    return { validators: [id], owners: [] };
  },

  async hold(world: World, draws: Draws, after: number): Promise<Touched> {
    const from = world.slasher;
    const id = idOf(world, draws[0]);
    const seal = Math.max(1, world.state.elections.sealNumber - (draws[1] % 3));
    const until = world.at + (draws[2] % 400);
    await perform(world, {
      name: "hold",
      from,
      after,
      contract: (o): Sent => world.core.pool.connect(from).hold(id, seal, until, o),
      model: (tx) => model.hold(tx, id, seal, until),
    });
    return { validators: [id], owners: [] };
  },

  async collectSlashed(world: World, draws: Draws, after: number): Promise<Touched> {
    const from = ownerOf(world, draws[0]);
    await perform(world, {
      name: "collectSlashed",
      from,
      after,
      contract: (o): Sent => world.core.pool.connect(from).collectSlashed(world.slasher.address, o),
      model: (tx) => model.collectSlashed(tx),
    });
    return { validators: [], owners: [] };
  },

  /** Two votes of one seat, of this epoch or an earlier one. */
  async convict(world: World, draws: Draws, after: number): Promise<Touched> {
    const { core, state } = world;
    const from = ownerOf(world, draws[0]);
    const { epoch, registry } = pastEpoch(world, draws[1]);
    const seat = draws[2] % registry.weights.length;
    if (STAY_OUT.has(registry.validators[seat]!)) return { validators: [], owners: [] };
    const view = 1 + (draws[3] % 3);
    const others = await secretsBySeat(core, epoch);
    const secret = others[seat] ?? others.find((each) => each !== undefined)!;
    const pair = await votePair(core, seat, notarize(view, "one"), notarize(view, "two"), { epoch, secret });
    const name = `${epoch} ${view}`;
    const owner = state.registry.keys.get(registry.keys[seat]!) ?? 0;
    const { receipt } = await perform(world, {
      name: "convict",
      from,
      after,
      contract: (o): Sent => core.slashing.connect(from).submitVotes(pair, o),
      model: (tx) => model.convict(tx, { epoch, seal: registry.number, seat, offence: name }),
    });
    const [kept] = eventsOf(core.slashing, receipt, "RewardKept");
    if (kept !== undefined) world.kept.push({ id: kept.id as string, here: `${owner} ${name}` });
    return { validators: owner === 0 ? [] : [owner], owners: [from.address] };
  },

  /** Two certificates: everybody who signed both, at once. */
  async convictGroup(world: World, draws: Draws, after: number): Promise<Touched> {
    const { core, state } = world;
    const from = ownerOf(world, draws[0]);
    const { epoch, registry } = pastEpoch(world, draws[1]);
    const seats = [...registry.keys.keys()].filter(
      (seat) =>
        registry.keys[seat] !== 0 &&
        !STAY_OUT.has(registry.validators[seat]!) &&
        (draws[2] >> seat) % 3 === 0,
    );
    if (seats.length < 2) return { validators: [], owners: [] };
    const view = 11 + (draws[3] % 2);
    const both = contradiction(
      await statement(core, notarize(view, "one"), { epoch, signers: seats }),
      await statement(core, notarize(view, "two"), { epoch, signers: seats }),
    );
    const { outcome, receipt } = await perform(world, {
      name: "convictGroup",
      from,
      after,
      contract: (o): Sent => core.slashing.connect(from).submitContradiction(both, NO_SALT, o),
      model: (tx) =>
        model.convictGroup(tx, { epoch, seal: registry.number, seats, offence: `${epoch} ${view}` }),
    });
    const [group] = eventsOf(core.slashing, receipt, "GroupConvicted");
    if (outcome.ok) world.groups.push({ id: group!.id as string, here: outcome.value });
    const ids = seats.map((seat) => state.registry.keys.get(registry.keys[seat]!)!);
    return { validators: [...new Set(ids)], owners: [] };
  },

  async executeGroup(world: World, draws: Draws, after: number): Promise<Touched> {
    const { core, groups, state } = world;
    if (groups.length === 0) return { validators: [], owners: [] };
    const from = ownerOf(world, draws[0]);
    const { id, here } = pick(groups, draws[1]);
    const waiting = state.slashing.groups.get(here)!.seats;
    const seats = [...waiting.keys(), 0].filter((seat) => (draws[2] >> seat) % 2 === 0);
    const { receipt } = await perform(world, {
      name: "executeGroup",
      from,
      after,
      contract: (o): Sent => core.slashing.connect(from).executeGroup(id, seats, o),
      model: (tx) => model.executeGroup(tx, here, seats),
    });
    if (eventsOf(core.slashing, receipt, "RewardKept").length > 0) world.kept.push({ id, here });
    return { validators: [...waiting.values()], owners: [] };
  },

  async settleSlashing(world: World, draws: Draws, after: number): Promise<Touched> {
    const [from, id] = [ownerOf(world, draws[0]), offenderOf(world, draws[1])];
    await perform(world, {
      name: "settleSlashing",
      from,
      after,
      contract: (o): Sent => world.core.slashing.connect(from).settle(id, o),
      model: (tx) => model.settleSlashing(tx, id),
    });
    return { validators: [id], owners: [] };
  },

  /** A run of absence, real or not, from any epoch accrued on. */
  async chargeAbsence(world: World, draws: Draws, after: number): Promise<Touched> {
    const { core, state } = world;
    const from = ownerOf(world, draws[0]);
    const accrued = state.rewards.seals.length;
    // One that was absent lately, if there is one.
    const first = Math.max(0, accrued - 1 - (draws[2] % 5 === 0 ? draws[2] % 3 : 0));
    const absent = [...(state.rewards.pays[first]?.absent ?? [])]
      .map((seat) => model.registryOf(state, first).validators[seat]!)
      .filter((each) => !STAY_OUT.has(each));
    const id = absent.length === 0 || draws[1] % 6 === 0 ? idOf(world, draws[1]) : pick(absent, draws[1]);
    if (accrued === 0 || STAY_OUT.has(id)) return { validators: [], owners: [] };
    const seats: number[] = [];
    for (let epoch = first; epoch < accrued; epoch++) {
      const seat = model.registryOf(state, epoch).validators.indexOf(id);
      if (seat === -1) break;
      seats.push(seat);
    }
    if (seats.length === 0) return { validators: [], owners: [] };
    await perform(world, {
      name: "chargeAbsence",
      from,
      after,
      contract: (o): Sent => core.slashing.connect(from).chargeAbsence(id, first, seats, o),
      model: (tx) => model.chargeAbsence(tx, id, first, seats),
    });
    return { validators: [id], owners: [] };
  },

  async leak(world: World, draws: Draws, after: number): Promise<Touched> {
    const { core } = world;
    const id = idOf(world, draws[0]);
    if (STAY_OUT.has(id)) return { validators: [], owners: [] };
    await perform(world, {
      name: "leak",
      from: core.deployer,
      after,
      contract: (o): Sent => core.slashing.leak(id, o),
      model: (tx) => model.leak(tx, id),
    });
    return { validators: [id], owners: [] };
  },

  async veto(world: World, draws: Draws, after: number): Promise<Touched> {
    const { core, state } = world;
    const { registry } = state.schedule.records.get(state.schedule.epoch)!;
    const seat = draws[0] % (registry.nAuth + 1);
    const { id, surcharge } = waitingOf(world, draws[1]);
    const voter = registry.validators[seat] ?? 0;
    const from = voter === 0 || draws[2] % 8 === 0 ? ownerOf(world, draws[2]) : operatorOf(world, voter);
    await perform(world, {
      name: "veto",
      from,
      after,
      contract: (o): Sent => core.slashing.connect(from).veto(id, surcharge, seat, "why not", o),
      model: (tx) => model.veto(tx, id, surcharge, seat),
    });
    return { validators: [id], owners: [] };
  },

  async commit(world: World, draws: Draws, after: number): Promise<Touched> {
    const from = ownerOf(world, draws[0]);
    const commitment = hashOf(`commitment ${draws[1]}`);
    await perform(world, {
      name: "commit",
      from,
      after,
      contract: (o): Sent => world.core.slashing.connect(from).commit(commitment, o),
      model: (tx) => model.commit(tx),
    });
    return { validators: [], owners: [] };
  },

  async takeReward(world: World, draws: Draws, after: number): Promise<Touched> {
    if (world.kept.length === 0) return { validators: [], owners: [] };
    const from = ownerOf(world, draws[0]);
    const { id, here } = pick(world.kept, draws[1]);
    await perform(world, {
      name: "takeReward",
      from,
      after: draws[2] % 2 === 0 ? 3_600 : after,
      contract: (o): Sent => world.core.slashing.connect(from).takeReward(id, NO_SALT, o),
      model: (tx) => model.takeReward(tx, here),
    });
    return { validators: [], owners: [] };
  },

  async jail(world: World, draws: Draws, after: number): Promise<Touched> {
    const [from, id] = [world.slasher, idOf(world, draws[0])];
    // Seldom an authority: without a quorum of them there is no next epoch.
    if (model.known(world.state, id).role === "authority" && draws[1] % 4 !== 0)
      return { validators: [], owners: [] };
    await perform(world, {
      name: "jail",
      from,
      after,
      contract: (o): Sent => world.core.registry.connect(from).jail(id, o),
      model: (tx) => model.jail(tx, id),
    });
    return { validators: [id], owners: [] };
  },

  async unjail(world: World, draws: Draws, after: number): Promise<Touched> {
    const jailed = [...world.state.registry.validators.values()].filter(({ status }) => status === "jailed");
    const id = jailed.length === 0 ? idOf(world, draws[0]) : pick(jailed, draws[0]).id;
    const from = operatorOf(world, id);
    await perform(world, {
      name: "unjail",
      from,
      after,
      contract: (o): Sent => world.core.registry.connect(from).unjail(id, o),
      model: (tx) => model.unjail(tx, id),
    });
    return { validators: [id], owners: [] };
  },

  async exit(world: World, draws: Draws, after: number): Promise<Touched> {
    const id = idOf(world, draws[0]);
    // Some stay, so that there are quorums and pools.
    if (id <= STAY || draws[1] % 2 === 0) return { validators: [], owners: [] };
    const from = operatorOf(world, id);
    await perform(world, {
      name: "exit",
      from,
      after,
      contract: (o): Sent => world.core.registry.connect(from).exit(id, o),
      model: (tx) => model.exit(tx, id),
    });
    return { validators: [id], owners: [] };
  },

  async rotateKey(world: World, draws: Draws, after: number): Promise<Touched> {
    const id = idOf(world, draws[0]);
    const from = operatorOf(world, id);
    const { key, proof } = possession(world.core, `key ${world.at} ${id}`, id);
    await perform(world, {
      name: "rotateKey",
      from,
      after,
      contract: (o): Sent => world.core.registry.connect(from).setKey(id, key, proof, o),
      model: (tx) => model.setKey(tx, id),
    });
    return { validators: [id], owners: [] };
  },

  async changeRole(world: World, draws: Draws, after: number): Promise<Touched> {
    const { core } = world;
    const id = idOf(world, draws[0]);
    const isAdmission = draws[1] % 3 !== 0;
    if (!isAdmission && id <= STAY) return { validators: [], owners: [] };
    await perform(world, {
      name: isAdmission ? "admit" : "revoke",
      from: core.deployer,
      after,
      contract: (o): Sent => (isAdmission ? core.registry.admit(id, o) : core.registry.revoke(id, o)),
      model: (tx) => (isAdmission ? model.admit(tx, id) : model.revoke(tx, id)),
    });
    return { validators: [id], owners: [] };
  },

  async join(world: World, draws: Draws, after: number): Promise<Touched> {
    if (world.state.registry.validators.size >= MOST_VALIDATORS) return { validators: [], owners: [] };
    const id = await enroll(world, pick(world.core.others, draws[0]), after);
    return { validators: [id], owners: [] };
  },

  async enter(world: World, draws: Draws, after: number): Promise<Touched> {
    const [from, id] = [ownerOf(world, draws[0]), idOf(world, draws[1])];
    await perform(world, {
      name: "enter",
      from,
      after,
      contract: (o): Sent => world.core.elections.connect(from).enter([id], o),
      model: (tx) => model.enter(tx, [id]),
    });
    return { validators: [id], owners: [] };
  },

  /** The boundary of the present epoch, signed by all its backing set, and mostly the seal of the next candidate. */
  async epoch(world: World, draws: Draws, after: number): Promise<Touched> {
    await closeEpoch(world, ownerOf(world, draws[0]), after, draws);
    return { validators: [], owners: [] };
  },

  /** Pays the next epoch; now and then another, by another vector, or in somebody else's name. */
  async accrue(world: World, draws: Draws, after: number): Promise<Touched> {
    const { core, accounts, state } = world;
    const from = ownerOf(world, draws[0]);
    const epoch = state.rewards.seals.length + (draws[1] % 12 === 0 ? 1 : 0);
    const account = accounts[epoch];
    if (account === undefined) return { validators: [], owners: [] };
    const vector = draws[2] % 20 === 0 ? account.vector.slice(1) : account.vector;
    const relayer = draws[3] % 20 === 0 ? from.address : account.submitter;
    await perform(world, {
      name: "accrue",
      from,
      after,
      contract: (o): Sent =>
        core.distributor.connect(from).accrue(epoch, account.accounting, vectorOf(vector), relayer, o),
      model: (tx) => model.accrue(tx, epoch, vector, relayer),
    });
    return { validators: [], owners: [] };
  },

  async settle(world: World, draws: Draws, after: number): Promise<Touched> {
    const [from, owner] = [ownerOf(world, draws[0]), ownerOf(world, draws[1]).address];
    const id = holdingOf(world, owner, draws[2], false);
    await perform(world, {
      name: "settle",
      from,
      after,
      contract: (o): Sent => world.core.distributor.connect(from).settle(id, owner, o),
      model: (tx) => model.settleRewards(tx, id, owner),
    });
    return { validators: [id], owners: [owner] };
  },

  async settleRows(world: World, draws: Draws, after: number): Promise<Touched> {
    const [from, id, steps] = [ownerOf(world, draws[0]), idOf(world, draws[1]), draws[2] % 5];
    await perform(world, {
      name: "settleRows",
      from,
      after,
      contract: (o): Sent => world.core.distributor.connect(from).settleRows(id, steps, o),
      model: (tx) => model.settleRows(tx, id, steps),
    });
    return { validators: [id], owners: [] };
  },

  async claim(world: World, draws: Draws, after: number): Promise<Touched> {
    const owner = ownerOf(world, draws[0]);
    const from = draws[1] % 4 === 0 ? ownerOf(world, draws[1]) : owner;
    const ids = [...new Set([holdingOf(world, owner.address, draws[2], false), idOf(world, draws[3])])];
    await perform(world, {
      name: "claim",
      from,
      after,
      contract: (o): Sent => world.core.distributor.connect(from).claim(ids, owner.address, o),
      model: (tx) => model.claim(tx, ids, owner.address),
    });
    return { validators: ids, owners: [owner.address] };
  },

  async claimValidator(world: World, draws: Draws, after: number): Promise<Touched> {
    const [from, id] = [ownerOf(world, draws[0]), idOf(world, draws[1])];
    await perform(world, {
      name: "claimValidator",
      from,
      after,
      contract: (o): Sent => world.core.distributor.connect(from).claimValidator([id], o),
      model: (tx) => model.claimValidator(tx, [id]),
    });
    return { validators: [id], owners: [operatorOf(world, id).address] };
  },

  async setCompound(world: World, draws: Draws, after: number): Promise<Touched> {
    const owner = ownerOf(world, draws[0]);
    const id = holdingOf(world, owner.address, draws[1], false);
    const compounding = draws[2] % 4 !== 0;
    await perform(world, {
      name: "setCompound",
      from: owner,
      after,
      contract: (o): Sent => world.core.distributor.connect(owner).setCompound(id, compounding, o),
      model: (tx) => model.setCompound(tx, id, compounding),
    });
    return { validators: [id], owners: [owner.address] };
  },

  async compound(world: World, draws: Draws, after: number): Promise<Touched> {
    const from = ownerOf(world, draws[0]);
    const id = holdingOf(world, from.address, draws[1], false);
    const owners = world.owners.map(({ address }) => address);
    await perform(world, {
      name: "compound",
      from,
      after,
      contract: (o): Sent => world.core.distributor.connect(from).compound(id, owners, o),
      model: (tx) => model.compound(tx, id, owners),
    });
    return { validators: [id], owners };
  },

  async claimCredits(world: World, draws: Draws, after: number): Promise<Touched> {
    const [from, relayer] = [ownerOf(world, draws[0]), ownerOf(world, draws[1]).address];
    await perform(world, {
      name: "claimCredits",
      from,
      after,
      contract: (o): Sent => world.core.distributor.connect(from).claimCredits(relayer, o),
      model: (tx) => model.claimCredits(tx, relayer),
    });
    return { validators: [], owners: [] };
  },
} as const;

const NO_SALT = `0x${"00".repeat(32)}`;
/** These validators are never convicted or left out: two authorities and two stakers keep the chain going. */
const STAY_OUT: ReadonlySet<number> = new Set([1, 2, 5, 6]);
/** These validators neither leave nor lose their role. */
const STAY = 6;
const MOST_VALIDATORS = 14;

/** Registers a validator on both sides under the next number. */
export async function enroll(world: World, operator: Signer, after = 1): Promise<number> {
  const id = world.state.registry.validators.size + 1;
  const { secret, keyBytes, key, proof } = possession(world.core, `member ${id}`, id);
  await perform(world, {
    name: "register",
    from: operator,
    after,
    contract: (o): Sent =>
      world.core.registry
        .connect(operator)
        .register(operator.address, operator.address, key, proof, `member ${id}`, o),
    model: (tx) => model.register(tx, tx.from),
  });
  world.core.members.set(id, { id, secret, keyBytes, operator });
  return id;
}

/** What an epoch's seats did: mostly all of it, some of it, or nothing. */
function participation(seats: number, draws: Draws): model.SeatParticipation[] {
  return Array.from({ length: seats }, (_, seat) => {
    const draw = (draws[0] * 31 + draws[1] * 17 + draws[2] * 7 + draws[3] + seat * 7_919) % 100_003;
    return {
      missed: draw % 5 === 0 ? 65_535 : draw % 5 === 1 ? draw % 65_535 : 0,
      proposed: draw % 4,
    };
  });
}

/** The boundary of the present epoch, signed by all its backing set, and mostly the seal of the next candidate. */
export async function closeEpoch(world: World, from: Signer, after: number, draws: Draws): Promise<void> {
  const { core } = world;
  const { schedule, elections } = world.state;
  const { epoch, records } = schedule;
  const height = model.lastHeight(world.state, epoch);
  const next = records.get(epoch + 1)!.seal;
  const candidate = epoch === 0 ? undefined : elections.candidates.get(epoch + 2);
  const rootOf = async (seal: number) => (await core.elections.snapshot(seal)).hash;
  // Registries of equal contents have one root: named, it is the candidate's.
  const takes =
    candidate !== undefined && (draws[2] % 6 !== 0 || (await rootOf(candidate)) === (await rootOf(next)));
  const registryAfter = takes ? candidate : next;
  const vector = participation(model.registryOf(world.state, epoch).weights.length, draws);
  const accounting = {
    epoch,
    views: draws[0] % 25,
    stamp: (world.at + after) * 1000 + (draws[3] % 9_000) - 6_000,
    loadMultiplier: 400_000 + (draws[1] % 1_800_000),
    vectorHash: keccak256(vectorOf(vector)) as Hash,
  };
  const boundary = {
    ...(await boundaryNow(core, { registryAfter: (await rootOf(registryAfter)) as Hash })),
    accounting,
  };
  const checkpoint = checkpointAt({ height, boundary });
  const s = await submission(core, checkpoint);
  const { mode } = records.get(epoch)!;
  await perform(world, {
    name: "boundary",
    from,
    after,
    contract: (o): Sent => core.checkpoints.connect(from).submitBoundary(s, o),
    model: (tx) =>
      model.submit(tx, {
        height,
        stamp: checkpoint.stamp,
        view: checkpoint.view,
        blockHash: checkpoint.blockHash,
        boundary: {
          registryNext: next,
          registryAfter,
          modeNext: mode,
          modeWanted: mode,
          accounting: { ...accounting, loadMultiplier: BigInt(accounting.loadMultiplier), vector },
        },
        signers: model.signingSet(tx.state, epoch),
      }),
  });
  world.accounts.push({ accounting, vector, submitter: from.address });
  if (draws[1] % 6 === 0) return;
  const hints = plain(await core.elections.sealHints.staticCall());
  await perform(world, {
    name: "seal",
    from,
    contract: (o): Sent => core.elections.connect(from).seal(epoch + 3, hints, o),
    model: (tx) => model.seal(tx, epoch + 3),
  });
}
