import type { Mode } from "@aitbc-hybrid/protocol";
import type { AttackCase, AttackModules, Outcome, Resource } from "./attack.ts";
import { type Holding, type Society, society } from "./society.ts";

/** Seats of Fast's authorities, and of the other modes', in worlds small enough to be played often. */
export const FAST_AUTHORITIES = 7;
export const FEW_AUTHORITIES = 4;
/** Stake is held in thirtieths, so that a third is hit exactly. */
export const STAKE_SCALE = 30;

/** Most of `n` that is at most `part / of` of it. */
export const atMost = (n: number, part: number, of: number): number => Math.floor((n * part) / of);
/** Most of `n` that is less than `part / of` of it. */
export const below = (n: number, part: number, of: number): number => Math.ceil((n * part) / of) - 1;

export interface ShareOptions {
  readonly mode: Mode;
  readonly resource: Resource;
  readonly given?: string;
  readonly bound: string;
  readonly scale: number;
  readonly most?: number;
  readonly safe: number;
  readonly broken?: number | null;
  readonly holding: (level: number) => Holding;
  /** Plays it in a society divided so; `promised`: the protocol promises that it fails. */
  readonly play: (
    place: { readonly society: Society; readonly promised: boolean; readonly level: number },
    modules: AttackModules,
  ) => Outcome;
}

/** A case whose level is the part of a class that is corrupt. */
export const shareCase = ({
  mode,
  resource,
  given = "",
  bound,
  scale,
  most = scale - 1,
  safe,
  broken = safe + 1,
  holding,
  play,
}: ShareOptions): AttackCase => ({
  mode,
  resource,
  given,
  bound,
  scale,
  most,
  safe,
  broken,
  play: (level, seed, modules) =>
    play(
      { society: society(`${seed} ${mode} ${level}`, mode, holding(level)), promised: level <= safe, level },
      modules,
    ),
});

/** Corrupt authorities of Fast; no stakers. */
export const fastAuthorities = (level: number): Holding => ({
  authorities: FAST_AUTHORITIES,
  corruptAuthorities: level,
  stakeScale: 0,
  corruptStake: 0,
});

/** Corrupt authorities of Balanced, beside a fixed part of corrupt stake. */
export const balancedAuthorities =
  (corruptStake: number) =>
  (level: number): Holding => ({
    authorities: FEW_AUTHORITIES,
    corruptAuthorities: level,
    stakeScale: STAKE_SCALE,
    corruptStake,
  });

/** Corrupt stake of Balanced, beside a fixed number of corrupt authorities. */
export const balancedStake =
  (corruptAuthorities: number) =>
  (level: number): Holding => ({
    authorities: FEW_AUTHORITIES,
    corruptAuthorities,
    stakeScale: STAKE_SCALE,
    corruptStake: level,
  });

/** Corrupt stake of Secure, beside two honest authorities: one for each half to see oversight done. */
export const secureStake = (level: number): Holding => ({
  authorities: 2,
  corruptAuthorities: 0,
  stakeScale: STAKE_SCALE,
  corruptStake: level,
});

type Play = ShareOptions["play"];

/** Cases of an attack on agreement in every mode: it must fail up to a third of the class that decides. */
export const agreementCases = (play: Play): AttackCase[] => [
  shareCase({
    mode: "fast",
    resource: "authorities",
    bound: "> 1/3",
    scale: FAST_AUTHORITIES,
    // With fewer than two honest nodes nobody is left to disagree.
    most: FAST_AUTHORITIES - 2,
    safe: atMost(FAST_AUTHORITIES, 1, 3),
    holding: fastAuthorities,
    play,
  }),
  shareCase({
    mode: "balanced",
    resource: "stake",
    given: "half of the authorities",
    bound: "> 1/3",
    scale: STAKE_SCALE,
    safe: atMost(STAKE_SCALE, 1, 3),
    holding: balancedStake(FEW_AUTHORITIES / 2),
    play,
  }),
  shareCase({
    mode: "balanced",
    resource: "authorities",
    given: "half of the stake",
    bound: "> 1/3",
    scale: FEW_AUTHORITIES,
    safe: atMost(FEW_AUTHORITIES, 1, 3),
    holding: balancedAuthorities(STAKE_SCALE / 2),
    play,
  }),
  shareCase({
    mode: "secure",
    resource: "stake",
    bound: "> 1/3",
    scale: STAKE_SCALE,
    safe: atMost(STAKE_SCALE, 1, 3),
    holding: secureStake,
    play,
  }),
];

/** Cases of an attack on liveness: it must fail while more than two thirds of either class are correct. */
export const livenessCases = (play: Play): AttackCase[] => [
  shareCase({
    mode: "fast",
    resource: "authorities",
    bound: ">= 1/3",
    scale: FAST_AUTHORITIES,
    safe: below(FAST_AUTHORITIES, 1, 3),
    holding: fastAuthorities,
    play,
  }),
  shareCase({
    mode: "balanced",
    resource: "authorities",
    bound: ">= 1/3",
    scale: FEW_AUTHORITIES,
    safe: below(FEW_AUTHORITIES, 1, 3),
    holding: balancedAuthorities(0),
    play,
  }),
  shareCase({
    mode: "balanced",
    resource: "stake",
    bound: ">= 1/3",
    scale: STAKE_SCALE,
    safe: below(STAKE_SCALE, 1, 3),
    holding: balancedStake(0),
    play,
  }),
  shareCase({
    mode: "secure",
    resource: "stake",
    bound: ">= 1/3",
    scale: STAKE_SCALE,
    safe: below(STAKE_SCALE, 1, 3),
    holding: secureStake,
    play,
  }),
];
