import type { Mode } from "@aitbc-hybrid/protocol";
import { calmScenario, type Scenario } from "../scenario.ts";

/** How much of each class an attacker holds. */
export interface Holding {
  readonly authorities: number;
  readonly corruptAuthorities: number;
  /** Stake in parts of `stakeScale`; a scale of 0: there are no stakers. */
  readonly stakeScale: number;
  readonly corruptStake: number;
}

/** A registry divided between an attacker and two equal halves of honest validators. */
export interface Society {
  readonly scenario: Scenario;
  /** Validators whose keys the attacker holds. */
  readonly corrupt: ReadonlySet<number>;
  readonly left: ReadonlySet<number>;
  readonly right: ReadonlySet<number>;
}

const every = (value: number) => ({ fast: value, balanced: value, secure: value });

/** Corrupt stakers share the corrupt stake, honest ones the rest: so few that a run is short, even so that halves are equal. */
const CORRUPT_STAKERS = 2;
const HONEST_STAKERS = 4;

/** A calm schedule in one long epoch, of which the attacker holds a part. */
export function society(name: string, mode: Mode, holding: Holding): Society {
  const { authorities, corruptAuthorities, stakeScale, corruptStake } = holding;
  const corruptStakers = corruptStake > 0 ? CORRUPT_STAKERS : 0;
  const stakers = stakeScale === 0 ? 0 : corruptStakers + HONEST_STAKERS;
  const base = calmScenario(name, { mode, authorities, stakers, termViews: mode === "fast" ? 2 : 1 });
  const isCorruptStaker = (validator: number): boolean =>
    validator >= authorities && validator < authorities + corruptStakers;
  const unit = CORRUPT_STAKERS * HONEST_STAKERS;
  const stakeOf = (validator: number): bigint => {
    if (validator < authorities) return 0n;
    return BigInt(
      isCorruptStaker(validator)
        ? (corruptStake * unit) / CORRUPT_STAKERS
        : ((stakeScale - corruptStake) * unit) / HONEST_STAKERS,
    );
  };
  const seats = base.plan.seats.map((seat, validator) => ({ ...seat, stake: stakeOf(validator) }));
  const corrupt = new Set<number>();
  const honest: number[] = [];
  seats.forEach((_, validator) => {
    const isCorrupt = validator < authorities ? validator < corruptAuthorities : isCorruptStaker(validator);
    if (isCorrupt) corrupt.add(validator);
    else honest.push(validator);
  });
  const side = (even: boolean): Set<number> => {
    const members = honest.filter((v) => v < authorities).filter((_, i) => (i % 2 === 0) === even);
    const staking = honest.filter((v) => v >= authorities).filter((_, i) => (i % 2 === 0) === even);
    return new Set([...members, ...staking]);
  };
  return {
    scenario: {
      ...base,
      plan: {
        ...base.plan,
        seats,
        params: { ...base.plan.params, epochLength: every(1_000), checkpointInterval: every(100) },
      },
      stabilization: 1,
      blocks: 4,
      epochs: 0,
    },
    corrupt,
    left: side(true),
    right: side(false),
  };
}
