import { DEVNET_PARAMS, type Mode } from "@aitbc-hybrid/protocol";
import { LocalNet, registryOf } from "@aitbc-hybrid/protocol/testing";

export const description = "The reducer: 7 validators in memory, verifier, disk and ledger answering at once";

const HEIGHTS = 1_000;

/** Steps a second of a network that finalizes {@link HEIGHTS} blocks, the fake verifier and ledger included. */
function stepsPerSecond(mode: Mode): number {
  const params = { ...DEVNET_PARAMS, termViews: 4 };
  const registry = registryOf({
    authorities: [0n, 0n, 0n, 0n],
    stakers: [1_000n, 1_000n, 1_000n],
    params,
  });
  const net = new LocalNet({ registry, mode });
  const started = performance.now();
  const done = net.run(net.now + HEIGHTS * 10_000, () =>
    net.finals.every((chain) => chain.length >= HEIGHTS),
  );
  if (!done) throw new Error(`the ${mode} network stopped at height ${net.finals[0]!.length}`);
  return (net.steps / (performance.now() - started)) * 1_000;
}

/** Measures Balanced, the devnet's mode, and Fast with terms of four views. */
export async function run(): Promise<Record<string, { value: number; unit: string }>> {
  const rate = (mode: Mode) => ({ value: Math.round(stepsPerSecond(mode)), unit: "1/s" });
  return { stepsPerSecond: rate("balanced"), stepsPerSecondFast: rate("fast") };
}
