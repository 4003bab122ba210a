import { ExecutionError } from "./errors.ts";
import {
  type Address,
  type Allocation,
  defaultLedgerParameters,
  genesisLedger,
  type Hash,
  type LedgerParameters,
} from "./ledger/index.ts";

/** What a network's allocation file says: who owns the ledger's coin at height 0, and the ledger's rules. */
export interface GenesisFile {
  readonly parameters: LedgerParameters;
  readonly allocation: Allocation;
}

/**
 * Reads an allocation file: `{"chainId": 1, "parameters": {"gasTarget": 1, …}, "allocation": {"0x…": "wei"}}`.
 * `parameters` may be left out or name some; amounts are decimal strings in wei.
 * @throws {ExecutionError} BAD_GENESIS saying what is wrong; unknown keys are errors
 */
export function parseGenesisFile(text: string): GenesisFile {
  const root = object(parseJson(text), "the file");
  onlyKeys(root, ["chainId", "parameters", "allocation"], "the file");
  const parameters = parseParameters(positive(root.chainId, "chainId"), root.parameters);
  const allocation = new Map<Address, bigint>();
  for (const [address, amount] of Object.entries(object(root.allocation, "allocation"))) {
    const key = address.toLowerCase() as Address;
    if (!/^0x[0-9a-f]{40}$/.test(key)) bad(`allocation: not an address: ${address}`);
    if (allocation.has(key)) bad(`allocation: ${address} comes twice`);
    allocation.set(key, amountOf(amount, `allocation of ${address}`));
  }
  return { parameters, allocation };
}

/** The text that parseGenesisFile reads back. */
export function formatGenesisFile(genesis: GenesisFile): string {
  const { chainId, ...parameters } = genesis.parameters;
  const plain = Object.entries(parameters).map(([name, value]) => [
    name,
    typeof value === "bigint" ? `${value}` : value,
  ]);
  const allocation = [...genesis.allocation].map(([address, amount]) => [address, `${amount}`]);
  const file = { chainId, parameters: Object.fromEntries(plain), allocation: Object.fromEntries(allocation) };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/**
 * State root at height 0, which the genesis header commits (protocol.md section 1).
 * @throws {ExecutionError} BAD_GENESIS
 */
export function genesisStateRoot(genesis: GenesisFile): Hash {
  return genesisLedger(genesis.allocation, genesis.parameters).stateRoot;
}

const counts = ["gasTarget", "maximumDataBytes", "maximumTransactionBytes"] as const;
const prices = ["initialBaseFee", "minimumBaseFee"] as const;

function parseParameters(chainId: number, given: unknown): LedgerParameters {
  const parameters = { ...defaultLedgerParameters(chainId) };
  if (given === undefined) return parameters;
  const values = object(given, "parameters");
  onlyKeys(values, [...counts, ...prices], "parameters");
  for (const name of counts) if (values[name] !== undefined) parameters[name] = positive(values[name], name);
  for (const name of prices) if (values[name] !== undefined) parameters[name] = amountOf(values[name], name);
  return parameters;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ExecutionError("BAD_GENESIS", "the allocation file is not JSON", { cause });
  }
}

function object(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) bad(`${name} must be an object`);
  return value as Record<string, unknown>;
}

function onlyKeys(value: Record<string, unknown>, known: readonly string[], name: string): void {
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) bad(`${name} has an unknown key "${unknown}"; known are ${known.join(", ")}`);
}

function positive(value: unknown, name: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value <= 0)
    bad(`${name} must be a positive integer`);
  return value as number;
}

function amountOf(value: unknown, name: string): bigint {
  if (typeof value !== "string" || !/^[0-9]{1,39}$/.test(value))
    bad(`${name} must be wei in decimal digits, as a string`);
  return BigInt(value as string);
}

function bad(message: string): never {
  throw new ExecutionError("BAD_GENESIS", message);
}
