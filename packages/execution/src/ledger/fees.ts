import type { LedgerParameters } from "./parameters.ts";

// EIP-1559: the base fee moves by at most an eighth a block; a block counts as at most twice its target.
const changeDenominator = 8n;
const elasticity = 2n;

/** Times the target that a block counts at most, as EIP-1559's ELASTICITY_MULTIPLIER. */
export const elasticityMultiplier = Number(elasticity);

/**
 * Base fee of the block after one with this base fee and gas used, wei per gas (EIP-1559). How much fits into a block
 * is bounded in bytes by the header's validity, not in gas: what is used beyond twice the target counts as twice.
 */
export function nextBaseFee(
  parent: { readonly baseFee: bigint; readonly gasUsed: number },
  parameters: LedgerParameters,
): bigint {
  const target = BigInt(parameters.gasTarget);
  const limit = target * elasticity;
  const wanted = BigInt(parent.gasUsed);
  const used = wanted > limit ? limit : wanted;
  let fee = parent.baseFee;
  if (used > target) {
    const rise = (fee * (used - target)) / target / changeDenominator;
    fee += rise > 0n ? rise : 1n;
  } else {
    fee -= (fee * (target - used)) / target / changeDenominator;
  }
  return fee > parameters.minimumBaseFee ? fee : parameters.minimumBaseFee;
}

/**
 * Gas a transfer with this data uses: 21,000 and, as the EVM has priced calldata without execution since EIP-7623,
 * 10 for each zero byte and 40 for each other one.
 */
export function intrinsicGas(data: Uint8Array): number {
  let tokens = 0;
  for (let i = 0; i < data.length; i++) tokens += data[i] === 0 ? 1 : 4;
  return 21_000 + 10 * tokens;
}
