import {
  type Block,
  blockHash,
  fromBitmap,
  lateVotesHash,
  type Proposal,
  voteRoot,
} from "@aitbc-hybrid/protocol";
import { type Behaviour, calmScenario, type Wire, type WorldOptions } from "../../src/index.ts";

/** The last validator is silent; the first, whenever it leads, says that it voted. */
export function inAnothersName(): WorldOptions {
  const base = calmScenario("forged late votes", { stakers: 5 });
  const absent = base.pool - 1;
  const forged = (wire: Wire, proposal: Proposal): Proposal => {
    const { header, body } = proposal.block;
    const carried = body.certificates.find(
      (c) => c.kind !== "nullify" && !fromBitmap(c.bitmap).includes(absent),
    );
    if (carried === undefined) return proposal;
    const { bitmap: _, ...vote } = carried;
    const lateVotes = [...body.lateVotes, { ...vote, seat: absent, signature: new Uint8Array(96).fill(7) }];
    const block: Block = {
      header: { ...header, lateVotesHash: lateVotesHash(lateVotes) },
      body: { ...body, lateVotes },
    };
    const { domain, view, parentView } = proposal;
    const own = { kind: "notarize", view, parentView, blockHash: blockHash(block.header) } as const;
    return { ...proposal, block, signature: wire.sign(voteRoot(domain, own)) };
  };
  const told = new Map<number, Proposal>();
  const liar: Behaviour = {
    outgoing(wire, _to, message) {
      if (message.type !== "proposal" || message.proposal.block.body.commitment !== null) return [message];
      const { view } = message.proposal;
      const proposal = told.get(view) ?? forged(wire, message.proposal);
      told.set(view, proposal);
      return [{ type: "proposal", proposal }];
    },
  };
  const params = { ...base.plan.params, epochLength: { fast: 40, balanced: 40, secure: 40 } };
  return {
    scenario: { ...base, plan: { ...base.plan, params }, blocks: 24, epochs: 0 },
    behaviours: new Map([
      [0, liar],
      [absent, { outgoing: () => [] }],
    ]),
  };
}
