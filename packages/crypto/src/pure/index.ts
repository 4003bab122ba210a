export { pureBls } from "./bls.ts";
export { provePossession, verifyPossession } from "./possession.ts";
