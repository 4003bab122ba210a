import type { NetworkConnection } from "hardhat/types/network";
import { COIN, type Core, closeEpoch, type Signer, startedCore } from "./core.ts";

/** Who delegates to validator 5 (bonded 20,000) in `delegatedCore`: 30,000 and 10,000. */
export const delegators = (core: Core): [Signer, Signer] => [core.others[10]!, core.others[11]!];

/**
 * The devnet's population, with delegations to validator 5 that the registry a proposal asks now counts: it weighs
 * 60,000, its bond a third of that; 6 and 7 weigh 20,000 each; the four authorities 5,000 each; together 120,000.
 */
export async function delegatedCore(connection: NetworkConnection): Promise<Core> {
  const core = await startedCore(connection);
  const [large, small] = delegators(core);
  await core.pool.connect(large).delegate(5, 30_000n * COIN);
  await core.pool.connect(small).delegate(5, 10_000n * COIN);
  for (let epoch = 0; epoch < 4; ++epoch) await closeEpoch(core);
  return core;
}
