/** One call of a JSON-RPC batch. */
export interface RpcCall {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** What a call was answered. */
export interface RpcAnswer {
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

/** Time-out of a batch: the endpoint counts as down afterwards. */
const TIMEOUT_MS = 15_000;

/** Sends calls as one JSON-RPC batch; answers stand in the order of the calls. Rejects if the endpoint does not answer. */
export async function rpcBatch(url: string, calls: readonly RpcCall[]): Promise<RpcAnswer[]> {
  if (calls.length === 0) return [];
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(calls.map((call, id) => ({ jsonrpc: "2.0", id, ...call }))),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const answers = (await response.json()) as ({ id: number } & RpcAnswer)[] | RpcAnswer;
  if (!Array.isArray(answers)) throw new Error(answers.error?.message ?? `${url} answered no batch`);
  const ordered: RpcAnswer[] = Array.from({ length: calls.length }, () => ({}));
  for (const answer of answers) ordered[answer.id] = answer;
  return ordered;
}

/** One call. Rejects with the error's message if it is refused. */
export async function rpc(url: string, method: string, params: readonly unknown[] = []): Promise<unknown> {
  const [answer] = await rpcBatch(url, [{ method, params }]);
  if (answer?.error !== undefined) throw new Error(answer.error.message);
  return answer?.result;
}
