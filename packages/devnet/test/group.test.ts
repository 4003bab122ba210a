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
import { TestNetwork } from "./support/network.ts";

/** What `hybrid_getCertificate` says of a height. */
interface Finality {
  readonly epoch: number;
  readonly domain: Hash;
  readonly view: number;
  readonly parentView: number;
}

const OTHER: Hash = `0x${"ee".repeat(32)}`;

/** A certificate that a coalition makes for a block that nobody proposed, in the view of a final one. */
async function forge(network: TestNetwork, coalition: readonly Validator[], final: Finality) {
  const password = await readPasswordFile(network.cluster.folder.password);
  const plans = await Promise.all(coalition.map((each) => each.adversaryPlan(network.client)));
  const { view, parentView, domain, epoch } = final;
  const body: VoteBody = { kind: "notarize", view, parentView, blockHash: OTHER };
  const root = fromHex(voteRoot(domain, body));
  const signatures = await Promise.all(
    plans.map(async ({ blsKeystore }) =>
      nativeBls.parseSignature(
        nativeBls.sign(await openKeystoreFile(blsKeystore, password, "bls12-381"), root),
      ),
    ),
  );
  const seats = plans.map(({ seat }) => seat);
  const bitmap = toBitmap(seats, network.cluster.validators.length);
  const certificate: Certificate = {
    ...body,
    epoch,
    domain,
    bitmap,
    signature: nativeBls.aggregateSignatures(signatures),
  };
  return { certificate, liar: plans.at(-1)!, password };
}

test(
  "a coalition that signs two blocks of a view is convicted as a group by those who hear of it, and charged page by page",
  {
    timeout: 280_000,
  },
  () =>
    TestNetwork.during(
      "group",
      3,
      async (network) => {
        const { authority, stakers, client } = network;
        const [first, second, honest] = stakers as [Validator, Validator, Validator];
        await network.reaches(
          "the second epoch begins",
          async () => (await network.status(honest)).epoch >= 1,
        );
        await network.cluster.endWallet();
        const height = await finalHeight(honest.rpc);
        const final = (await rpc(honest.rpc, "hybrid_getCertificate", [height])) as Finality;
        const coalition = [authority, first, second];
        const { certificate, liar, password } = await forge(network, coalition, final);

        // One of them tells the others; its own process gives it the place.
        await second.stop();
        const seed = await openKeystoreFile(liar.networkKeystore, password, "secp256k1");
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
        const frame = encodeMessage({ type: "certificate", certificate });
        await tells.start({
          connected: (peer) => {
            tells.send(peer, "consensus", frame);
          },
          disconnected: () => {},
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
        try {
          await network.reaches("the group is on record", async () => (await groups()).length > 0);
        } finally {
          await tells.close();
        }
        // Who signed both blocks: the authority, without whom there is no quorum, and a staker at least.
        const [group] = await groups();
        const members = group!.args.seats[0]!.toString(2).replaceAll("0", "").length;
        assert.ok(members >= 2, `${members} members`);
        await network.reaches(
          "everybody in it is charged",
          async () => (await waitingIn(client, network.contracts, group!.args.id)).length === 0,
        );
        const charges = await charged();
        assert.ok(charges.length >= members);
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
