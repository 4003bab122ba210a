import { calmScenario, type Scenario } from "../../src/index.ts";
import { WORLD_START } from "../../src/scenario.ts";

/**
 * The settlement chain stops for longer than `settleLease`: blocks stop at the lease, and go on once the chain
 * accepted the checkpoints that were backed in the meantime.
 */
export function leaseScenario(): Scenario {
  const base = calmScenario("lease", { stakers: 3 });
  const outages = [{ from: WORLD_START + 400, to: WORLD_START + 4000, nodes: null }];
  return {
    ...base,
    plan: { ...base.plan, params: { ...base.plan.params, settleLease: 1500 } },
    settlement: { ...base.settlement, outages },
    stabilization: 4000,
    blocks: 8,
    epochs: 2,
  };
}
