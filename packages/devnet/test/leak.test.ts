import assert from "node:assert/strict";
import { test } from "node:test";
import { finalHeight } from "../src/agreement.ts";
import { HANGS_MS, TestNetwork } from "./support/network.ts";

/** Seconds: the least that the devnet's bounds allow, and a settlement lease that is over before. */
const LEAK_AFTER = 60;
const ROUND = 5;
const LEASE = 50;

test(
  "nearly half of the stake is dead: the leak leaves out one round after the other until the rest is a quorum",
  {
    timeout: HANGS_MS,
  },
  () =>
    TestNetwork.during("leak", 5, async (network) => {
      const { authority, stakers, cluster, client } = network;
      await network.changeLease(1_000n * BigInt(LEASE));
      // A fifth of the stake a round: one staker, hardly more than a sixth each.
      await network.changeRecovery({
        leakAfter: BigInt(LEAK_AFTER),
        leakRound: BigInt(ROUND),
        leakStep: 200_000n,
      });
      const staying = stakers.slice(1, 4);
      const dead = [authority, stakers[0]!, stakers[4]!];
      await network.reaches(
        "the second epoch begins",
        async () => (await network.status(staying[0]!)).epoch >= 1,
      );
      await cluster.endWallet();
      await Promise.all(dead.map((validator) => validator.crash()));
      const height = Math.max(...(await Promise.all(staying.map(({ rpc }) => finalHeight(rpc)))));

      const open = await network.opensRecovery();
      const { id } = open;
      await network.endsGrace(open);
      await network.reaches("all who are left asked for a restart", async () => {
        const { heard } = (await network.recovery())!;
        return heard.reduce((count, word) => count + bits(word), 0) === staying.length;
      });
      // Three of the stakers, equal but for what was delegated to the first one, and the authority with half as much.
      const { nextRoundAt } = (await network.recovery())!;
      await network.travel(nextRoundAt - Number((await client.getBlock()).timestamp));

      const inHybrid = { ...network.hybrid, fromBlock: 0n, strict: true } as const;
      await network.reaches("the new incarnation begins", async () =>
        (await Promise.all(staying.map((each) => network.status(each)))).every(
          ({ incarnation }) => incarnation === 1,
        ),
      );
      const rounds = await client.getContractEvents({ ...inHybrid, eventName: "LeakRound" });
      assert.ok(rounds.length >= 2, `${rounds.length} rounds`);
      const left = rounds.reduce(
        (count, { args }) => count + args.seats.reduce((n, word) => n + bits(word), 0),
        0,
      );
      const charged = () => client.getContractEvents({ ...inHybrid, eventName: "LeakCharged" });
      await network.reaches("whoever was left out is charged", async () => (await charged()).length === left);
      for (const { args } of await charged()) {
        assert.equal(args.id, id);
        assert.ok(
          dead.some(({ number }) => BigInt(number) === args.validator),
          `${args.validator}`,
        );
      }

      await network.reaches("the rest goes on, nothing final is lost", async () => {
        const heights = await Promise.all(staying.map(({ rpc }) => finalHeight(rpc)));
        return heights.every((each) => each >= height + 3);
      });
      assert.equal((await network.status(staying[0]!)).mode, "secure");
      await dead[2]!.start();
      await network.reaches("one that was left out follows", async () => {
        const { incarnation, heights } = await network.status(dead[2]!);
        return incarnation === 1 && heights.finalized >= height + 3;
      });
      await network.assertAgreement([...staying, dead[2]!]);
    }),
);

/** Bits that are set. */
function bits(word: bigint): number {
  let count = 0;
  for (let rest = word; rest > 0n; rest &= rest - 1n) count++;
  return count;
}
