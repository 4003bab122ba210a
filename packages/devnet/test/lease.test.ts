import assert from "node:assert/strict";
import { test } from "node:test";
import { checkpointManagerAbi } from "@aitbc-hybrid/sdk";
import { finalHeight } from "../src/agreement.ts";
import { HANGS_MS, TestNetwork } from "./support/network.ts";

/** ms */
const LEASE = 15_000;

test(
  "a devnet paused for longer than its settlement lease recovers by itself when it is started again",
  {
    timeout: HANGS_MS,
  },
  () =>
    TestNetwork.during("lease", 3, async (network) => {
      await network.changeLease(BigInt(LEASE));
      const { checkpoints } = network.contracts.addresses;
      const length = async () => {
        const [end, acceptedAt] = await Promise.all([
          network.client.readContract({ ...network.hybrid, functionName: "settlementLease" }),
          network.client.readContract({
            address: checkpoints,
            abi: checkpointManagerAbi,
            functionName: "lastAcceptedAt",
          }),
        ]);
        return Number(end - acceptedAt);
      };
      await network.reaches("an epoch with the short lease begins", async () => (await length()) === LEASE);
      await network.cluster.endWallet();
      const height = await finalHeight(network.authority.rpc);
      // From the end on: until then checkpoints go on, and the lease with them.
      await network.restart(() => new Promise((resolve) => setTimeout(resolve, LEASE + 1_000)));
      assert.ok(network.notes.some((note) => /longer than its settlement lease.*--reset/.test(note)));
      assert.ok(network.cluster.recoveryMs > 0);
      await network.endsGrace(await network.opensRecovery());
      await network.reaches("blocks become final in the next incarnation", async () => {
        const all = await Promise.all(network.cluster.validators.map((each) => network.status(each)));
        return all.every(({ incarnation, heights }) => incarnation > 0 && heights.finalized >= height + 2);
      });
      await network.assertAgreement(network.cluster.validators);
    }),
);
