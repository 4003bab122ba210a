import { registryOf } from "@aitbc-hybrid/protocol/testing";
import { lastTermInTheLongRun, withholding } from "../withholding.ts";
import type { Attack } from "./attack.ts";

const MEMBERS = 30;
const EPOCHS = 400;
const TERMS = 40;
/** Lowest level at which it leads more than half of the last terms in the long run. */
const EVEN =
  1 +
  Array.from({ length: MEMBERS }, (_, at) => lastTermInTheLongRun((at + 1) / MEMBERS)).findIndex(
    (p) => p > 0.5,
  );

/** A coalition that leads the last terms of an epoch chooses among 2^r seeds by leaving outputs out. */
export const randomnessGrinding: Attack = {
  name: "randomness-grinding",
  idea: "Whoever leads an epoch's last r terms withholds those outputs that give it the worse of 2^r seeds.",
  success: "it leads the last term of more than half of the epochs, and so chooses again and again",
  cases: [
    {
      mode: "secure",
      resource: "stake",
      given: `${TERMS} terms an epoch, ${EPOCHS} epochs`,
      bound: `${EVEN}/${MEMBERS}, by the chain of best choices`,
      scale: MEMBERS,
      most: MEMBERS - 1,
      safe: 6,
      broken: 15,
      play(level, seed) {
        const registry = registryOf({
          authorities: [],
          stakers: Array.from({ length: MEMBERS }, () => 1_000n),
        });
        const { lastTerm, share, withheld } = withholding({
          registry,
          coalition: new Set(Array.from({ length: level }, (_, seat) => seat)),
          aim: "lastTerms",
          terms: TERMS,
          epochs: EPOCHS,
          name: `grinding ${seed} ${level}`,
        });
        return { succeeded: lastTerm > 0.5, failures: [], measures: { lastTerm, share, withheld } };
      },
    },
  ],
};
