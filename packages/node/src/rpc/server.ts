import Fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import { TokenBuckets } from "../limits.ts";
import type { ChainReader } from "./chain-reader.ts";
import { dispatch, failure, RpcError } from "./json-rpc.ts";
import { COSTLY, ethMethods, hybridMethods, lightMethods, ReceiptWaiters } from "./methods/index.ts";

export interface RpcServerOptions {
  /** Address to listen on. Anything but loopback lets strangers in: put a proxy with access control in front. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Largest request, bytes. */
  readonly maximumBodyBytes: number;
  /** Calls in one batch. */
  readonly maximumBatch: number;
  /** Clients that may wait for receipts at the same time. */
  readonly maximumWaiters: number;
  /** Origins whose pages may read answers, such as `https://wallet.example`; `*` for all. */
  readonly corsOrigins: readonly string[];
  /** wei per gas */
  readonly suggestedTip: bigint;
  /** Proofs and registries that each client gets a second, on average; 0: no limit. */
  readonly proofsPerSecond: number;
  /** How many of them it gets at once after a pause. */
  readonly proofsBurst: number;
  /** Addresses or ranges of proxies that say for whom they ask (X-Forwarded-For); a client is told by its address else. */
  readonly trustedProxies: readonly string[];
}

/** Loopback only, no page of another origin, a tip of 0.1 gwei, fifty proofs a second. */
export const defaultRpcServerOptions: RpcServerOptions = {
  host: "127.0.0.1",
  port: 8545,
  maximumBodyBytes: 1024 * 1024,
  maximumBatch: 1_000,
  maximumWaiters: 10_000,
  corsOrigins: [],
  suggestedTip: 100_000_000n,
  proofsPerSecond: 50,
  proofsBurst: 200,
  trustedProxies: [],
};

export interface RpcServerModules {
  readonly chain: ChainReader;
  /** Where errors that are not a client's go. */
  readonly log: { error(details: object, message: string): void };
  /** ms since 1970 */
  readonly clock?: () => number;
  /** Told which method was refused to a client that asked for too much. */
  readonly onLimited?: (method: string) => void;
}

/** A server that listens. */
export interface RpcServer {
  /** Such as `http://127.0.0.1:8545`. */
  readonly url: string;
  /** Answers what is under way and stops. */
  close(): Promise<void>;
}

/**
 * Serves JSON-RPC 2.0 on `POST /`, and `GET /health`, `/ready`, `/metrics`.
 * @throws the system's error (`EADDRINUSE`, `EACCES`) if it cannot listen
 */
export async function startRpcServer(
  options: RpcServerOptions,
  modules: RpcServerModules,
): Promise<RpcServer> {
  const { chain, log } = modules;
  const server = Fastify({
    bodyLimit: options.maximumBodyBytes,
    forceCloseConnections: "idle",
    trustProxy: options.trustedProxies.length === 0 ? false : [...options.trustedProxies],
  });
  const waiters = new ReceiptWaiters({ limit: options.maximumWaiters }, { chain });
  const calls = {
    methods: {
      ...ethMethods(options, { chain }),
      ...hybridMethods({ chain, waiters }),
      ...lightMethods(chain),
    },
    maximumBatch: options.maximumBatch,
    onInternalError: (method: string, error: unknown) => log.error({ method, err: error }, "RPC call failed"),
  };
  const admit = admission(options, modules);
  // Pages of any origin may send text/plain without asking; what they send must not reach a method.
  server.removeContentTypeParser("text/plain");
  allowOrigins(server, options.corsOrigins);

  server.post("/", async (request, reply) => {
    const client = clientOf(request.ip);
    const answer = await dispatch(request.body, { ...calls, admit: (method) => admit(client, method) });
    if (answer === undefined) return reply.code(204).send();
    return reply.send(answer);
  });
  server.get("/health", async () => ({
    status: "ok",
    clientVersion: chain.clientVersion,
    heights: chain.heads(),
  }));
  server.get("/ready", async (_request, reply) => {
    const readiness = chain.readiness();
    return reply.code(readiness.ready ? 200 : 503).send(readiness);
  });
  server.get("/metrics", async (_request, reply) => {
    return reply.type("text/plain; version=0.0.4; charset=utf-8").send(await chain.metrics());
  });
  server.setErrorHandler((error, _request, reply) => refuse(error, reply, options, log));

  try {
    const url = await server.listen({ host: options.host, port: options.port });
    return {
      url,
      close: async () => {
        waiters.close();
        await server.close();
      },
    };
  } catch (error) {
    waiters.close();
    await server.close();
    throw error;
  }
}

