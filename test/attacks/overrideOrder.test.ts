import { expect } from "chai";
import { network } from "hardhat";
import { loadCore } from "../support/core.ts";
import { delegatedCore, delegators } from "../support/delegations.ts";
import { AGAINST, FOR, harmless, propose, toVote, vote } from "../support/governance.ts";

const connection = await network.create();
const delegated = () => delegatedCore(connection);
const load = () => loadCore(connection, delegated);

describe("attack: the order of a validator's and its delegators' votes gives more than there is", () => {
  const orders: Record<string, ("validator" | "large" | "small")[]> = {
    "delegators, then the validator": ["large", "small", "validator"],
    "the validator, then delegators": ["validator", "small", "large"],
    "one before, one after": ["large", "validator", "small"],
  };
  for (const [name, order] of Object.entries(orders)) {
    it(name, async () => {
      const core = await load();
      const [large, small] = delegators(core);
      const proposal = await propose(core, [harmless(core)]);
      await toVote(core, proposal);
      for (const who of order) {
        if (who === "validator") await vote(core, proposal, FOR, [5]);
        else {
          await core.governor
            .connect(who === "large" ? large : small)
            .castOverride(proposal.id, AGAINST, [5]);
        }
      }
      expect(await core.governor.proposalVotes(proposal.id)).to.deep.equal([40_000n, 20_000n, 0n]);
      expect(await core.governor.ballotOf(proposal.id, 5)).to.deep.equal([true, 1n, 40_000n]);
    });
  }
});
