import assert from "node:assert/strict";
import { test } from "node:test";
import { openKeystoreFile, readPasswordFile } from "@aitbc-hybrid/crypto/keystore";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import { createNetwork, silentLog } from "@aitbc-hybrid/node";
import {
  type Certificate,
  encodeMessage,
  fromHex,
  type Hash,
  toBitmap,
  type VoteBody,
  voteRoot,
} from "@aitbc-hybrid/protocol";
import { slashingManagerAbi, waitingIn } from "@aitbc-hybrid/sdk";
import { finalHeight } from "../src/agreement.ts";
import { rpc } from "../src/rpc.ts";
import type { Validator } from "../src/validator.ts";
import { HANGS_MS, TestNetwork } from "./support/network.ts";

/** What `hybrid_getCertificate` says of a height. */
interface Finality {
  readonly epoch: number;
  readonly domain: Hash;
  readonly view: number;
  readonly parentView: number;
}

const OTHER: Hash = `0x${"ee".repeat(32)}`;

/** A certificate that a coalition makes for a block that nobody proposed, in the view of a final one. */
function forge(
  members: readonly { readonly seat: number; readonly secret: Uint8Array }[],
  seats: number,
  { view, parentView, domain, epoch }: Finality,
): Certificate {
  const body: VoteBody = { kind: "notarize", view, parentView, blockHash: OTHER };
  const root = fromHex(voteRoot(domain, body));
  const signatures = members.map(({ secret }) => nativeBls.parseSignature(nativeBls.sign(secret, root)));
  return {
    ...body,
    epoch,
    domain,
    bitmap: toBitmap(
      members.map(({ seat }) => seat),
      seats,
    ),
    signature: nativeBls.aggregateSignatures(signatures),
  };
}

test(
  "a coalition that signs two blocks of a view is convicted as a group by those who hear of it, and charged page by page",
  {
    timeout: HANGS_MS,
  },
  () =>
    TestNetwork.during(
      "group",
      3,
      async (network) => {
        const { authority, stakers, client } = network;
        const [first, second, honest] = stakers as [Validator, Validator, Validator];
        const coalition = [authority, first, second];
        const password = await readPasswordFile(network.cluster.folder.password);
        const plans = await Promise.all(coalition.map((each) => each.adversaryPlan(client)));
        const members = await Promise.all(
          plans.map(async ({ seat, blsKeystore }) => ({
            seat,
            secret: await openKeystoreFile(blsKeystore, password, "bls12-381"),
          })),
        );
        // One of them tells the others; its own process gives it the place.
        const liar = plans.at(-1)!;
        const seed = await openKeystoreFile(liar.networkKeystore, password, "secp256k1");
        await network.cluster.endWallet();
        await second.stop();
        const tells = await createNetwork(
          {
            seed,
            listen: liar.listen,
            peers: liar.peers,
            followers: 0,
            maxFrameBytes: 8_000_000,
            maxQueueBytes: 16_000_000,
            banMs: 1_000,
          },
          { log: silentLog, metrics: { peers() {}, sent() {}, received() {}, dropped() {}, banned() {} } },
        );
        const peers = new Set<string>();
        await tells.start({
          connected: (peer) => {
            peers.add(peer);
          },
          disconnected: (peer) => {
            peers.delete(peer);
          },
          frame: () => {},
        });
        const inSlashing = {
          address: network.contracts.addresses.slashing,
          abi: slashingManagerAbi,
          fromBlock: 0n,
          strict: true,
        } as const;
        const groups = () => client.getContractEvents({ ...inSlashing, eventName: "GroupConvicted" });
        const charged = () => client.getContractEvents({ ...inSlashing, eventName: "Convicted" });
        const latest = async () =>
          (await rpc(honest.rpc, "hybrid_getCertificate", [await finalHeight(honest.rpc)])) as Finality;
        let final: Finality;
        try {
          await network.reaches("everybody hears the liar", async () => peers.size === 3);
          // Nodes hear certificates of N in their own epoch only: it has just begun.
          const { epoch } = await network.status(honest);
          await network.reaches(
            "a block of a new epoch is final",
            async () => (await latest()).epoch > epoch,
          );
          final = await latest();
          const certificate = forge(members, network.cluster.validators.length, final);
          const frame = encodeMessage({ type: "certificate", certificate });
          for (const peer of peers) tells.send(peer, "consensus", frame);
          await network.reaches("the group is on record", async () => (await groups()).length > 0);
        } finally {
          await tells.close();
        }
        // Who signed both blocks: the authority, without whom there is no quorum, and a staker at least. A node may hold
        // single votes against the certificate before it holds the other certificate: then there are more groups.
        await network.reaches("everybody in both is charged", async () => {
          const waiting = await Promise.all(
            (await groups()).map(({ args }) => waitingIn(client, network.contracts, args.id)),
          );
          const convicted = new Set((await charged()).map(({ args }) => args.validator));
          return convicted.size >= 2 && waiting.every((numbers) => numbers.length === 0);
        });
        const charges = await charged();
        // A page is one of them: nobody was charged together with somebody else.
        assert.equal(new Set(charges.map(({ transactionHash }) => transactionHash)).size, charges.length);
        const numbers = coalition.map((each) => BigInt(each.number));
        for (const { args } of charges) {
          assert.ok(numbers.includes(args.validator), `validator ${args.validator}`);
          assert.equal(args.epoch, BigInt(final.epoch));
          assert.ok(args.bondTaken > 0n);
        }
      },
      (config) => ({ ...config, settlement: { ...config.settlement, chargesAtOnce: 1 } }),
    ),
);
