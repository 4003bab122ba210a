import {
  type Certificate,
  type CheckpointCertificate,
  checkpointRootOf,
  type Hash,
  rootOf,
  type Seat,
  toBitmap,
} from "@aitbc-hybrid/protocol";
import { isQuorum } from "../oracles/index.ts";
import { calmScenario, type Scenario, WORLD_START } from "../scenario.ts";
import type { RegistryPlan } from "../settlement/index.ts";
import { sumSignatures } from "../signatures.ts";
import { World } from "../world/index.ts";
import type { Attack, AttackCase, AttackModules, Outcome } from "./attack.ts";
import { STAKE_SCALE } from "./shares.ts";
import { highest } from "./stage.ts";

const every = (value: number) => ({ fast: value, balanced: value, secure: value });
const AUTHORITIES = 2;
const STAKERS = 6;
/** The first of a generation of stakers is the one whose old key the attacker buys. */
const SOLD = AUTHORITIES;
/** The registry of stakers who sold their keys ends with this epoch. */
const LAST_OLD = 2;
const FORGED: Hash = `0x${"f0".repeat(32)}`;

/** Two generations of stakers: the first serves epochs 0 to 2 and leaves, the second follows. */
function generations(
  seed: string,
  level: number,
): { readonly scenario: Scenario; readonly later: RegistryPlan } {
  const base = calmScenario(seed, {
    mode: "secure",
    authorities: AUTHORITIES,
    stakers: 2 * STAKERS,
  });
  const stakeOf = (at: number): bigint =>
    at === 0 ? BigInt(level * (STAKERS - 1)) : BigInt(STAKE_SCALE - level);
  const seats = base.plan.seats.slice(0, AUTHORITIES);
  const old = Array.from({ length: STAKERS }, (_, at) => ({
    validator: AUTHORITIES + at,
    stake: stakeOf(at),
  }));
  const young = old.map((_, at) => ({ validator: AUTHORITIES + STAKERS + at, stake: 1_000n }));
  const params = { ...base.plan.params, epochLength: every(4), checkpointInterval: every(4) };
  return {
    scenario: {
      ...base,
      plan: { ...base.plan, params, seats: [...seats, ...old] },
      stabilization: 1,
      blocks: 4,
      epochs: 1,
    },
    later: { ...base.plan, params, seats: [...seats, ...young] },
  };
}

interface Forgery {
  readonly certificate: Certificate;
  readonly isQuorum: boolean;
}

/** F of another block of an old epoch, and its checkpoint, by the keys sold and one authority's. */
function forge(world: World, domain: Hash, view: number): Forgery {
  const registry = world.oracles.registryOfDomain(domain)!;
  const signers: readonly Seat[] = [0, SOLD];
  const body = { kind: "finalize", view, parentView: view - 1, blockHash: FORGED } as const;
  const { epoch } = world.oracles.placeOf(domain)!;
  const root = rootOf(domain, body);
  const signature = sumSignatures(signers.map((seat) => world.keyring.sign(seat, root)));
  const bitmap = toBitmap(signers, registry.entries.length);
  return {
    certificate: { ...body, epoch, domain, bitmap, signature },
    isQuorum: isQuorum(registry, world.oracles.modeOf(domain), new Set(signers)),
  };
}

function forgedCheckpoint(world: World, of: CheckpointCertificate): CheckpointCertificate {
  const registry = world.oracles.registryOfDomain(of.domain)!;
  const checkpoint = { ...of.checkpoint, blockHash: FORGED };
  const root = checkpointRootOf(of.domain, checkpoint);
  const signers: readonly Seat[] = [0, SOLD];
  return {
    ...of,
    checkpoint,
    bitmap: toBitmap(signers, registry.entries.length),
    signature: sumSignatures(signers.map((seat) => world.keyring.sign(seat, root))),
  };
}

function play(anchored: boolean, level: number, seed: string, modules: AttackModules): Outcome {
  const { scenario, later } = generations(`${seed} long range ${level}`, level);
  const world = new World(
    // A promise of the settlement's checkpoints, not of the old keys: whatever happens, honest nodes must agree.
    { scenario, candidates: (epoch) => (epoch > LAST_OLD ? later : scenario.plan) },
    modules,
  );
  const backed: CheckpointCertificate[] = [];
  const { observe } = world.network;
  world.network.observe = (what, from, to, message) => {
    observe?.(what, from, to, message);
    if (message.type === "checkpointCertificate") backed.push(message.certificate);
  };
  world.begin();
  const isLater = (): boolean => world.honest.every((shell) => (shell.view()?.epoch ?? 0) > LAST_OLD + 1);
  const arrived = world.until(isLater, WORLD_START + 20_000);
  const old = [...world.oracles.chain.values()].find(
    ({ block }) => world.oracles.placeOf(block.header.domain)?.epoch === 1,
  );
  const checkpoint = backed.find(({ epoch }) => epoch === 1);
  if (!arrived || old === undefined || checkpoint === undefined)
    return { succeeded: false, failures: ["the second generation did not begin"], measures: {} };
  const { header } = old.block;
  const forgery = forge(world, header.domain, header.view);
  for (const { peer } of world.honest)
    world.network.send("v2", peer, { type: "certificate", certificate: forgery.certificate });
  world.settlement.post(forgedCheckpoint(world, checkpoint));
  world.until(() => false, world.queue.now + 100);
  const halted = world.honest.filter((shell) => shell.view()?.halted !== null).length;
  // The contracts hold another checkpoint of that height, and say so; that is no fault of theirs.
  const refused = world.settlement.refusals.splice(0);
  const { failures } = world.finish();
  return {
    // A follower without the settlement chain has nothing but the old registry to judge by.
    succeeded: anchored ? halted > 0 || world.oracles.disagreements.length > 0 : forgery.isQuorum,
    failures: [...failures, ...(refused.length > 0 ? [] : ["the contracts took the forged checkpoint"])],
    measures: { finalHeight: highest(world.honest), halted, quorumOfOldKeys: forgery.isQuorum ? 1 : 0 },
  };
}

const rangeCase = (given: string, anchored: boolean, safe: number, broken: number | null): AttackCase => ({
  mode: "secure",
  resource: "old keys",
  given,
  bound: anchored ? "never" : "> 2/3",
  scale: STAKE_SCALE,
  most: STAKE_SCALE - 1,
  safe,
  broken,
  play: (level, seed, modules) => play(anchored, level, seed, modules),
});

/** Keys of stakers who left long ago sign another history of their epochs. */
export const longRange: Attack = {
  name: "long-range",
  idea: "Stakers of the first epochs left and sold their keys, and half of the authorities helps: F and a checkpoint of another block of an old epoch.",
  success:
    "nodes that follow the chain halt or disagree, or, for a follower who knows the first registry alone, the forged F is a quorum's",
  cases: [
    rangeCase("nodes that follow checkpoints", true, STAKE_SCALE - 1, null),
    rangeCase("a follower from genesis alone", false, (2 * STAKE_SCALE) / 3, (2 * STAKE_SCALE) / 3 + 1),
  ],
};