/** Refuses costly methods to a client that had its share of them. */
function admission(
  { proofsPerSecond, proofsBurst }: RpcServerOptions,
  { clock = Date.now, onLimited = () => {} }: RpcServerModules,
): (client: string, method: string) => void {
  const buckets = new TokenBuckets({ perSecond: proofsPerSecond, burst: proofsBurst }, clock);
  return (client, method) => {
    if (!COSTLY.has(method)) return;
    const retryAfterMs = buckets.take(client);
    if (retryAfterMs === 0) return;
    onLimited(method);
    throw new RpcError(
      "LIMIT_EXCEEDED",
      `more than ${proofsPerSecond} proofs a second: ask again in ${retryAfterMs} ms, or run a node of your own (its rpc.proofsPerSecond sets the limit)`,
      { code: "RATE_LIMITED", retryAfterMs },
    );
  };
}

/** Whoever has an IPv6 network has all addresses of it. */
function clientOf(ip: string): string {
  if (!ip.includes(":") || ip.includes(".")) return ip;
  const [head = "", tail] = ip.split("::", 2);
  const groups = head === "" ? [] : head.split(":");
  const last = tail === undefined || tail === "" ? [] : tail.split(":");
  while (groups.length + last.length < 8) groups.push("0");
  return [...groups, ...last].slice(0, 4).join(":");
}

/** What goes wrong before a call is dispatched, in JSON-RPC's form. */
function refuse(
  error: unknown,
  reply: FastifyReply,
  options: RpcServerOptions,
  log: RpcServerModules["log"],
) {
  const { statusCode = 500, code = "" } = error as { statusCode?: number; code?: string };
  if (statusCode === 413) {
    const message = `the request is larger than ${options.maximumBodyBytes} bytes`;
    return reply.code(413).send(failure(null, new RpcError("LIMIT_EXCEEDED", message)));
  }
  if (statusCode === 415) {
    const message = "send the request as application/json";
    return reply.code(415).send(failure(null, new RpcError("INVALID_REQUEST", message)));
  }
  if (statusCode < 500) {
    const parse = error instanceof SyntaxError || code.startsWith("FST_ERR_CTP");
    const known = parse
      ? new RpcError("PARSE", "the request is not JSON")
      : new RpcError("INVALID_REQUEST", code);
    return reply.code(statusCode).send(failure(null, known));
  }
  log.error({ err: error }, "HTTP request failed");
  return reply
    .code(500)
    .send(failure(null, new RpcError("INTERNAL", "internal error; the node's log says more")));
}

/** Lets pages of these origins read the answers; a browser keeps others out because nothing tells it otherwise. */
function allowOrigins(server: FastifyInstance, origins: readonly string[]): void {
  server.addHook("onRequest", async (request, reply) => {
    const { origin } = request.headers;
    if (origin === undefined || !(origins.includes("*") || origins.includes(origin))) return;
    reply.header("access-control-allow-origin", origin).header("vary", "origin");
  });
  server.options("/", async (_request, reply) => {
    return reply
      .header("access-control-allow-methods", "POST")
      .header("access-control-allow-headers", "content-type")
      .header("access-control-max-age", "600")
      .code(204)
      .send();
  });
}
