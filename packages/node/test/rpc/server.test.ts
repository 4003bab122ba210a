import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { keccak256, parseEther } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { defaultRpcServerOptions, type RpcServer, startRpcServer } from "../../src/rpc/index.ts";
import { chainId, FakeChain } from "./fake-chain.ts";

const account = privateKeyToAccount(`0x${"11".repeat(32)}`);
const other = `0x${"22".repeat(20)}` as const;

describe("the RPC server", () => {
  let chain: FakeChain;
  let server: RpcServer;
  const logged: object[] = [];

  before(async () => {
    chain = await FakeChain.open(
      new Map([[account.address.toLowerCase() as `0x${string}`, parseEther("10")]]),
    );
    server = await startRpcServer(
      {
        ...defaultRpcServerOptions,
        port: 0,
        maximumBodyBytes: 20_000,
        maximumBatch: 5,
        maximumWaiters: 2,
        corsOrigins: ["https://wallet.example"],
      },
      { chain, log: { error: (details) => logged.push(details) } },
    );
  });

  after(async () => {
    await server.close();
    assert.equal(chain.subscribers, 0);
  });

  const post = (body: string, headers: Record<string, string> = { "content-type": "application/json" }) =>
    fetch(server.url, { method: "POST", headers, body });

  const call = async (method: string, ...params: unknown[]) => {
    const response = await post(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
    return (await response.json()) as {
      result?: unknown;
      error?: { code: number; message: string; data?: { code: string } };
    };
  };

  const sign = (nonce: number, wishes: object = {}) =>
    account.signTransaction({
      type: "eip1559",
      chainId,
      nonce,
      to: other,
      value: 1n,
      gas: 21_000n,
      maxFeePerGas: 10n ** 11n,
      maxPriorityFeePerGas: 10n ** 9n,
      ...wishes,
    });

  it("listens on loopback unless told otherwise", () => {
    assert.equal(defaultRpcServerOptions.host, "127.0.0.1");
    assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  });

  describe("answers JSON-RPC 2.0", () => {
    const cases: readonly [string, string, number][] = [
      ["what is not JSON", "{", -32700],
      ["what is no request", "[1]", -32600],
      ["an empty batch", "[]", -32600],
      ["another version", '{"jsonrpc":"1.0","id":1,"method":"eth_chainId"}', -32600],
      ["an id that is an object", '{"jsonrpc":"2.0","id":{},"method":"eth_chainId"}', -32600],
      ["an unknown method", '{"jsonrpc":"2.0","id":1,"method":"eth_mine"}', -32601],
      ["a method of Object's", '{"jsonrpc":"2.0","id":1,"method":"toString"}', -32601],
      ["named parameters", '{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":{}}', -32602],
      ["a bad address", '{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":["0x12"]}', -32602],
      [
        "a bad tag",
        `{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":["${other}","newest"]}`,
        -32602,
      ],
      [
        "a block to come",
        `{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":["${other}","0xffff"]}`,
        -32001,
      ],
    ];
    for (const [name, body, code] of cases) {
      it(`with ${code} to ${name}`, async () => {
        const answer = await (await post(body)).json();
        const [first] = Array.isArray(answer) ? answer : [answer];
        assert.equal(first.jsonrpc, "2.0");
        assert.equal(first.error.code, code);
      });
    }

    it("to light clients: null for what is not there, refusals of what cannot be", async () => {
      const hash = `0x${"33".repeat(32)}`;
      for (const [method, ...params] of [
        ["hybrid_getCheckpoint"],
        ["hybrid_getCheckpoint", { epoch: 3 }],
        ["hybrid_getCheckpoint", 5],
        ["hybrid_getRegistry", hash],
        ["hybrid_getBlockProof", 5, 10],
        ["hybrid_getTransactionProof", hash],
        ["hybrid_getReceiptProof", hash, null],
      ] as const) {
        const { result, error } = await call(method, ...params);
        assert.deepEqual([result, error], [null, undefined], method);
      }
      for (const [method, ...params] of [
        ["hybrid_getCheckpoint", { height: 5 }],
        ["hybrid_getCheckpoint", "newest"],
        ["hybrid_getRegistry", "0x12"],
        ["hybrid_getBlockProof", 0],
        ["hybrid_getBlockProof", 5, -1],
        ["hybrid_getReceiptProof", 7],
      ] as const) {
        const { error } = await call(method, ...params);
        assert.equal(error?.code, -32602, method);
      }
    });

    it("to a batch in order, leaving out notifications", async () => {
      const response = await post(
        JSON.stringify([
          { jsonrpc: "2.0", id: "a", method: "eth_chainId" },
          { jsonrpc: "2.0", method: "eth_chainId" },
          { jsonrpc: "2.0", id: 2, method: "net_version" },
        ]),
      );
      assert.deepEqual(await response.json(), [
        { jsonrpc: "2.0", id: "a", result: "0x7cff" },
        { jsonrpc: "2.0", id: 2, result: "31999" },
      ]);
      const silent = await post('{"jsonrpc":"2.0","method":"eth_chainId"}');
      assert.equal(silent.status, 204);
    });

    it("with an error that reveals nothing when it fails itself, and logs it", async () => {
      chain.fault = new Error("secret of the disk");
      const { error } = await call("eth_getBalance", other);
      assert.equal(error?.code, -32603);
      assert.doesNotMatch(error.message, /secret/);
      assert.equal(logged.length, 1);
    });

    it("with a state that is no longer kept by its code", async () => {
      chain.fault = Object.assign(new Error("the state at height 0 is no longer kept"), {
        code: "STATE_UNAVAILABLE",
      });
      const { error } = await call("eth_getBalance", other, "0x0");
      assert.deepEqual([error?.code, error?.data?.code], [-32002, "STATE_UNAVAILABLE"]);
    });
  });

  describe("bounds", () => {
    it("a batch", async () => {
      const calls = Array.from({ length: 6 }, (_, id) => ({ jsonrpc: "2.0", id, method: "eth_chainId" }));
      const answer = (await (await post(JSON.stringify(calls))).json()) as { error: { code: number } };
      assert.equal(answer.error.code, -32005);
    });

    it("a request", async () => {
      const response = await post(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "x".repeat(30_000) }));
      assert.equal(response.status, 413);
      assert.equal(((await response.json()) as { error: { code: number } }).error.code, -32005);
    });

    it("clients that wait for receipts", async () => {
      const wait = (n: number) => call("hybrid_waitForReceipt", keccak256(`0x0${n}`), 200);
      const answers = await Promise.all([wait(1), wait(2), wait(3)]);
      assert.deepEqual(
        answers.map(({ error }) => error?.code),
        [undefined, undefined, -32005],
      );
    });

    it("what pages of other origins may do", async () => {
      const simple = await post('{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}', {
        "content-type": "text/plain",
      });
      assert.equal(simple.status, 415, "a form or an image cannot call");
      const asked = (origin: string) => fetch(server.url, { method: "OPTIONS", headers: { origin } });
      const known = await asked("https://wallet.example");
      assert.equal(known.headers.get("access-control-allow-origin"), "https://wallet.example");
      assert.equal((await asked("https://evil.example")).headers.get("access-control-allow-origin"), null);
    });
  });

  describe("refuses a transaction with its reason", () => {
    const refused = async (raw: string) => (await call("eth_sendRawTransaction", raw)).error;

    const cases: readonly [string, () => Promise<string>][] = [
      ["MALFORMED", async () => "0xc0"],
      ["UNSUPPORTED_TYPE", async () => "0x03c0"],
      ["WRONG_CHAIN_ID", () => sign(0, { chainId: 1 })],
      ["NONCE_GAP", () => sign(500)],
      ["INSUFFICIENT_BALANCE", () => sign(0, { value: parseEther("100") })],
      ["FEE_CAP_BELOW_BASE_FEE", () => sign(0, { maxFeePerGas: 1n, maxPriorityFeePerGas: 0n })],
      ["OVERSIZED_DATA", () => sign(0, { data: `0x${"00".repeat(4_097)}`, gas: 100_000n })],
      ["OVERSIZED_TRANSACTION", () => sign(0, { data: `0x${"00".repeat(9_000)}`, gas: 200_000n })],
      ["CONTRACT_CREATION", () => sign(0, { to: null, data: "0x00", gas: 100_000n })],
      ["GAS_TOO_LOW", () => sign(0, { gas: 20_000n })],
    ];
    for (const [code, make] of cases) {
      it(code, async () => {
        const error = await refused(await make());
        assert.equal(error?.code, -32003);
        assert.equal(error.data?.code, code);
        assert.ok(error.message.length > 10);
      });
    }

    it("BAD_SIGNATURE", async () => {
      // The envelope ends with s: ff… is above the group order.
      const raw = await sign(0);
      const tampered = `${raw.slice(0, -64)}${"ff".repeat(32)}`;
      assert.equal((await refused(tampered))?.data?.code, "BAD_SIGNATURE");
    });

    it("which leaves nothing behind", async () => {
      assert.equal((await call("eth_getTransactionCount", account.address, "pending")).result, "0x0");
    });
  });

  it("says of health, readiness and metrics over plain GET", async () => {
    const health = (await (await fetch(`${server.url}/health`)).json()) as {
      status: string;
      heights: object;
    };
    assert.equal(health.status, "ok");
    assert.deepEqual(health.heights, chain.heads());
    assert.equal((await fetch(`${server.url}/ready`)).status, 200);
    chain.state = { ready: false, reasons: ["the settlement chain does not answer"] };
    const ready = await fetch(`${server.url}/ready`);
    assert.equal(ready.status, 503);
    assert.deepEqual(await ready.json(), chain.state);
    const metrics = await fetch(`${server.url}/metrics`);
    assert.match(metrics.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
    assert.equal(await metrics.text(), "aitbc_hybrid_height 1\n");
  });

  describe("speaks of the hybrid chain", () => {
    it("its status and figures", async () => {
      const { result } = await call("hybrid_status");
      assert.deepEqual(result, {
        clientVersion: "aitbc-hybrid/test",
        chainId,
        ...chain.status(),
        heights: chain.heads(),
      });
      assert.deepEqual((await call("hybrid_metricsSummary")).result, { finality_seconds_p50: 0.5 });
    });

    it("its blocks by level, final hashes and certificates", async () => {
      await chain.certify();
      const levelOf = async () => ((await call("hybrid_getBlock", 1)).result as { level: string }).level;
      assert.equal(await levelOf(), "latest");
      assert.equal((await call("hybrid_getFinalizedHash", 1)).result, null);
      assert.equal((await call("hybrid_getCertificate", 1)).result, null);
      await chain.finalize();
      assert.equal(await levelOf(), "finalized");
      const hash = keccak256("0x1");
      assert.equal((await call("hybrid_getFinalizedHash", 1)).result, hash);
      assert.equal((await call("hybrid_getFinalizedHash", "0x1")).result, hash);
      const certificate = (await call("hybrid_getCertificate", 1)).result as Record<string, unknown>;
      assert.equal(certificate.blockHash, hash);
      assert.equal(certificate.bitmap, "0x07");
      chain.back(1);
      assert.equal(await levelOf(), "backed");
      chain.settle(1);
      assert.equal(await levelOf(), "settled");
      assert.deepEqual(
        (await call("hybrid_getBlock", hash)).result,
        (await call("hybrid_getBlock", "settled")).result,
      );
    });

    it("a receipt as soon as it is final, to all who wait for it", async () => {
      const hash = (await call("eth_sendRawTransaction", await sign(0))).result;
      const waiting = [
        call("hybrid_waitForReceipt", hash, 20_000),
        call("hybrid_waitForReceipt", hash, 20_000),
      ];
      await chain.certify();
      await chain.finalize();
      for (const { result } of await Promise.all(waiting)) {
        assert.equal((result as { transactionHash: string }).transactionHash, hash);
      }
      const later = (await call("hybrid_waitForReceipt", hash)).result;
      assert.deepEqual(later, (await call("eth_getTransactionReceipt", hash)).result);
      assert.equal((await call("hybrid_waitForReceipt", keccak256("0x99"), 1)).result, null);
      assert.equal((await call("hybrid_waitForReceipt", hash, 60_000)).error?.code, -32602);
    });
  });

  it("answers clients that wait when it stops", async () => {
    const second = await startRpcServer(
      { ...defaultRpcServerOptions, port: 0 },
      { chain, log: { error: () => {} } },
    );
    const subscribed = chain.subscribers;
    const body = JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "hybrid_waitForReceipt",
      params: [keccak256("0x98")],
    });
    const headers = { "content-type": "application/json" };
    const asked = Promise.withResolvers<void>();
    chain.onReceipt = asked.resolve;
    const answer = fetch(second.url, { method: "POST", headers, body });
    await asked.promise;
    await second.close();
    assert.equal(chain.subscribers, subscribed - 1);
    assert.equal(((await (await answer).json()) as { result: unknown }).result, null);
  });

  describe("gives each client its share of proofs", () => {
    let now = 1_000_000;
    let limited: RpcServer;
    const refused: string[] = [];
    before(async () => {
      limited = await startRpcServer(
        {
          ...defaultRpcServerOptions,
          port: 0,
          proofsPerSecond: 10,
          proofsBurst: 3,
          trustedProxies: ["127.0.0.1"],
        },
        {
          chain,
          log: { error: () => {} },
          clock: () => now,
          onLimited: (method) => refused.push(method),
        },
      );
    });
    after(() => limited.close());

    type Answer = { result?: unknown; error?: { code: number; message: string; data?: object } };
    const proofs = async (count: number, client: string, method = "hybrid_getReceiptProof") => {
      const params = [`0x${"33".repeat(32)}`];
      const calls = Array.from({ length: count }, (_, id) => ({ jsonrpc: "2.0", id, method, params }));
      const headers = { "content-type": "application/json", "x-forwarded-for": client };
      const response = await fetch(limited.url, { method: "POST", headers, body: JSON.stringify(calls) });
      return (await response.json()) as Answer[];
    };
    const granted = (answers: Answer[]): number => answers.filter(({ error }) => error === undefined).length;

    it("and refuses what goes beyond, saying when and what to do, calls that cost little not at all", async () => {
      const answers = await proofs(5, "192.0.2.1");
      assert.equal(granted(answers), 3);
      const { error } = answers[4]!;
      assert.equal(error?.code, -32005);
      assert.deepEqual(error.data, { code: "RATE_LIMITED", retryAfterMs: 100 });
      assert.match(error.message, /10 proofs a second: ask again in 100 ms, or run a node of your own/);
      assert.deepEqual(refused, ["hybrid_getReceiptProof", "hybrid_getReceiptProof"]);
      assert.equal(granted(await proofs(5, "192.0.2.1", "eth_chainId")), 5);
      now += 100;
      assert.equal(granted(await proofs(2, "192.0.2.1", "hybrid_getTransactionProof")), 1);
    });

    it("by the address that a trusted proxy names, by the network where it is an IPv6 one", async () => {
      assert.equal(granted(await proofs(4, "192.0.2.2")), 3);
      assert.equal(granted(await proofs(2, "2001:db8:0:7::1")), 2);
      assert.equal(granted(await proofs(2, "2001:db8:0:7:a:b:c:d")), 1);
      assert.equal(granted(await proofs(2, "2001:db8::8:0:0:0:1")), 2);
    });
  });

  it("says when its port is taken", async () => {
    const port = Number(new URL(server.url).port);
    await assert.rejects(
      startRpcServer({ ...defaultRpcServerOptions, port }, { chain, log: { error: () => {} } }),
      { code: "EADDRINUSE" },
    );
  });
});
