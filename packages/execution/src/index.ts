export {
  decodeSummary,
  defaultEmbeddedOptions,
  EmbeddedEngine,
  type EmbeddedEngineModules,
  type EmbeddedEngineOptions,
  encodeSummary,
  handedOn,
  type LedgerDatabase,
  type LedgerPut,
  SUMMARY_BYTES,
} from "./embedded/index.ts";
export type {
  BlockContext,
  BlockSummary,
  BlockToExecute,
  CheckResult,
  ExecutionEngine,
  ExecutionResult,
  FinalReceipt,
  LedgerSnapshot,
  SkippedTransaction,
  StateTag,
  StateView,
} from "./engine.ts";
export { ExecutionError, type ExecutionErrorCode } from "./errors.ts";
export { formatGenesisFile, type GenesisFile, genesisStateRoot, parseGenesisFile } from "./genesis.ts";
export {
  type Account,
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
