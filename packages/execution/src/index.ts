export {
  defaultEmbeddedOptions,
  EmbeddedEngine,
  type EmbeddedEngineModules,
  type EmbeddedEngineOptions,
  type LedgerDatabase,
  type LedgerPut,
} from "./embedded/index.ts";
export type {
  BlockContext,
  BlockSummary,
  CheckResult,
  ExecutionEngine,
  ExecutionResult,
  FinalReceipt,
  SkippedTransaction,
  StateTag,
  StateView,
} from "./engine.ts";
export { ExecutionError, type ExecutionErrorCode } from "./errors.ts";
export { formatGenesisFile, type GenesisFile, genesisStateRoot, parseGenesisFile } from "./genesis.ts";
export {
  type Address,
  type Allocation,
  decodeTransaction,
  defaultLedgerParameters,
  defaultPendingOptions,
  elasticityMultiplier,
  type Hash,
  intrinsicGas,
  type LedgerParameters,
  type PendingOptions,
  type Receipt,
  type RefusalReason,
  receiptHash,
  receiptsRoot,
  refusals,
  type Transaction,
  TransactionRefused,
} from "./ledger/index.ts";
export {
  bestRecover,
  defaultSenderPoolOptions,
  SenderPool,
  type SenderPoolOptions,
  type SenderRecovery,
} from "./senders/index.ts";
