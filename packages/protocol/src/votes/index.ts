export { noteHeard } from "./attendance.ts";
export { holdCertificate, isKnown, verifyCertificate } from "./certificates.ts";
export { addOwnVote, addVerifiedVote, addVote, checkEarlyNullify, onVotesVerified } from "./pool.ts";
export { emptyTally, holds, resolve, votesToVerify, withVerified, withVote } from "./tally.ts";
