export { checkConfig, loadConfig, type NodeConfig, type NodeConfigInput } from "./config.ts";
export { NodeError, type NodeErrorCode } from "./errors.ts";
export { type Log, silentLog } from "./log.ts";
export {
  type Channel,
  createNetwork,
  type Network,
  type NetworkListener,
  type NetworkMetrics,
  type NetworkOptions,
  type PeerEntry,
  peerIdOf,
} from "./network/index.ts";
export { type Halt, type NodeModules, type NodeOptions, type RunningNode, startNode } from "./node.ts";
export type { ChainReader, Heads, HybridStatus } from "./rpc/index.ts";
export {
  type Duties,
  openSettlement,
  type SettledCheckpoint,
  type Settlement,
  type SettlementBlock,
  type SettlementOptions,
  type SettlementRules,
  type Standing,
  type Unsubscribe,
} from "./settlement/index.ts";
export { type Interchange, localSigner, Protection, type Signer } from "./signing/index.ts";
