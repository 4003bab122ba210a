import { nativeBls } from "@aitbc-hybrid/crypto/native";
import {
  type Certificate,
  checkpointRoot,
  type Hash,
  restartRoot,
  type StatementEvidence,
  type Testimony,
  toBitmap,
  type VoteBody,
  voteRoot,
} from "@aitbc-hybrid/protocol";
import {
  certificateWords,
  hybridManagerAbi,
  type Network,
  readLastAccepted,
  readRecovery,
  readRegistry,
  restartProof,
  type SignedDomain,
  contradiction as sdkContradiction,
  slashingManagerAbi,
} from "@aitbc-hybrid/sdk";
import { expect } from "chai";
import { getBytes } from "ethers";
import { network } from "hardhat";
import { createPublicClient, custom, encodeFunctionData } from "viem";
import {
  type Core,
  checkpointAt,
  domainOf,
  finalize,
  hashOf,
  notarize,
  nullify,
  secretsBySeat,
  startedCore,
  ZERO,
} from "../support/core.ts";
import { contradiction, type Said, statement } from "../support/evidence.ts";
import { certificate, restartProof as measuredProof, open } from "../support/recovery.ts";

const connection = await network.create();
const client = createPublicClient({ transport: custom(connection.provider), pollingInterval: 10 });

