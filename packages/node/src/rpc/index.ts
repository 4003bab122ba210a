export type {
  CertificateView,
  ChainBlock,
  ChainReader,
  ChainTransaction,
  Heads,
  HeadsChange,
  HybridStatus,
  NotSpread,
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
