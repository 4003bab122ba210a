import type { Attack } from "./attack.ts";
import { backingRefusal } from "./backing-refusal.ts";
import { balancingAttack } from "./balancing.ts";
import { bitmapCensorship } from "./bitmap-censorship.ts";
import { bribedThird } from "./bribed-third.ts";
import { checkpointWithholding } from "./checkpoint-withholding.ts";
import { classOverlap } from "./class-overlap.ts";
import { eclipse } from "./eclipse.ts";
import { equivocatingLeader } from "./equivocating-leader.ts";
import { forgedBlock } from "./forged-block.ts";
import { inboxCensorship } from "./inbox-censorship.ts";
import { lateCertificate } from "./late-certificate.ts";
import { leaderDos } from "./leader-dos.ts";
import { longRange } from "./long-range.ts";
import { modeFlapping } from "./mode-flapping.ts";
import { nullifySpam } from "./nullify-spam.ts";
import { overThird } from "./over-third.ts";
import { randomnessGrinding } from "./randomness-grinding.ts";
import { selectiveSender } from "./selective-sender.ts";
import { senderCensorship } from "./sender-censorship.ts";
import { silentLeader } from "./silent-leader.ts";
import { voteWithholding } from "./vote-withholding.ts";

export { type Attack, type AttackCase, caseName, type Outcome, type Resource } from "./attack.ts";

export { Collector } from "./collector.ts";
export type { Society } from "./society.ts";
export { everyCorrupt, playFork } from "./stage.ts";

/** Every attack that is built, in the order of reports. */
export const ATTACKS: readonly Attack[] = [
  equivocatingLeader,
  overThird,
  silentLeader,
  selectiveSender,
  voteWithholding,
  nullifySpam,
  balancingAttack,
  senderCensorship,
  inboxCensorship,
  bitmapCensorship,
  bribedThird,
  forgedBlock,
  classOverlap,
  randomnessGrinding,
  leaderDos,
  eclipse,
  checkpointWithholding,
  backingRefusal,
  lateCertificate,
  modeFlapping,
  longRange,
];