/** What the client posts of evidence and recoveries is, byte for byte, what the contracts' own tests are judged with. */
describe("the client's evidence and recovery calls", () => {
  let core: Core;
  let settlement: Network;
  let domain: Hash;
  let root: Hash;
  let secrets: (Uint8Array | undefined)[];

  before(async () => {
    core = await startedCore(connection);
    settlement = { chainId: 31_337, addresses: core.addresses as Network["addresses"], deployBlock: 0 };
    domain = await domainOf(core);
    root = (await core.elections.snapshotHashOf(0)) as Hash;
    secrets = await secretsBySeat(core, 0);
  });

  const sign = (seat: number, of: Hash): Uint8Array => nativeBls.sign(secrets[seat]!, getBytes(of));
  const certified = (seats: readonly number[], body: VoteBody): Certificate => ({
    ...body,
    epoch: 0,
    domain,
    bitmap: toBitmap(seats, secrets.length),
    signature: nativeBls.aggregateSignatures(seats.map((seat) => sign(seat, voteRoot(domain, body)))),
  });
  const voted = (seat: number, body: VoteBody): Testimony => ({
    type: "vote",
    vote: { ...body, epoch: 0, domain, seat, signature: sign(seat, voteRoot(domain, body)) },
  });
  const backed = (seat: number, said: Said & { readonly kind: "checkpoint" }): Testimony => ({
    type: "checkpointVote",
    vote: {
      epoch: 0,
      domain,
      checkpoint: said.checkpoint,
      seat,
      signature: sign(seat, checkpointRoot(domain, said.checkpoint)),
    },
  });
  const evidence = (
    what: StatementEvidence["what"],
    seats: readonly number[],
    first: Testimony,
    second: Testimony,
    chain: StatementEvidence["chain"] = [],
  ): StatementEvidence => ({
    what,
    epoch: 0,
    domain,
    seats,
    validatorIds: seats.map((seat) => seat + 1),
    first,
    second,
    chain,
  });
  const domainNow = (): SignedDomain => ({
    epoch: 0,
    incarnation: 0,
    mode: "balanced",
    registryRoot: root,
  });
  const encoded = (e: StatementEvidence): string =>
    encodeFunctionData({
      abi: slashingManagerAbi,
      functionName: "submitContradiction",
      args: [sdkContradiction(nativeBls, e, domainNow), ZERO],
    });
  const measured = (c: ReturnType<typeof contradiction>): string =>
    core.slashing.interface.encodeFunctionData("submitContradiction", [c, ZERO]);

  it("a vote and a certificate that its signer is in", async () => {
    const signers = [0, 1, 2, 4, 5];
    const e = evidence("member", [5], voted(5, nullify(7)), {
      type: "certificate",
      certificate: certified(signers, finalize(7, "a")),
    });
    expect(encoded(e)).to.equal(
      measured(
        contradiction(
          await statement(core, finalize(7, "a"), { signers }),
          await statement(core, nullify(7), { signers: [5] }),
        ),
      ),
    );
  });

  it("two certificates", async () => {
    const [a, b] = [
      [0, 1, 2, 3],
      [2, 3, 4, 5],
    ] as const;
    const e = evidence(
      "certificates",
      [2, 3],
      { type: "certificate", certificate: certified(a, notarize(7, "a")) },
      { type: "certificate", certificate: certified(b, notarize(7, "b")) },
    );
    expect(encoded(e)).to.equal(
      measured(
        contradiction(
          await statement(core, notarize(7, "a"), { signers: a }),
          await statement(core, notarize(7, "b"), { signers: b }),
        ),
      ),
    );
  });

  it("checkpoints of two heights with the chain between them", async () => {
    const lower = { kind: "checkpoint", checkpoint: checkpointAt({ height: 5 }) } as const;
    const between = { ...checkpointAt({ height: 5 }), blockHash: hashOf("another") };
    const higher = {
      kind: "checkpoint",
      checkpoint: { ...checkpointAt({ height: 10 }), previous: checkpointRoot(domain, between) },
    } as const;
    const e = evidence("checkpoints", [4], backed(4, lower), backed(4, higher), [between]);
    const forms = contradiction(
      await statement(core, lower, { signers: [4] }),
      await statement(core, higher, { signers: [4] }),
      { chain: [{ domain, checkpoint: between }] },
    );
    expect(encoded(e)).to.equal(measured(forms));
    const { seats } = await core.slashing.checkContradiction(forms);
    expect(seats[0]).to.equal(16n);
  });

  it("a RESTART and what it forbids", async () => {
    const blockHash = hashOf("a");
    const vote = {
      epoch: 0,
      domain,
      view: 5,
      blockHash,
      seat: 4,
      seatNext: 4,
      signature: sign(4, restartRoot(domain, 5, blockHash)),
    };
    const e = evidence("restart", [4], { type: "restart", vote }, voted(4, finalize(7, "b")));
    const forms = contradiction(
      await statement(core, finalize(7, "b"), { signers: [4] }),
      await statement(core, { kind: "restart", view: 5, blockHash }, { signers: [4] }),
    );
    expect(encoded(e)).to.equal(measured(forms));
    const { seats } = await core.slashing.checkContradiction(forms);
    expect(seats[0]).to.equal(16n);
  });

  it("a certificate and RESTARTs of its block, in an open recovery", async () => {
    expect((await readRecovery(client, settlement)).open).to.equal(null);
    const id = await open(core);
    const registry = await readRegistry(client, settlement.addresses, root, 0);
    const absent = [2];
    const form = await certificate(core, 3, { absent });
    const signers = [...secrets.keys()].filter((seat) => !absent.includes(seat));
    const body: VoteBody = { kind: "notarize", view: 3, parentView: 2, blockHash: form.hash };
    const words = certificateWords(certified(signers, body), form.header, registry, "balanced");
    const last = await readLastAccepted(client, settlement);
    expect(
      encodeFunctionData({
        abi: hybridManagerAbi,
        functionName: "post",
        args: [words, last],
      }),
    ).to.equal(core.hybrid.interface.encodeFunctionData("post", [form.words, last]));
    await core.hybrid.post(form.words, last);

    const restart = restartRoot(domain, 3, form.hash);
    const votes = [4, 1].map((seat) => ({
      epoch: 0,
      domain,
      view: 3,
      blockHash: form.hash,
      seat,
      seatNext: seat,
      signature: sign(seat, restart),
    }));
    const sets = { registry, mode: "balanced", registryNext: registry, modeNext: "balanced" } as const;
    const proof = restartProof(nativeBls, votes, sets)!;
    expect(
      encodeFunctionData({
        abi: hybridManagerAbi,
        functionName: "restart",
        args: [3n, form.hash, proof],
      }),
    ).to.equal(
      core.hybrid.interface.encodeFunctionData("restart", [
        3,
        form.hash,
        await measuredProof(core, 3, form.hash, { signers: [1, 4] }),
      ]),
    );
    const state = await readRecovery(client, settlement);
    expect([state.epoch, state.mode, state.open?.id, state.open?.postedView]).to.deep.equal([
      0,
      "balanced",
      id,
      3,
    ]);
  });
});
