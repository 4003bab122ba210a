import { sealWeights } from "@aitbc-hybrid/contract-model";
import { twin } from "../adversaries/index.ts";
import type { Attack, AttackCase, AttackModules, Outcome } from "./attack.ts";
import { FEW_AUTHORITIES, STAKE_SCALE } from "./shares.ts";
import { type Society, society } from "./society.ts";
import { everyCorrupt, playFork } from "./stage.ts";

const PARTITION = 700;
/** Large enough that flooring moves nothing. */
const UNIT = 60n;
/** 1/6 of the smallest set that authorities sign in. */
const CAP = { stakeCap: 100_000n, stakeCapFrom: 20, authorityStakeDivisor: 6n, balancedSeats: 100 };

/** All authorities are corrupt and hold `level` thirtieths of the stake themselves, as registered. */
function overlapping(level: number, seed: string, capped: boolean): Society {
  const place = society(`${seed} overlap ${level} ${capped}`, "balanced", {
    authorities: FEW_AUTHORITIES,
    corruptAuthorities: FEW_AUTHORITIES,
    stakeScale: STAKE_SCALE,
    corruptStake: 0,
  });
  const { scenario } = place;
  const { seats, authorities } = scenario.plan;
  const registered = seats.map((_, seat): bigint => {
    const isAuthority = seat < authorities;
    const parts = BigInt(isAuthority ? level : STAKE_SCALE - level);
    return (parts * UNIT) / BigInt(isAuthority ? authorities : seats.length - authorities);
  });
  const weights = capped
    ? sealWeights(
        registered.map((weight, seat) => ({ weight, qualified: seat >= authorities })),
        authorities,
        CAP,
      ).weights
    : registered;
  const plan = { ...scenario.plan, seats: seats.map((seat, at) => ({ ...seat, stake: weights[at]! })) };
  return { ...place, scenario: { ...scenario, plan } };
}

function play(place: Society, promised: boolean, modules: AttackModules): Outcome {
  const { scenario, corrupt, left, right } = place;
  const groups = [[...left, ...corrupt], [...right]];
  const divided: Society = {
    ...place,
    scenario: {
      ...scenario,
      twins: corrupt,
      faults: [{ kind: "partition", from: 1, to: PARTITION, groups }],
      // Nobody honest is an authority: without them no progress is owed.
      safetyOnly: promised,
    },
  };
  return playFork({ society: divided, promised, behaviours: everyCorrupt(place, twin) }, modules, PARTITION);
}

const overlapCase = (given: string, capped: boolean, safe: number, broken: number | null): AttackCase => ({
  mode: "balanced",
  resource: "stake held by authorities",
  given,
  bound: capped ? "never: all authorities together count at most 1/6" : "> 1/3",
  scale: STAKE_SCALE,
  most: STAKE_SCALE - 1,
  safe,
  broken,
  play: (level, seed, modules) => play(overlapping(level, seed, capped), level <= safe, modules),
});

/** A corrupted key counts in both classes: authorities with stake could be a third of both. */
export const classOverlap: Attack = {
  name: "class-overlap",
  idea: "All authorities are corrupt and hold stake too: keys that count in both classes run on both sides of a partition.",
  success: "honest stakers hold different blocks final at one height",
  cases: [
    overlapCase("all authorities, no joint cap", false, STAKE_SCALE / 3, STAKE_SCALE / 3 + 1),
    overlapCase("all authorities, the contracts' joint cap", true, STAKE_SCALE - 1, null),
  ],
};
