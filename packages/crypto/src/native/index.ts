export { nativeBls } from "./bls.ts";
export { type PoolModules, type PoolOptions, VerificationPool } from "./pool.ts";
