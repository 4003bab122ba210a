import { ExecutionError } from "../errors.ts";
import { type Account, accountKey, emptyAccountTrie } from "./accounts.ts";
import type { LedgerState } from "./block.ts";
import { type Address, type Hash, toHex } from "./bytes.ts";
import type { LedgerParameters } from "./parameters.ts";

/** Balances at genesis, wei. */
export type Allocation = ReadonlyMap<Address, bigint>;

/** The ledger at height 0. */
export interface GenesisLedger {
  readonly state: LedgerState;
  readonly stateRoot: Hash;
  readonly accounts: ReadonlyMap<Address, Account>;
  /** Sum of the allocation, wei. Balances and what was burnt add up to it for ever. */
  readonly supply: bigint;
}

// Prices and balances are stored in 16 bytes; a billion coins of 18 decimals need 90 bits.
const supplyLimit = 1n << 128n;

/**
 * The ledger of an allocation; entries of 0 create no account.
 * @throws {ExecutionError} BAD_GENESIS on a negative balance, an address not in lower case, or a supply of 2^128 or more
 */
export function genesisLedger(allocation: Allocation, parameters: LedgerParameters): GenesisLedger {
  const accounts = new Map<Address, Account>();
  let supply = 0n;
  for (const [address, balance] of allocation) {
    if (!/^0x[0-9a-f]{40}$/.test(address))
      throw new ExecutionError("BAD_GENESIS", `not an address: ${address}`);
    if (balance < 0n) throw new ExecutionError("BAD_GENESIS", `negative balance of ${address}`);
    if (balance === 0n) continue;
    accounts.set(address, { nonce: 0, balance });
    supply += balance;
  }
  if (supply >= supplyLimit)
    throw new ExecutionError("BAD_GENESIS", "the allocation's sum is 2^128 wei or more");
  const trie = emptyAccountTrie().with(
    [...accounts].map(([address, account]) => [accountKey(address), account]),
  );
  return {
    state: { accounts: trie, baseFee: parameters.initialBaseFee, gasUsed: 0, burnt: 0n, genesis: true },
    stateRoot: toHex(trie.rootHash()),
    accounts,
    supply,
  };
}
