import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { openKeystoreFile, readPasswordFile } from "@aitbc-hybrid/crypto/keystore";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import { createNetwork, silentLog } from "@aitbc-hybrid/node";
import {
  decodeMessage,
  encodeMessage,
  fromHex,
  type Hash,
  type Proposal,
  toHex,
  type VoteBody,
  voteRoot,
} from "@aitbc-hybrid/protocol";
import type { AdversaryPlan, AdversaryReport } from "./types.ts";

/**
 * A corrupted authority: it has the key of one, takes part in the network as that authority, and signs two conflicting
 * NOTARIZE for the same view. Validators have no such switch; this program shares only their transport and codec.
 */
const plan = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as AdversaryPlan;
const password = await readPasswordFile(plan.passwordFile);
const secret = await openKeystoreFile(plan.blsKeystore, password, "bls12-381");
const network = await createNetwork(
  {
    seed: await openKeystoreFile(plan.networkKeystore, password, "secp256k1"),
    listen: plan.listen,
    peers: plan.peers,
    followers: 0,
    maxFrameBytes: 8_000_000,
    maxQueueBytes: 16_000_000,
    banMs: 1_000,
  },
  {
    log: silentLog,
    metrics: { peers() {}, sent() {}, received() {}, dropped() {}, banned() {} },
  },
);

/** Views between two offences: enough for others to look at the first. */
const EVERY_VIEWS = 4;
let offended = { domain: "" as string, view: -EVERY_VIEWS };

function sign(proposal: Proposal, blockHash: Hash): Uint8Array {
  const { domain, epoch, view, parentView } = proposal;
  const body: VoteBody = { kind: "notarize", view, parentView, blockHash };
  const signature = nativeBls.sign(secret, fromHex(voteRoot(domain, body)));
  return encodeMessage({ type: "vote", vote: { ...body, domain, epoch, seat: plan.seat, signature } });
}

function offend(proposal: Proposal): void {
  const { domain, view, epoch } = proposal;
  if (domain === offended.domain && view < offended.view + EVERY_VIEWS) return;
  offended = { domain, view };
  for (let i = 0; i < 2; i++) network.broadcast("consensus", sign(proposal, toHex(randomBytes(32))));
  process.send?.({ type: "equivocated", epoch, view } satisfies AdversaryReport);
}

await network.start({
  connected() {},
  disconnected() {},
  frame(_peer, channel, frame) {
    if (channel !== "consensus") return;
    const message = decodeMessage(frame);
    if (message.type === "proposal") offend(message.proposal);
  },
});

async function end(): Promise<void> {
  await network.close();
  process.exit(0);
}
process.on("SIGTERM", end);
process.on("disconnect", end);
