export { retryFetches, wantBlock, wantEvidence } from "./fetch.ts";
export { dropFinal, rule8Finalize } from "./finality.ts";
export { addProposal, onBlameVerified, onProposal, onProposalVerified, viewWindow } from "./proposals.ts";
export { proposalDue, rule2Propose } from "./propose.ts";
export {
  answerBacked,
  answerOldEpoch,
  answerOldView,
  catchUp,
  greet,
  hintAhead,
  onBlocks,
  onRequest,
  onStatus,
} from "./repair.ts";
export {
  readingKey,
  rule1Enter,
  rule3Notarize,
  rule4Certify,
  rule5Finalize,
  rule6Nullify,
  rule6Retry,
  startTimers,
} from "./rules.ts";
