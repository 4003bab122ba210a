import { blockHash, type Hash } from "@aitbc-hybrid/protocol";
import type { Behaviour } from "../shell/index.ts";
import type { World } from "../world/index.ts";
import type { Attack, AttackModules, Outcome } from "./attack.ts";
import { isOwn, member, Pact } from "./pact.ts";
import {
  atMost,
  below,
  FAST_AUTHORITIES,
  FEW_AUTHORITIES,
  fastAuthorities,
  STAKE_SCALE,
  shareCase,
} from "./shares.ts";
import type { Society } from "./society.ts";
import { everyCorrupt, highest, judged, opened } from "./stage.ts";

/** Mean time between transactions of the victim, which go to the contracts' inbox. */
const QUEUED_EVERY = 60;
const WINDOW = 4_000;
/** Final blocks that leave out what is due, before censorship counts as done. */
const PASSED = 4;

/** Honest nodes that a quorum went past: what it made final is none of theirs. */
const isFooled = (world: World): boolean => world.honest.some((shell) => shell.view()?.halted != null);

/** Final blocks whose reference shows something due that neither they nor those before them took. */
function passedBy(world: World): number {
  let passed = 0;
  for (const { block } of world.oracles.chain.values()) {
    const { reference, inboxCursor } = block.header;
    const { due } = world.settlement.reading(reference.number, 2, inboxCursor);
    if (inboxCursor === 0 && due.length > 0) passed++;
  }
  return passed;
}

function play(
  place: { readonly society: Society; readonly promised: boolean; readonly isLive: boolean },
  modules: AttackModules,
): Outcome {
  const society = { ...place.society, scenario: { ...place.society.scenario, forced: QUEUED_EVERY } };
  const { promised, isLive } = place;
  const pact = new Pact();
  const unwanted = new Set<Hash>();
  const act: Behaviour = {
    censorsInbox: true,
    incoming(_wire, _from, message) {
      if (message.type === "proposal" && message.proposal.block.header.inboxCursor > 0) {
        unwanted.add(blockHash(message.proposal.block.header));
        return false;
      }
      if (message.type === "vote") return !unwanted.has(message.vote.blockHash);
      return message.type !== "certificate" || !unwanted.has(message.certificate.blockHash);
    },
    outgoing(wire, _to, message) {
      if (message.type === "proposal" && isOwn(wire, message.proposal))
        pact.support(message.proposal, wire.peers, ["notarize", "finalize"]);
      return [message];
    },
  };
  const behaviours = everyCorrupt(society, () => member(pact, act));
  const world = opened({ society, promised, behaviours }, modules);
  const isDone = (): boolean => isFooled(world) || passedBy(world) >= PASSED;
  world.until(isDone, world.queue.now + WINDOW);
  const succeeded = isDone();
  const taken = Math.max(
    0,
    ...[...world.oracles.chain.values()].map(({ block }) => block.header.inboxCursor),
  );
  return {
    succeeded,
    failures: succeeded || !isLive ? world.oracles.failures : judged(world, promised),
    measures: { finalHeight: highest(world.honest), taken, passedBy: passedBy(world) },
  };
}

/** What beats censorship by validators is queued on the settlement chain: only a quorum of liars gets past it. */
export const inboxCensorship: Attack = {
  name: "inbox-censorship",
  idea: "All corrupt validators leave out, and vote for no block that takes, what a sender queued in the contracts' inbox.",
  success: `a quorum makes blocks final without it: honest nodes halt, or follow ${PASSED} of them`,
  cases: [
    shareCase({
      mode: "fast",
      bound: "> 2/3",
      resource: "authorities",
      scale: FAST_AUTHORITIES,
      safe: atMost(FAST_AUTHORITIES, 2, 3),
      holding: fastAuthorities,
      play: ({ level, ...place }, modules) =>
        play({ ...place, isLive: level <= below(FAST_AUTHORITIES, 1, 3) }, modules),
    }),
    shareCase({
      mode: "secure",
      bound: "> 2/3",
      resource: "stake",
      given: "half of the authorities",
      scale: STAKE_SCALE,
      safe: atMost(STAKE_SCALE, 2, 3),
      holding: (level) => ({
        authorities: FEW_AUTHORITIES,
        corruptAuthorities: FEW_AUTHORITIES / 2,
        stakeScale: STAKE_SCALE,
        corruptStake: level,
      }),
      play: ({ level, ...place }, modules) =>
        play({ ...place, isLive: level <= below(STAKE_SCALE, 1, 3) }, modules),
    }),
  ],
};
