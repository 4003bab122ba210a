export {
  type Boundary,
  type Checkpoint,
  lastHeight,
  recordOf,
  registryOf,
  signersUnder,
  signingSet,
  start,
  submit,
  submitAndSeal,
} from "./checkpoints.ts";
export { isBacked, isQuorum, type Weights } from "./quorum.ts";
export {
  activate,
  type Candidate,
  type Certificate,
  chargeLeak,
  comeBack,
  isRecovering,
  leakRound,
  nextRoundAt,
  openRecovery,
  postCertificate,
  restart,
} from "./recovery.ts";
