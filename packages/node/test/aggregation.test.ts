import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  decodeConsensus,
  domainHash,
  electorate,
  encodeMessage,
  encodePartial,
  genesisHash,
  genesisSeed,
  type Hash,
  hashOf,
  type Message,
  type Proposal,
  rootOf,
  Subnets,
  toBitmap,
  type Vote,
  type VoteBody,
} from "@aitbc-hybrid/protocol";
import { type Log, silentLog } from "../src/log.ts";
import { createNetwork, type Network } from "../src/network/index.ts";
import { Cluster, reaches } from "./support/cluster.ts";
import { HANGS_MS, until } from "./support/until.ts";

const NODES = 9;
const SIZES = { voters: 3, aggregators: 3, collectors: 3 };
const PARAMS = {
  blockTime: { fast: 100, balanced: 200, secure: 200 },
  delta: { fast: 100, balanced: 1_000, secure: 1_000 },
};

/** Bans by reason, with who was banned. */
const bans: { readonly node: number; readonly peer: string; readonly reason: string }[] = [];
const listening = (node: number): Log => ({
  ...silentLog,
  warn: ((fields: { peer?: string; reason?: string }, event: string) => {
    if (event === "peer banned") bans.push({ node, peer: fields.peer!, reason: fields.reason! });
  }) as Log["warn"],
  child: () => listening(node),
});

/** Validators of whom a network of nine would be told everything by everybody, if it were not for the configuration. */
const clusterOf = (silent: readonly number[], epochLength: number, slow: number | null = null): Cluster =>
  new Cluster({
    nodes: NODES,
    params: { ...PARAMS, epochLength: { fast: 20, balanced: epochLength, secure: 20 } },
    log: listening,
    delayMs: (node) => (node === slow ? 600 : 0),
    consensus: (node) => ({ aggregateAbove: 4, subnets: SIZES, silent: silent.includes(node) }),
  });

const figure = (cluster: Cluster, name: string): number =>
  cluster.running.reduce((sum, { reader }) => sum + reader.metricsSummary()[name]!, 0);

describe("nine validators, a third of whom aggregate nothing, and one of whom answers late", () => {
  const cluster = clusterOf([1, 4, 7], 16, 8);
  before(() => cluster.start());
  after(() => cluster.close());

  test("finalize by certificates that aggregators made, over epochs", { timeout: HANGS_MS }, async () => {
    await Promise.all(cluster.running.map((node) => reaches(node, 19)));
    assert.ok(figure(cluster, "certificates_aggregated") > 0);
    assert.ok(figure(cluster, "aggregates_sent") > 0);
    for (const silent of [1, 4, 7]) {
      const { aggregates_sent, certificates_aggregated } = cluster.node(silent).reader.metricsSummary();
      assert.deepEqual([aggregates_sent, certificates_aggregated], [0, 0]);
    }
    const blocks = await Promise.all(cluster.running.map(({ reader }) => reader.block({ height: 18 })));
    assert.equal(new Set(blocks.map((block) => block?.hash)).size, 1);
    assert.deepEqual(bans, []);
  });

  test("votes that come after their certificates are carried late", async () => {
    const boundaries = () =>
      cluster.duties(0).checkpoints.flatMap(({ checkpoint }) => checkpoint.boundary ?? []);
    await until("a boundary is backed", () => boundaries().length > 0);
    const [boundary] = boundaries();
    const vector = await cluster.duties(0).vectorOf(boundary!.accounting.epoch);
    const missed = (seat: number): number =>
      new DataView(vector!.buffer, vector!.byteOffset).getUint16(4 * seat);
    assert.ok(missed(8) < 32_768, `${missed(8)}`);
  });
});

describe("nine validators, none of whom aggregates", () => {
  const cluster = clusterOf(
    Array.from({ length: NODES }, (_, node) => node),
    20,
  );
  before(() => cluster.start());
  after(() => cluster.close());

  // Whether votes have to go to everybody depends on how fast those who heard them count: units decide that.
  test("finalize by votes alone", { timeout: HANGS_MS }, async () => {
    await Promise.all(cluster.running.map((node) => reaches(node, 3)));
    assert.equal(figure(cluster, "certificates_aggregated"), 0);
  });
});

