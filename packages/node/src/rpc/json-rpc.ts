/** Codes of JSON-RPC 2.0 and, below -32000, of EIP-1474. */
export const errorCodes = {
  PARSE: -32700,
  INVALID_REQUEST: -32600,
  METHOD_NOT_FOUND: -32601,
  INVALID_PARAMS: -32602,
  INTERNAL: -32603,
  SERVER: -32000,
  RESOURCE_NOT_FOUND: -32001,
  RESOURCE_UNAVAILABLE: -32002,
  TRANSACTION_REJECTED: -32003,
  LIMIT_EXCEEDED: -32005,
} as const;

/** What programs read of an error. */
export interface RpcErrorData {
  readonly code: string;
  /** When asking again makes sense, ms. */
  readonly retryAfterMs?: number;
}

/** An error that a client is told; `data.code` is stable over releases, the message is for people. */
export class RpcError extends Error {
  readonly code: keyof typeof errorCodes;
  readonly data: RpcErrorData | undefined;

  constructor(code: keyof typeof errorCodes, message: string, data?: RpcErrorData) {
    super(message);
    this.name = "RpcError";
    this.code = code;
    this.data = data;
  }
}

/** A method: gets the positional parameters, gives a JSON value. */
export type RpcMethod = (params: readonly unknown[]) => Promise<unknown> | unknown;

export type RpcMethods = Readonly<Record<string, RpcMethod>>;

type Id = string | number | null;

interface Success {
  readonly jsonrpc: "2.0";
  readonly id: Id;
  readonly result: unknown;
}

interface Failure {
  readonly jsonrpc: "2.0";
  readonly id: Id;
  readonly error: {
    readonly code: number;
    readonly message: string;
    readonly data?: RpcErrorData;
  };
}

export type RpcResponse = Success | Failure;

export interface DispatchOptions {
  readonly methods: RpcMethods;
  /** Calls in one batch. */
  readonly maximumBatch: number;
  /** Called before a method is; throws the RpcError that this client gets instead. */
  readonly admit: (method: string) => void;
  /** Is told of errors that are not the client's. */
  readonly onInternalError: (method: string, error: unknown) => void;
}

/** Answers a parsed JSON-RPC request or batch; undefined if it consists of notifications only. */
export async function dispatch(
  body: unknown,
  options: DispatchOptions,
): Promise<RpcResponse | RpcResponse[] | undefined> {
  if (!Array.isArray(body)) return answer(body, options);
  if (body.length === 0) return failure(null, new RpcError("INVALID_REQUEST", "the batch is empty"));
  if (body.length > options.maximumBatch) {
    const message = `a batch of ${body.length} calls; at most ${options.maximumBatch} are answered`;
    return failure(null, new RpcError("LIMIT_EXCEEDED", message));
  }
  const answers = (await Promise.all(body.map((call) => answer(call, options)))).filter(
    (one) => one !== undefined,
  );
  return answers.length === 0 ? undefined : answers;
}

/** A failed answer to a request with this id. */
export function failure(id: Id, error: RpcError): Failure {
  const { data } = error;
  return {
    jsonrpc: "2.0",
    id,
    error: { code: errorCodes[error.code], message: error.message, ...(data === undefined ? {} : { data }) },
  };
}

async function answer(call: unknown, options: DispatchOptions): Promise<RpcResponse | undefined> {
  if (typeof call !== "object" || call === null)
    return failure(null, new RpcError("INVALID_REQUEST", "not an object"));
  const { jsonrpc, id, method, params = [] } = call as Record<string, unknown>;
  const known: Id | undefined = isId(id) ? id : undefined;
  if (jsonrpc !== "2.0" || typeof method !== "string" || (id !== undefined && known === undefined)) {
    return failure(known ?? null, new RpcError("INVALID_REQUEST", "not a JSON-RPC 2.0 request"));
  }
  const outcome = await perform(known ?? null, method, params, options);
  // Without an id it is a notification: performed, never answered.
  return id === undefined ? undefined : outcome;
}

async function perform(
  id: Id,
  method: string,
  params: unknown,
  options: DispatchOptions,
): Promise<RpcResponse> {
  try {
    if (!Object.hasOwn(options.methods, method)) {
      throw new RpcError("METHOD_NOT_FOUND", `the method ${method.slice(0, 64)} does not exist`);
    }
    if (!Array.isArray(params))
      throw new RpcError("INVALID_PARAMS", "parameters are given by position, in an array");
    options.admit(method);
    const result = await options.methods[method]!(params);
    return { jsonrpc: "2.0", id, result: result ?? null };
  } catch (error) {
    if (error instanceof RpcError) return failure(id, error);
    options.onInternalError(method, error);
    return failure(id, new RpcError("INTERNAL", "internal error; the node's log says more"));
  }
}

function isId(id: unknown): id is Id {
  return id === null || typeof id === "string" || typeof id === "number";
}
