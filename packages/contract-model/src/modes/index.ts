export {
  type Boundary,
  type Checkpoint,
  canDecide,
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
  isSupported,
  leakRound,
  nextRoundAt,
  nextSigningSet,
  openRecovery,
  postCertificate,
  restart,
} from "./recovery.ts";
