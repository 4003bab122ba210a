import { DEVNET_PARAMS, hashBytes, type Mode } from "../../src/index.ts";
import { registryOf } from "../../src/testing/index.ts";
import { Solo } from "./solo.ts";

/** Of the networks in which the rules of views (protocol.md section 3) are tested. */
export const PARAMS = { ...DEVNET_PARAMS, rootLag: 2 };
export const REGISTRY = registryOf({
  authorities: [0n, 0n, 0n, 0n],
  stakers: [1_000n, 1_000n, 1_000n, 1_000n, 1_000n],
  params: PARAMS,
});
export const DELTA = PARAMS.delta.balanced;
export const BLOCK_TIME = PARAMS.blockTime.balanced;

export const balanced = (more: { seat?: number | null; skipViews?: number } = {}) =>
  new Solo({ registry: REGISTRY, mode: "balanced", ...more });

/** Fast with terms of K views. */
export const fast = (termViews: number, more: { seat?: number | null } = {}) =>
  new Solo({
    registry: registryOf({
      authorities: Array.from({ length: 7 }, () => 0n),
      stakers: [1_000n, 1_000n, 1_000n],
      params: { ...PARAMS, termViews },
    }),
    mode: "fast" as Mode,
    ...more,
  });

/** Hash of no block. */
export const NEVER = hashBytes(new Uint8Array([9]));
/** Sets the replica's clock. */
export const at = (solo: Solo, stamp: number) => {
  solo.now = stamp;
};
