import type { Address } from "viem";
import { SdkError } from "./errors.ts";

/** The contracts of a network, by the names of docs/encodings.md. */
export interface Addresses {
  readonly token: Address;
  readonly registry: Address;
  readonly pool: Address;
  readonly queue: Address;
  readonly elections: Address;
  readonly checkpoints: Address;
  readonly slashing: Address;
  /** Pays validators, delegators and relayers. */
  readonly distributor: Address;
  readonly parameters: Address;
  /** Recovery where the chain itself cannot go on. */
  readonly hybrid: Address;
  /** Proves blocks and transactions against accepted checkpoints. */
  readonly inclusion: Address;
  /** OpenZeppelin AccessManager: who may do what. */
  readonly access: Address;
  /** OpenZeppelin TimelockController: executes what governance decided, holds the treasury. */
  readonly timelock: Address;
  readonly governor: Address;
  readonly upgrades: Address;
  readonly council: Address;
  /** Transactions that blocks must include. */
  readonly inbox: Address;
}

/** What `hardhat deploy` writes and every tool reads. */
export interface Network {
  /** Chain id of the settlement chain. */
  readonly chainId: number;
  readonly addresses: Addresses;
  /** Settlement block from which the contracts' events are complete. */
  readonly deployBlock: number;
}

/** The names of all contracts that a network file has. */
export const ADDRESS_NAMES: readonly (keyof Addresses)[] = [
  "token",
  "registry",
  "pool",
  "queue",
  "elections",
  "checkpoints",
  "slashing",
  "distributor",
  "parameters",
  "hybrid",
  "inclusion",
  "access",
  "timelock",
  "governor",
  "upgrades",
  "council",
  "inbox",
];

/**
 * Checks the parsed JSON of a network file.
 * @throws SdkError NETWORK_FILE naming the field.
 */
export function parseNetwork(value: unknown): Network {
  const fail = (field: string, found: unknown): never => {
    throw new SdkError(
      "NETWORK_FILE",
      `the network file's ${field} is ${JSON.stringify(found)}: write it anew with the deploy task`,
    );
  };
  const file = (typeof value === "object" && value !== null ? value : fail("content", value)) as Record<
    string,
    unknown
  >;
  const whole = (field: string): number => {
    const found = file[field];
    return Number.isSafeInteger(found) && (found as number) >= 0 ? (found as number) : fail(field, found);
  };
  const given = (file.addresses ?? {}) as Record<string, unknown>;
  const addresses = Object.fromEntries(
    ADDRESS_NAMES.map((name) => {
      const found = given[name];
      return [
        name,
        typeof found === "string" && /^0x[0-9a-fA-F]{40}$/.test(found)
          ? found
          : fail(`addresses.${name}`, found),
      ];
    }),
  );
  return {
    chainId: whole("chainId"),
    addresses: addresses as unknown as Addresses,
    deployBlock: whole("deployBlock"),
  };
}

/** The seven whose hash the genesis header names, in the order of docs/encodings.md (tag 3f). */
export function coreAddresses(addresses: Addresses): readonly Address[] {
  const { token, registry, pool, queue, elections, checkpoints, slashing } = addresses;
  return [token, registry, pool, queue, elections, checkpoints, slashing].map(
    (address) => address.toLowerCase() as Address,
  );
}
