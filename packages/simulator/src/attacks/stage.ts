import type { Millis } from "@aitbc-hybrid/protocol";
import { WORLD_START } from "../scenario.ts";
import type { Behaviour, Shell } from "../shell/index.ts";
import { World } from "../world/index.ts";
import type { AttackModules, Outcome } from "./attack.ts";
import type { Society } from "./society.ts";

/** Blocks are made for this long before an attack begins. */
export const WARM_UP: Millis = 250;
/** For so long nothing new must become final for a stall; the longest back-off of these small worlds is 2,400 ms. */
export const STALL_WINDOW: Millis = 8_000;

export interface Stage {
  readonly society: Society;
  readonly behaviours: ReadonlyMap<number, Behaviour>;
  /** The protocol promises that this fails: every oracle judges the run, and progress is owed. */
  readonly promised: boolean;
  readonly prepare?: (world: World) => void;
  /** What the attack itself has to tell of the run. */
  readonly measures?: () => Readonly<Record<string, number>>;
}

/** One behaviour for each corrupt validator. */
export const everyCorrupt = (
  { corrupt }: Society,
  make: (validator: number) => Behaviour,
): ReadonlyMap<number, Behaviour> => new Map([...corrupt].map((validator) => [validator, make(validator)]));

/** A world in which everything is set up and the warm-up is over. */
export function opened(stage: Stage, modules: AttackModules): World {
  const { scenario } = stage.society;
  const world = new World(
    {
      scenario: { ...scenario, beyondBounds: !stage.promised },
      behaviours: stage.behaviours,
      candidates: () => scenario.plan,
    },
    modules,
  );
  stage.prepare?.(world);
  world.begin();
  world.until(() => elapsed(world) >= WARM_UP);
  return world;
}

export const elapsed = (world: World): Millis => world.queue.now - WORLD_START;

const heightOf = (shell: Shell): number => shell.view()?.finalHeight ?? 0;

/** Lowest final height among some honest nodes. */
export const lowest = (shells: readonly Shell[]): number => Math.min(...shells.map(heightOf));
export const highest = (shells: readonly Shell[]): number => Math.max(...shells.map(heightOf));

/**
 * Lets time pass until every one of `shells` holds `blocks` more blocks final than the highest of them does now. Returns
 * how long that took; null if it did not happen within the window: they are stalled.
 */
export function advances(
  world: World,
  shells: readonly Shell[],
  blocks: number,
  window: Millis = STALL_WINDOW,
): Millis | null {
  const from = world.queue.now;
  const goal = highest(shells) + blocks;
  let countdown = 0;
  const reached = (): boolean => {
    if (countdown-- > 0) return false;
    countdown = 10;
    return lowest(shells) >= goal;
  };
  return world.until(reached, from + window) && lowest(shells) >= goal ? world.queue.now - from : null;
}

/** Ends a promised run by the judgement that every schedule gets, and gives what it found wrong. */
export function judged(world: World, promised: boolean): readonly string[] {
  return promised ? world.finish().failures : world.oracles.failures;
}

/** Plays an attack on liveness: it succeeds if no more blocks become final at the honest nodes. */
export function playStall(stage: Stage, modules: AttackModules, blocks = 4): Outcome {
  const world = opened(stage, modules);
  const took = advances(world, world.honest, blocks);
  return {
    succeeded: took === null,
    failures: took === null ? world.oracles.failures : judged(world, stage.promised),
    measures: {
      finalHeight: highest(world.honest),
      msPerBlock: took === null ? 0 : took / blocks,
      ...stage.measures?.(),
    },
  };
}

/** Plays an attack on agreement: it succeeds if honest nodes hold different blocks final. */
export function playFork(stage: Stage, modules: AttackModules, window: Millis): Outcome {
  const world = opened(stage, modules);
  const { oracles } = world;
  world.until(() => oracles.disagreements.length > 0, world.queue.now + window);
  const succeeded = oracles.disagreements.length > 0;
  // What proves it reaches the others once they are connected again.
  if (succeeded) {
    world.network.filter = null;
    world.network.heal(true);
    world.until(() => false, world.queue.now + 300);
  }
  const failures = succeeded ? oracles.failures : judged(world, stage.promised);
  const convicted = succeeded && !stage.promised ? oracles.convictions() : null;
  const innocent = [...(convicted?.validators ?? [])].filter((v) => !stage.society.corrupt.has(v));
  return {
    succeeded,
    failures: [...failures, ...innocent.map((v) => `honest validator ${v} is convicted`)],
    measures: {
      finalHeight: highest(world.honest),
      convicted: convicted?.validators.size ?? 0,
      convictedEnough: convicted?.enough === true ? 1 : 0,
      ...stage.measures?.(),
    },
  };
}
