import { blockHash, type Hash } from "@aitbc-hybrid/protocol";
import type { Behaviour } from "../shell/index.ts";
import type { Attack, AttackModules, Outcome } from "./attack.ts";
import {
  atMost,
  below,
  FAST_AUTHORITIES,
  fastAuthorities,
  STAKE_SCALE,
  secureStake,
  shareCase,
} from "./shares.ts";
import type { Society } from "./society.ts";
import { everyCorrupt, highest, judged, opened } from "./stage.ts";

/** Proposals of the victim that are given a chance. */
const CHANCES = 4;
const WINDOW = 30_000;

function play(
  { society, promised }: { readonly society: Society; readonly promised: boolean },
  modules: AttackModules,
): Outcome {
  const { scenario, corrupt } = society;
  // The victim is the last validator, which is honest: only through its blocks do its sender's transactions come.
  const victim = scenario.pool - 1;
  const unwanted = new Set<Hash>();
  const act: Behaviour = {
    // Their replicas hear nothing of it, so that they are free to skip the view.
    incoming(_wire, _from, message) {
      if (message.type === "proposal" && message.proposal.seat === victim) {
        unwanted.add(blockHash(message.proposal.block.header));
        return false;
      }
      if (message.type === "vote") return !unwanted.has(message.vote.blockHash);
      return message.type !== "certificate" || !unwanted.has(message.certificate.blockHash);
    },
  };
  const world = opened({ society, promised, behaviours: everyCorrupt(society, () => act) }, modules);
  const proposed = new Set<number>();
  const { observe } = world.network;
  world.network.observe = (what, from, to, message) => {
    if (message.type === "proposal" && message.proposal.seat === victim && !corrupt.has(Number(to.slice(1))))
      proposed.add(message.proposal.view);
    observe?.(what, from, to, message);
  };
  const from = highest(world.honest);
  world.until(() => proposed.size >= CHANCES, world.queue.now + WINDOW);
  world.until(() => false, world.queue.now + 600);
  const blocks = [...world.oracles.chain.values()].filter(({ block }) => block.header.height > from);
  const included = blocks.filter(({ hash }) => unwanted.has(hash)).length;
  const succeeded = proposed.size >= CHANCES && included === 0;
  return {
    succeeded,
    failures: succeeded ? world.oracles.failures : judged(world, promised),
    measures: { finalBlocks: blocks.length, ofTheVictim: included, proposedByTheVictim: proposed.size },
  };
}

/** Blocks that carry what a sender gave to its validator get no votes. */
export const senderCensorship: Attack = {
  name: "sender-censorship",
  idea: "Corrupt validators neither carry a sender's transactions nor vote for the blocks of the one validator who does.",
  success: `${CHANCES} proposals of that validator pass and none becomes final`,
  cases: [
    shareCase({
      mode: "fast",
      resource: "authorities",
      bound: ">= 1/3",
      scale: FAST_AUTHORITIES,
      safe: below(FAST_AUTHORITIES, 1, 3),
      // Somebody else must be left who hears the victim.
      most: FAST_AUTHORITIES - 2,
      holding: fastAuthorities,
      play,
    }),
    shareCase({
      mode: "secure",
      resource: "stake",
      bound: ">= 1/3",
      scale: STAKE_SCALE,
      safe: below(STAKE_SCALE, 1, 3),
      most: atMost(STAKE_SCALE, 2, 3),
      holding: secureStake,
      play,
    }),
  ],
};
