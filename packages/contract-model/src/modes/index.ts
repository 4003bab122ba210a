export {
  type Boundary,
  type Checkpoint,
  lastHeight,
  registryOf,
  signingSet,
  start,
  submit,
  submitAndSeal,
} from "./checkpoints.ts";
export { isBacked, isQuorum, type Weights } from "./quorum.ts";
