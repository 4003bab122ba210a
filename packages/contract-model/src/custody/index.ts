export { clockStart, cohortOf, isOver, join, liableOf, withdrawableAtLatest } from "./cohorts.ts";
export { chargeEntry, chargePosition, dueOf, lossOf, splitOff } from "./liabilities.ts";
export { addTo, hasRoom, liveShares, makesRow, takeFrom, worth } from "./positions.ts";
export { entryAt, nextSeal, rowIndexAt, sharesAt, writeRow } from "./rows.ts";
export { sharesDown, sharesUp, tokensDown } from "./shares.ts";
export { collectSlashed, hold, liable, type Slashed, type SlashOrder, slash } from "./slash.ts";
