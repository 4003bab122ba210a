import type { Peer, Proposal } from "@aitbc-hybrid/protocol";
import { variant } from "../adversaries/index.ts";
import type { Behaviour } from "../shell/index.ts";
import type { World } from "../world/index.ts";
import type { Attack } from "./attack.ts";
import { type Halves, isOwn, member, Pact, separate } from "./pact.ts";
import { agreementCases } from "./shares.ts";
import type { Society } from "./society.ts";
import { everyCorrupt, playFork } from "./stage.ts";

/** How long the halves stay apart once a corrupt leader equivocated. */
const APART = 700;
/** A half that was still busy with the view before votes for neither block: the attacker tries again, less often in vain. */
const ATTEMPTS = { promised: 4, beyond: 16 } as const;
const WINDOW = { promised: 6_000, beyond: 20_000 } as const;

/** The two blocks of one view, and which half is shown which. */
export class Equivocation {
  readonly #halves: Halves;
  readonly #pact = new Pact();
  readonly #pairs = new Map<string, readonly [Proposal, Proposal]>();
  #world: World | null = null;
  /** No view from here on is voted in by the rules. */
  #since = Number.POSITIVE_INFINITY;
  readonly #most: number;

  constructor({ left, right }: Society, most: number) {
    this.#most = most;
    const peers = (validators: Iterable<number>): Set<Peer> => new Set([...validators].map((v) => `v${v}`));
    this.#halves = { left: peers(left), right: peers(right) };
  }

  attach(world: World): void {
    this.#world = world;
  }

  /** Views in which two blocks were shown. */
  get count(): number {
    return this.#pairs.size;
  }

  /** What a corrupt validator does. */
  behaviour(): Behaviour {
    return member(this.#pact, {
      outgoing: (wire, to, message) => {
        // Nor does a certificate of one half reach the other, which would see the equivocation by it.
        if (message.type === "vote" && message.vote.view >= this.#since) return [];
        if (message.type === "certificate" && message.certificate.view >= this.#since) return [];
        if (message.type !== "proposal" || !isOwn(wire, message.proposal)) return [message];
        const { proposal } = message;
        const key = `${proposal.domain}${proposal.view}`;
        let pair = this.#pairs.get(key);
        if (pair === undefined) {
          const isBusy = this.#since < Number.POSITIVE_INFINITY;
          if (isBusy || this.#pairs.size >= this.#most || this.#world === null) return [message];
          pair = [proposal, variant(wire, proposal)];
          this.#pairs.set(key, pair);
          this.#begin(pair);
        }
        const [first, second] = pair;
        if (this.#halves.left.has(to)) return [{ type: "proposal", proposal: first }];
        if (this.#halves.right.has(to)) return [{ type: "proposal", proposal: second }];
        return [message];
      },
    });
  }

  #begin([first, second]: readonly [Proposal, Proposal]): void {
    const world = this.#world!;
    const { left, right } = this.#halves;
    this.#since = first.view;
    separate(world, this.#halves);
    world.queue.after(20, () => {
      this.#pact.support(first, left, ["notarize", "finalize"]);
      this.#pact.support(second, right, ["notarize", "finalize"]);
    });
    world.queue.after(APART, () => {
      world.network.filter = null;
      this.#since = Number.POSITIVE_INFINITY;
    });
  }
}

/** A corrupt leader shows each half another block, and its accomplices vote for both. */
export const equivocatingLeader: Attack = {
  name: "equivocating-leader",
  idea: "A corrupt leader shows each half of the honest another block while the halves are cut off from each other; all corrupt keys vote for both.",
  success: "honest nodes hold different blocks final at one height",
  cases: agreementCases(({ society, promised }, modules) => {
    const which = promised ? "promised" : "beyond";
    const plot = new Equivocation(society, ATTEMPTS[which]);
    return playFork(
      {
        society,
        promised,
        behaviours: everyCorrupt(society, () => plot.behaviour()),
        prepare: (world) => plot.attach(world),
        measures: () => ({ equivocations: plot.count }),
      },
      modules,
      WINDOW[which],
    );
  }),
};
