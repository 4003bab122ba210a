export { type Account, type AccountTrie, accountKey, emptyAccount, emptyAccountTrie } from "./accounts.ts";
export {
  BlockExecution,
  baseFeeAfter,
  type ExecutedBlock,
  type LedgerState,
  maximumCost,
  refusalOf,
} from "./block.ts";
export { type Address, fromBigint, fromHex, type Hash, toBigint, toHex, writeBigint } from "./bytes.ts";
export { elasticityMultiplier, intrinsicGas, nextBaseFee } from "./fees.ts";
export { type Allocation, type GenesisLedger, genesisLedger } from "./genesis.ts";
export { keccak256, keccakHex } from "./keccak.ts";
export { type Moved, movedOn, movedShare, nothingMoved, type Sent } from "./moved.ts";
export { defaultLedgerParameters, type LedgerParameters } from "./parameters.ts";
export { defaultPendingOptions, type PendingOptions, PendingQueue } from "./pending.ts";
export { decodeReceipt, encodeReceipt, type Receipt, receiptHash, receiptsRoot } from "./receipts.ts";
export { type RefusalReason, refusals, TransactionRefused } from "./refusal.ts";
export { decodeTransaction, encodeTransaction, type Transaction } from "./transaction.ts";
export { emptyTrieRoot, MerkleTrie, type ValueWriter } from "./trie.ts";
