export type {
  CertificateView,
  ChainBlock,
  ChainReader,
  ChainTransaction,
  CheckpointAt,
  Heads,
  HeadsChange,
  HybridStatus,
  NotSpread,
  ProofReader,
  Readiness,
  StateAt,
} from "./chain-reader.ts";
export {
  defaultRpcServerOptions,
  type RpcServer,
  type RpcServerModules,
  type RpcServerOptions,
  startRpcServer,
} from "./server.ts";
