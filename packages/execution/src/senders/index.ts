export {
  defaultSenderPoolOptions,
  SenderPool,
  type SenderPoolOptions,
  type SenderRecovery,
  type SignedHash,
} from "./pool.ts";
export { bestRecover, nativeRecover, pureRecover, type RecoverAddress } from "./recover.ts";
