import type { Rules } from "../rules.ts";

/** Plain data, as it is written to files and sent to worker threads. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** One piece of work: it depends on nothing but itself. */
export interface Job {
  /** Unique within a study, and the same in every run of it. */
  readonly key: string;
  readonly kind: string;
  readonly input: Json;
  /** Jobs of one line go to one shard: which of them there are depends on results of that line. By itself: the job's index. */
  readonly line?: number;
}

/** A job that is done. */
export interface Done {
  readonly key: string;
  readonly result: Json;
  /** Wall time that it took, s: of the machine, no part of any report. */
  readonly seconds?: number;
}

/** What to find out: everything that decides the results. */
export interface Study {
  readonly kind: "attacks" | "montecarlo" | "agents" | "scale";
  readonly seed: string;
  readonly options: Json;
}

export interface StudyModules {
  readonly rules: Rules;
}

/** Part `index` of `count`, from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** Jobs of a shard: every `count`-th job, or line of jobs, so that costly neighbours are spread. */
export const jobsOf = (jobs: readonly Job[], { index, count }: Shard): readonly Job[] =>
  jobs.filter(({ line }, at) => (line ?? at) % count === index - 1);
