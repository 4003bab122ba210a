import { type Block, blockHash, type Proposal, voteRoot, ZERO_HASH } from "@aitbc-hybrid/protocol";
import type { Behaviour, Wire } from "../shell/index.ts";
import type { Attack, AttackModules, Outcome } from "./attack.ts";
import { isOwn, member, Pact } from "./pact.ts";
import {
  atMost,
  balancedAuthorities,
  balancedStake,
  FAST_AUTHORITIES,
  FEW_AUTHORITIES,
  fastAuthorities,
  STAKE_SCALE,
  shareCase,
} from "./shares.ts";
import type { Society } from "./society.ts";
import { everyCorrupt, highest, judged, opened } from "./stage.ts";

const WINDOW = 2_500;

/** The same proposal with a state that nobody executed. */
function forged(wire: Wire, proposal: Proposal): Proposal {
  const header = { ...proposal.block.header, stateRoot: ZERO_HASH };
  const block: Block = { header, body: proposal.block.body };
  const { domain, view, parentView } = proposal;
  const vote = { kind: "notarize", view, parentView, blockHash: blockHash(header) } as const;
  return { ...proposal, block, signature: wire.sign(voteRoot(domain, vote)) };
}

function play(
  { society, promised }: { readonly society: Society; readonly promised: boolean },
  modules: AttackModules,
): Outcome {
  const pact = new Pact();
  let lie: Proposal | null = null;
  const act: Behaviour = {
    outgoing(wire, _to, message) {
      if (message.type !== "proposal" || !isOwn(wire, message.proposal)) return [message];
      const { proposal } = message;
      // States lag behind: the first blocks claim none.
      if (lie === null && proposal.block.header.height > proposal.view / 2 && pact.members.length > 0) {
        const told = forged(wire, proposal);
        if (told.block.header.stateRoot !== proposal.block.header.stateRoot) {
          lie = told;
          wire.later(20, () => pact.support(told, wire.peers, ["notarize", "finalize"]));
        }
      }
      return lie !== null && lie.view === proposal.view && lie.domain === proposal.domain
        ? [{ type: "proposal", proposal: lie }]
        : [message];
    },
  };
  const world = opened(
    { society, promised, behaviours: everyCorrupt(society, () => member(pact, act)) },
    modules,
  );
  const fooled = (): number => world.honest.filter((shell) => shell.view()?.halted !== null).length;
  world.until(() => fooled() > 0, world.queue.now + WINDOW);
  const succeeded = fooled() > 0;
  return {
    succeeded,
    failures: succeeded ? world.oracles.failures : judged(world, promised),
    measures: { finalHeight: highest(world.honest), halted: fooled(), forged: lie === null ? 0 : 1 },
  };
}

/** More than two thirds certify a block that no honest node executed so. */
export const forgedBlock: Attack = {
  name: "forged-block",
  idea: "A corrupt leader claims a state that execution does not give, and all corrupt keys vote for it without looking.",
  success: "a quorum makes the block final, and honest nodes halt because their own execution contradicts it",
  cases: [
    shareCase({
      mode: "fast",
      resource: "authorities",
      bound: "> 2/3",
      scale: FAST_AUTHORITIES,
      safe: atMost(FAST_AUTHORITIES, 2, 3),
      holding: fastAuthorities,
      play,
    }),
    shareCase({
      mode: "balanced",
      resource: "stake",
      given: "three quarters of the authorities",
      bound: "> 2/3",
      scale: STAKE_SCALE,
      safe: atMost(STAKE_SCALE, 2, 3),
      holding: balancedStake((3 * FEW_AUTHORITIES) / 4),
      play,
    }),
    shareCase({
      mode: "balanced",
      resource: "authorities",
      given: "24/30 of the stake",
      bound: "> 2/3",
      scale: FEW_AUTHORITIES,
      safe: atMost(FEW_AUTHORITIES, 2, 3),
      holding: balancedAuthorities(24),
      play,
    }),
    shareCase({
      mode: "secure",
      resource: "stake",
      given: "half of the authorities",
      bound: "> 2/3",
      scale: STAKE_SCALE,
      safe: atMost(STAKE_SCALE, 2, 3),
      holding: (level) => ({
        authorities: FEW_AUTHORITIES,
        corruptAuthorities: FEW_AUTHORITIES / 2,
        stakeScale: STAKE_SCALE,
        corruptStake: level,
      }),
      play,
    }),
    shareCase({
      mode: "secure",
      resource: "authorities",
      given: "24/30 of the stake",
      bound: "> 1/3",
      scale: FEW_AUTHORITIES,
      safe: atMost(FEW_AUTHORITIES, 1, 3),
      holding: balancedAuthorities(24),
      play,
    }),
  ],
};
