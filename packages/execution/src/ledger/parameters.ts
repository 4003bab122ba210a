/** The ledger's rules that a network fixes at genesis. */
export interface LedgerParameters {
  /** EIP-155 chain id, the same as the consensus domain's. */
  readonly chainId: number;
  /** Gas a block aims at; the base fee rises above it and falls below. */
  readonly gasTarget: number;
  /** Base fee of block 1, wei per gas. */
  readonly initialBaseFee: bigint;
  /** The base fee never falls below this, wei per gas. */
  readonly minimumBaseFee: bigint;
  /** Largest data of a transaction, bytes. */
  readonly maximumDataBytes: number;
  /** Largest envelope, bytes. */
  readonly maximumTransactionBytes: number;
}

/**
 * Defaults for a chain id.
 * * gasTarget: half of Balanced's 20,000 transfers a second in a 500 ms block (target load 0.5).
 * * minimumBaseFee: 21,000 gas burn at least 0.00007 AITBC, so that filling blocks does not pay through the load
 *   multiplier (parameters.md).
 * * maximumDataBytes: a commitment (root, size, address of an object) with room to spare; the object never enters a block.
 */
export function defaultLedgerParameters(chainId: number): LedgerParameters {
  return {
    chainId,
    gasTarget: 105_000_000,
    initialBaseFee: 3_333_333_334n,
    minimumBaseFee: 3_333_333_334n,
    maximumDataBytes: 4_096,
    maximumTransactionBytes: 8_192,
  };
}
