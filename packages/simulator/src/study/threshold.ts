import { wilson } from "../statistics.ts";

/** A level is played again, as often as at first, until this many times as often, while it is not clear which way it goes. */
const MOST_ROUNDS = 4;

/** Where a threshold is looked for: levels are whole numbers, and without an attacker (level 0) nothing succeeds. */
export interface Range {
  readonly most: number;
  /** Highest level at which success is ruled out, and lowest at which it must come: they are played whatever is found. */
  readonly safe: number;
  readonly broken: number | null;
}

export interface Run {
  readonly level: number;
  readonly run: number;
}

/** What a search asked for so far. */
export interface Search {
  /** Every run, those that are done too, in the order in which they were asked for. */
  readonly asked: readonly Run[];
  readonly finished: boolean;
}

/** Whether a run of a level succeeded; undefined while it is not done. */
export type Seen = (level: number, run: number) => boolean | undefined;

/** Runs wait for others to be done. */
class Pending extends Error {}

/**
 * Looks for the level from which more than half of the runs succeed, by bisection from the whole range: what is asked for
 * next follows from what is done, and from nothing else, so that a search goes on where it was interrupted. Then plays the
 * two levels at the threshold, and the two bounds, as often as any.
 */
export function search({ most, safe, broken }: Range, runs: number, seen: Seen): Search {
  const asked: Run[] = [];
  /** Successes of the first `count` runs of a level. */
  const play = (level: number, from: number, count: number): number => {
    let succeeded = 0;
    let isPending = false;
    for (let run = 0; run < count; run++) {
      if (run >= from) asked.push({ level, run });
      const done = seen(level, run);
      if (done === undefined) isPending = true;
      else if (done) succeeded++;
    }
    if (isPending) throw new Pending();
    return succeeded;
  };
  const played = new Map<number, number>();
  const succeeds = (level: number): boolean => {
    for (let count = runs; ; count += runs) {
      const succeeded = play(level, count - runs, count);
      played.set(level, count);
      const { low, high } = wilson(succeeded, count);
      if (low > 0.5 || high < 0.5 || count >= MOST_ROUNDS * runs) return 2 * succeeded > count;
    }
  };
  try {
    let fails = 0;
    let works: number | null = succeeds(most) ? most : null;
    if (works === null) fails = most;
    while (works !== null && works - fails > 1) {
      const middle: number = Math.floor((fails + works) / 2);
      if (succeeds(middle)) works = middle;
      else fails = middle;
    }
    const confirmed = [fails, works, safe, broken].filter((level) => level !== null && level > 0);
    const open = new Set(confirmed as readonly number[]);
    let isPending = false;
    for (const level of open)
      try {
        play(level, played.get(level) ?? 0, MOST_ROUNDS * runs);
      } catch (error) {
        if (!(error instanceof Pending)) throw error;
        // The others need not wait for it.
        isPending = true;
      }
    return { asked, finished: !isPending };
  } catch (error) {
    if (error instanceof Pending) return { asked, finished: false };
    throw error;
  }
}

export interface Played {
  readonly level: number;
  readonly runs: number;
  readonly succeeded: number;
}

/** Levels; null where none was played that shows it. */
export interface Threshold {
  /** Lowest played level from which on more than half of the runs of every level played succeed. */
  readonly level: number | null;
  /** It lies above `above` and up to `upTo`, each with 95 % (Wilson): there less, or more, than half of the runs succeed. */
  readonly above: number;
  readonly upTo: number | null;
}

/** The threshold that runs show; levels ascend. */
export function thresholdOf(levels: readonly Played[]): Threshold {
  const lastFailing = levels.findLastIndex(({ runs, succeeded }) => 2 * succeeded <= runs);
  const sure = levels.map(({ level, runs, succeeded }) => ({ level, ...wilson(succeeded, runs) }));
  return {
    level: levels[lastFailing + 1]?.level ?? null,
    above: sure.filter(({ high }) => high < 0.5).at(-1)?.level ?? 0,
    upTo: sure.find(({ low }) => low > 0.5)?.level ?? null,
  };
}
