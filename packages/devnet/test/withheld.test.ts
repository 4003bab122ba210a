import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeConfigInput } from "@aitbc-hybrid/node";
import { checkpointManagerAbi } from "@aitbc-hybrid/sdk";
import { finalHeight } from "../src/agreement.ts";
import { rpc } from "../src/rpc.ts";
import { HANGS_MS, TestNetwork } from "./support/network.ts";

/** Longer than it takes to see that a validator holds what the others lack, and to end it. */
const DELAY_MS = 4_000;
/** Blocks from one checkpoint to the next. */
const INTERVAL = 5;

/** Hears everybody at once; what it says comes late. */
const slow = (config: NodeConfigInput): NodeConfigInput => ({
  ...config,
  network: {
    ...config.network,
    peers: (config.network.peers ?? []).map((peer) => ({ ...peer, delayMs: DELAY_MS })),
  },
});

test(
  "a certificate that only one validator holds, posted within grace, is where the chain goes on from",
  {
    timeout: HANGS_MS,
  },
  () =>
    TestNetwork.during("withheld", 3, async (network) => {
      const { authority, stakers, cluster, client } = network;
      const [holder, witness, absent] = stakers as [
        (typeof stakers)[0],
        (typeof stakers)[0],
        (typeof stakers)[0],
      ];
      const latest = async (validator: (typeof stakers)[0]) =>
        (await network.status(validator)).heights.latest;
      // Time enough for a process to start in; what is left of it is skipped.
      await network.changeRecovery({ grace: 600n });
      await network.reaches("the second epoch begins", async () => (await network.status(holder)).epoch >= 1);
      await cluster.endWallet();
      await holder.crash();
      network.changes.set(holder.name, slow);
      await holder.start();

      // Without the absent one nothing is notarized but by the holder's vote, of which only the holder knows in time.
      let height = 0;
      for (;;) {
        await network.reaches("the holder keeps up, between two checkpoints", async () => {
          height = await finalHeight(witness.rpc);
          return height % INTERVAL === 1 && (await latest(holder)) >= height;
        });
        await absent.crash();
        const others = async () => Math.max(await latest(authority), await latest(witness));
        // Unless the leader of the view that nobody else leaves is the absent one, or the holder.
        const isAlone = await network.isReached(
          "the holder alone holds a certificate",
          DELAY_MS,
          async () => {
            const [own, theirs] = await Promise.all([latest(holder), others()]);
            return own > theirs;
          },
        );
        if (isAlone) {
          const own = await latest(holder);
          // What it sent and did not leave yet is lost, what it holds is on its disk.
          await holder.stop();
          height = await others();
          if (height < own && height % INTERVAL > 0) break;
          await holder.start();
        }
        await absent.start();
      }
      await authority.crash();
      await absent.start();

      await network.opensRecovery();
      await network.reaches("the witness posts what it holds", async () => {
        const open = await network.recovery();
        return open !== null && open.postedView > 0;
      });
      const open = (await network.recovery())!;
      const { id, postedView, graceEnd } = open;
      const posted = () => client.readContract({ ...network.hybrid, functionName: "recovery", args: [id] });
      assert.equal(Number((await posted()).postedHeight), height);
      network.changes.delete(holder.name);
      await holder.start();
      await network.reaches("the holder posts the higher one", async () => {
        const now = await network.recovery();
        return now !== null && now.postedView > postedView;
      });
      const { postedHeight, postedHash } = await posted();
      assert.equal(Number(postedHeight), height + 1);
      assert.ok((await client.getBlock()).timestamp <= BigInt(graceEnd));

      await network.endsGrace(open);
      await network.reaches("the new incarnation begins", async () =>
        (await Promise.all(stakers.map((each) => network.status(each)))).every(
          ({ incarnation }) => incarnation === 1,
        ),
      );
      const [recovered] = await client.getContractEvents({
        address: network.contracts.addresses.checkpoints,
        abi: checkpointManagerAbi,
        eventName: "EpochRecovered",
        fromBlock: 0n,
        strict: true,
      });
      assert.equal(recovered!.args.blockHash, postedHash);
      await network.reaches("blocks become final above it", async () => {
        const heights = await Promise.all(stakers.map(({ rpc }) => finalHeight(rpc)));
        return heights.every((each) => each >= height + 3);
      });
      for (const staker of stakers)
        assert.equal(await rpc(staker.rpc, "hybrid_getFinalizedHash", [height + 1]), postedHash);
      await network.assertAgreement(stakers);
    }),
);
