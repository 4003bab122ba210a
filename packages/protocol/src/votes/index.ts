export { noteHeard } from "./attendance.ts";
export { holdCertificate, isKnown, verifyCertificate } from "./certificates.ts";
export { addOwnVote, addVerifiedVote, addVote, checkEarlyNullify, onVotesVerified } from "./pool.ts";
export { emptyTally, resolve, tallyOf, unverified, votesToVerify, withVerified, withVote } from "./tally.ts";
