import { elasticityMultiplier, type FinalReceipt } from "@aitbc-hybrid/execution";
import type { ChainBlock, ChainTransaction } from "../chain-reader.ts";
import { hexOf, quantity } from "../values.ts";

const noBloom = `0x${"00".repeat(256)}`;
const noNonce = "0x0000000000000000";
/** keccak of RLP's empty list, what Ethereum's headers carry since there are no uncles. */
const noUncles = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347";

/**
 * A block as Ethereum's clients expect it. Fields that this chain has no like of hold their empty values; `timestamp` is
 * in whole seconds, `stampMs` has the header's milliseconds; `hash` is that of this chain's header, not of an Ethereum one.
 */
export function ethBlock(block: ChainBlock, transactions: readonly unknown[]): unknown {
  return {
    number: quantity(block.height),
    hash: block.hash,
    parentHash: block.parentHash,
    timestamp: quantity(Math.floor(block.stamp / 1000)),
    stampMs: quantity(block.stamp),
    miner: block.feeRecipient,
    stateRoot: block.stateRoot,
    receiptsRoot: block.receiptsRoot,
    transactionsRoot: block.batchesRoot,
    mixHash: block.vrfOutput,
    baseFeePerGas: quantity(block.baseFee),
    gasUsed: quantity(block.gasUsed),
    gasLimit: quantity(block.gasTarget * elasticityMultiplier),
    size: quantity(block.size),
    transactions,
    difficulty: "0x0",
    extraData: "0x",
    logsBloom: noBloom,
    nonce: noNonce,
    sha3Uncles: noUncles,
    uncles: [],
  };
}

/** A transaction as Ethereum's clients expect it; it has a block only once that is final. */
export function ethTransaction({ transaction, from, receipt }: ChainTransaction): unknown {
  const { type, signature, parity } = transaction;
  const dynamic = {
    maxFeePerGas: quantity(transaction.maxFeePerGas),
    maxPriorityFeePerGas: quantity(transaction.maxPriorityFeePerGas),
  };
  return {
    blockHash: receipt?.blockHash ?? null,
    blockNumber: receipt === undefined ? null : quantity(receipt.height),
    transactionIndex: receipt === undefined ? null : quantity(receipt.index),
    hash: transaction.hash,
    type: quantity(type),
    chainId: quantity(transaction.chainId),
    nonce: quantity(transaction.nonce),
    from,
    to: transaction.to,
    value: quantity(transaction.value),
    gas: quantity(transaction.gasLimit),
    gasPrice: quantity(receipt?.effectiveGasPrice ?? transaction.maxFeePerGas),
    input: hexOf(transaction.data),
    ...(type === 2 ? dynamic : {}),
    ...(type === 0 ? {} : { accessList: [], yParity: quantity(parity) }),
    v: quantity(type === 0 ? transaction.chainId * 2n + 35n + BigInt(parity) : parity),
    r: quantity(BigInt(hexOf(signature.subarray(0, 32)))),
    s: quantity(BigInt(hexOf(signature.subarray(32)))),
  };
}

/** A receipt as Ethereum's clients expect it. */
export function ethReceipt(receipt: FinalReceipt): unknown {
  return {
    transactionHash: receipt.transactionHash,
    transactionIndex: quantity(receipt.index),
    blockHash: receipt.blockHash,
    blockNumber: quantity(receipt.height),
    from: receipt.from,
    to: receipt.to,
    type: quantity(receipt.type),
    status: quantity(receipt.status),
    gasUsed: quantity(receipt.gasUsed),
    cumulativeGasUsed: quantity(receipt.cumulativeGasUsed),
    effectiveGasPrice: quantity(receipt.effectiveGasPrice),
    contractAddress: null,
    logs: [],
    logsBloom: noBloom,
  };
}
