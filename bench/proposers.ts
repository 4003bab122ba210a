import { electorate, genesisSeed, hashBytes, leaderSchedule, type Mode } from "@aitbc-hybrid/protocol";
import { registryOf } from "@aitbc-hybrid/protocol/testing";
import { lastTermInTheLongRun, withholding } from "@aitbc-hybrid/simulator";

export const description =
  "Proposers: chi-square of a million draws of class and member, and what withholding an epoch's last outputs gains";

const DRAWS = 1_000_000;
const EPOCHS = 10_000;

/** Shares in which members are due to be drawn, and how often they were: Pearson's statistic per degree of freedom. */
function chiSquare(observed: readonly number[], shares: readonly number[]): number {
  let sum = 0;
  observed.forEach((count, at) => {
    const expected = shares[at]! * DRAWS;
    sum += (count - expected) ** 2 / expected;
  });
  return sum / (observed.length - 1);
}

function distribution(mode: Mode): { readonly classes: number | null; readonly members: number } {
  const authorities = 21;
  const stakes = Array.from({ length: 79 }, (_, at) => BigInt(1_000 + 37 * at));
  const registry = registryOf({
    authorities: Array.from({ length: authorities }, () => 500n),
    stakers: stakes,
  });
  const leader = leaderSchedule(
    electorate(registry, mode),
    hashBytes(Uint8Array.of(1)),
    genesisSeed(hashBytes(Uint8Array.of(2))),
  );
  const drawn = registry.entries.map(() => 0);
  for (let term = 1; term <= DRAWS; term++) drawn[leader(term)]!++;
  const stake = registry.entries.map((entry) => Number(entry.stake));
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  if (mode === "fast")
    return {
      classes: null,
      members: chiSquare(
        drawn.slice(0, authorities),
        Array.from({ length: authorities }, () => 1 / authorities),
      ),
    };
  const of = mode === "secure" ? stake : stake.slice(authorities);
  const parts = of.map((value) => value / sum(of));
  if (mode === "secure") return { classes: null, members: chiSquare(drawn, parts) };
  const shares = [
    ...Array.from({ length: authorities }, () => 0.7 / authorities),
    ...parts.map((part) => 0.3 * part),
  ];
  const inClass = [sum(drawn.slice(0, authorities)), sum(drawn.slice(authorities))];
  return { classes: chiSquare(inClass, [0.7, 0.3]), members: chiSquare(drawn, shares) };
}

/** A perfect draw gives 1 per degree of freedom on average; the bound at 0.001 is 1.5 for 99 of them, 10.8 for one. */
export async function run(): Promise<Record<string, { value: number; unit: string }>> {
  const figures: Record<string, { value: number; unit: string }> = {};
  const note = (name: string, value: number, unit: string): void => {
    figures[name] = { value: Math.round(value * 10_000) / 10_000, unit };
  };
  for (const mode of ["fast", "balanced", "secure"] as const) {
    const { classes, members } = distribution(mode);
    note(`${mode}Members`, members, "chi-square per degree of freedom");
    if (classes !== null) note(`${mode}Classes`, classes, "chi-square per degree of freedom");
  }
  const registry = registryOf({ authorities: [], stakers: Array.from({ length: 12 }, () => 1_000n) });
  for (const size of [1, 2, 4]) {
    const coalition = new Set(Array.from({ length: size }, (_, seat) => seat));
    const name = `of${size}In12`;
    const again = withholding({ registry, coalition, aim: "lastTerms", terms: 60, epochs: EPOCHS, name });
    const share = withholding({ registry, coalition, aim: "share", terms: 60, epochs: EPOCHS / 5, name });
    note(`${name}LastTerm`, again.lastTerm, "of epochs");
    note(`${name}LastTermExpected`, lastTermInTheLongRun(size / 12), "of epochs");
    note(`${name}Share`, share.share, "of terms");
    note(`${name}Withheld`, share.withheld, "of terms");
  }
  return figures;
}
