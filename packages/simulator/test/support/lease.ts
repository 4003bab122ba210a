import { calmScenario, type Scenario } from "../../src/index.ts";
import { WORLD_START } from "../../src/scenario.ts";

/**
 * The settlement chain stops for longer than `settleLease`: blocks stop at the lease, and go on once the chain
 * accepted the checkpoints that were backed in the meantime. One long epoch: an epoch's last block that is certified
 * but not final when the lease ends keeps its old reference when it is proposed again, and waits for a recovery.
 */
export function leaseScenario(seed: number): Scenario {
  const base = calmScenario(`lease ${seed}`, { stakers: 3 });
  const outages = [{ from: WORLD_START + 400, to: WORLD_START + 4000, nodes: null }];
  const { params } = base.plan;
  return {
    ...base,
    plan: {
      ...base.plan,
      params: { ...params, settleLease: 1500, epochLength: { ...params.epochLength, balanced: 200 } },
    },
    settlement: { ...base.settlement, outages },
    stabilization: 4000,
    blocks: 8,
    epochs: 0,
  };
}
