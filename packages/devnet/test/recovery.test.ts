import assert from "node:assert/strict";
import { test } from "node:test";
import { isLeftOut } from "@aitbc-hybrid/sdk";
import { finalHeight } from "../src/agreement.ts";
import { HANGS_MS, TestNetwork } from "./support/network.ts";

test(
  "all authorities are gone: the stake restarts the chain without them, whoever is killed on the way",
  {
    timeout: HANGS_MS,
  },
  () =>
    TestNetwork.during("recovery", 3, async (network) => {
      const { authority, stakers, cluster, client } = network;
      await network.reaches(
        "the second epoch begins",
        async () => (await network.status(stakers[0]!)).epoch >= 1,
      );

      await authority.crash();
      await cluster.endWallet();
      const before = await network.status(stakers[0]!);
      const height = Math.max(...(await Promise.all(stakers.map(({ rpc }) => finalHeight(rpc)))));
      assert.equal(before.incarnation, 0);

      const open = await network.opensRecovery();
      // Without it two thirds are not together: it signs after its return.
      await stakers[2]!.crash();
      await network.endsGrace(open);
      await stakers[1]!.crash();
      await stakers[1]!.start();
      await stakers[2]!.start();

      await network.reaches(
        "the new incarnation begins",
        async () => (await network.status(stakers[0]!)).incarnation === 1,
      );
      const recovered = await network.status(stakers[0]!);
      assert.equal(recovered.mode, "secure");
      assert.ok(recovered.epoch > before.epoch);
      await stakers[1]!.crash();
      await stakers[1]!.start();
      await network.reaches(
        "blocks become final in the new incarnation, nothing final before is lost",
        async () => {
          const heights = await Promise.all(stakers.map(({ rpc }) => finalHeight(rpc)));
          return heights.every((each) => each >= height + 3);
        },
      );
      // The authority, which knows of nothing, follows, and asks to count again.
      const leftOut = () => isLeftOut(client, network.contracts, authority.number);
      assert.equal(await leftOut(), true);
      await authority.start();
      await network.reaches("the authority follows", async () => {
        const status = await network.status(authority);
        return status.incarnation === 1 && (await finalHeight(authority.rpc)) > height;
      });
      await network.reaches("the authority counts again", async () => !(await leftOut()));
      await network.assertAgreement(cluster.validators);
    }),
);
