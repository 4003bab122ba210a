import assert from "node:assert/strict";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import {
  DEFAULT_LIGHT_OPTIONS,
  genesisAnchor,
  type LightAnchor,
  LightClient,
  type LightErrorCode,
  type LightOptions,
} from "@aitbc-hybrid/sdk";
import { START, type TestChain } from "./chain.ts";

/** A clock that tests set. */
export const at = (now = START + 60_000) => ({ now });

/** A client that knows who signs in the chain's first epoch, and the clock it looks at. */
export function following(
  chain: TestChain,
  change: Partial<LightOptions> & { readonly from?: LightAnchor; readonly now?: number } = {},
) {
  const clock = at(change.now);
  const { from = genesisAnchor(chain.genesis, chain.genesisHash), now: _now, ...options } = change;
  const client = new LightClient(
    {
      ...DEFAULT_LIGHT_OPTIONS,
      chainId: chain.genesis.chainId,
      genesisHash: chain.genesisHash,
      ...options,
    },
    { bls: nativeBls, clock: () => clock.now },
    from,
  );
  if (client.missing !== null) client.learn(chain.slot(client.position.epoch).registry);
  return { client, clock };
}

/** Expects a refusal, and that the client is where it was. */
export function refuses(client: LightClient, code: LightErrorCode, act: () => unknown): void {
  const before = [client.status, client.position];
  assert.throws(act, { name: "SdkError", code });
  assert.deepEqual([client.status, client.position], before);
}