describe("a corrupted validator among nine", () => {
  const LIAR = 8;
  const cluster = clusterOf([], 1_000);
  const network: { liar: Network | null; answer: (proposal: Proposal) => void } = {
    liar: null,
    answer: () => {},
  };
  let liarId = "";
  let subnets: Subnets;
  let domain: Hash;

  before(async () => {
    await cluster.start();
    await cluster.stopOne(LIAR);
    bans.length = 0;
    const members = electorate(cluster.registry, "balanced");
    const genesis = await cluster.settlement.genesis();
    const hash = genesisHash(genesis);
    domain = domainHash({
      chainId: genesis.chainId,
      genesisHash: hash,
      epoch: 0,
      incarnation: 0,
      mode: "balanced",
      registry: cluster.registry.root,
    });
    subnets = new Subnets(members, genesisSeed(hash), SIZES);
    const liar = await createNetwork(cluster.optionsOf(LIAR).network, {
      log: silentLog,
      metrics: { peers() {}, sent() {}, received() {}, dropped() {}, banned() {} },
    });
    network.liar = liar;
    liarId = liar.self;
    await liar.start({
      connected: () => {},
      disconnected: () => {},
      frame: (_, channel, frame) => {
        if (channel !== "consensus") return;
        const message = decodeConsensus(frame);
        if (message.type === "proposal" && message.proposal.domain === domain)
          network.answer(message.proposal);
      },
    });
  });
  after(async () => {
    await network.liar?.close();
    await cluster.close();
  });

  const notarize = ({ view, parentView, block }: Proposal): VoteBody => ({
    kind: "notarize",
    view,
    parentView,
    blockHash: hashOf(block),
  });
  const voteOf = (body: VoteBody, signed: VoteBody): Vote => ({
    ...body,
    epoch: 0,
    domain,
    seat: LIAR,
    signature: cluster.signAs(LIAR, rootOf(domain, signed)),
  });
  const tell = (seat: number, message: Message): void => {
    const peer = network.liar!.peerOf(seat + 1);
    if (peer !== null) network.liar!.send(peer, "consensus", encodeMessage(message));
  };
  const other = (body: VoteBody): VoteBody => ({ ...body, blockHash: `0x${"ee".repeat(32)}` });

  test("is convicted by aggregates that hold one of its votes each", { timeout: HANGS_MS }, async () => {
    network.answer = (proposal) => {
      const body = notarize(proposal);
      const [first, ...others] = subnets.duties(body.view).aggregators[subnets.of(LIAR)]!;
      tell(first!, { type: "vote", vote: voteOf(body, body) });
      for (const seat of others) tell(seat, { type: "vote", vote: voteOf(other(body), other(body)) });
    };
    const found = () =>
      cluster.running
        .flatMap((_, node) => cluster.duties(node).offences)
        .find(({ what }) => what === "certificates");
    await until("evidence", () => found() !== undefined);
    const evidence = found();
    assert.ok(evidence?.what === "certificates");
    assert.deepEqual(evidence.validatorIds, [LIAR + 1]);
  });

  test("whose vote is forged is named by bisection and banned, and nobody else", {
    timeout: HANGS_MS,
  }, async () => {
    network.answer = (proposal) => {
      const body = notarize(proposal);
      const vote = voteOf(body, other(body));
      for (const seat of subnets.duties(body.view).aggregators[subnets.of(LIAR)]!)
        tell(seat, { type: "vote", vote });
    };
    await until("a ban", () => bans.some(({ reason }) => reason === "forged vote"));
    network.answer = () => {};
    assert.ok(bans.every(({ peer }) => peer === liarId));
  });

  test("whose aggregate is forged is named by bisection and banned, and nobody else", {
    timeout: HANGS_MS,
  }, async () => {
    bans.length = 0;
    network.answer = (proposal) => {
      const body = notarize(proposal);
      const { aggregators, collectors } = subnets.duties(body.view);
      for (const [subnet, seats] of aggregators.entries()) {
        if (!seats.includes(LIAR)) continue;
        const bitmap = toBitmap(subnets.voters[subnet]!, NODES);
        const signature = cluster.signAs(LIAR, rootOf(domain, body));
        const frame = encodePartial({
          type: "partial",
          partial: { ...body, epoch: 0, domain, bitmap, signature },
        });
        for (const seat of collectors) {
          const peer = network.liar!.peerOf(seat + 1);
          if (peer !== null) network.liar!.send(peer, "consensus", frame);
        }
      }
    };
    await until("a ban", () => bans.some(({ reason }) => reason === "forged aggregate"));
    assert.ok(bans.every(({ peer }) => peer === liarId));
    const { finalized } = cluster.node(0).reader.heads();
    await reaches(cluster.node(0), finalized + 3);
  });
});
