import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Mode } from "@aitbc-hybrid/protocol";
import { runTwins } from "./host.ts";
import { twinsSchedule } from "./schedule.ts";

/** Failed runs that are told of. */
const MOST_TOLD = 20;
/** Seeds that a worker gets at a time. */
const PORTION = 250;

/** What many schedules showed together. */
export interface TwinsSummary {
  readonly schedules: number;
  /** Runs below the bounds in which honest nodes finalized different blocks. */
  readonly disagreements: number;
  readonly disagreementsAboveBounds: Readonly<Record<Mode, number>>;
  /** Runs that disagreed, above the bounds or below, whose honest archives convict too little. */
  readonly unconvicted: number;
  /** Runs that owed progress after healing and made none. */
  readonly stalled: number;
  /** Runs in which an honest key was accused or signed an offence. */
  readonly slashable: number;
  /** Runs by what they had in them. */
  readonly kinds: Readonly<Record<string, number>>;
  readonly steps: number;
  /** Seeds that failed, with what was wrong. */
  readonly failed: readonly string[];
}

const NOTHING: TwinsSummary = {
  schedules: 0,
  disagreements: 0,
  disagreementsAboveBounds: { fast: 0, balanced: 0, secure: 0 },
  unconvicted: 0,
  stalled: 0,
  slashable: 0,
  kinds: {},
  steps: 0,
  failed: [],
};

/** Runs the schedules of seeds `first` to `first + count - 1` in this thread. */
export function twinsCampaign(first: number, count: number): TwinsSummary {
  const above = { fast: 0, balanced: 0, secure: 0 };
  const kinds: Record<string, number> = {};
  const failed: string[] = [];
  const sums = { disagreements: 0, unconvicted: 0, stalled: 0, slashable: 0, steps: 0 };
  const add = (kind: string): void => {
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  };
  for (let seed = first; seed < first + count; seed++) {
    const schedule = twinsSchedule(`${seed}`);
    const { setting, twins } = schedule;
    const { mode, registry } = setting;
    const result = runTwins(schedule);
    sums.steps += result.steps;
    add(`${mode}, n = ${registry.entries.length}`);
    add(schedule.above ? "above the bounds" : "below the bounds");
    if (schedule.live) add("progress owed");
    if (result.height > 0) add("with final blocks");
    if (result.epoch > 0) add("over an epoch's end");
    for (const [name, of] of [
      ["authorities", (seat: number) => seat < registry.authorities],
      ["stakers", (seat: number) => seat >= registry.authorities],
    ] as const) {
      const members = setting.voters.filter(of);
      if (members.length > 0 && members.every((seat) => twins.includes(seat)))
        add(`${mode}, all ${name} twice`);
    }
    const wrong: string[] = [];
    if (result.disagreements > 0) {
      if (schedule.above) above[mode]++;
      else {
        sums.disagreements++;
        wrong.push("disagreement below the bounds");
      }
      if (!result.convicted) {
        sums.unconvicted++;
        wrong.push("disagreement without conviction");
      }
    }
    if (result.stalled) {
      sums.stalled++;
      wrong.push("no progress after healing");
    }
    if (result.slashable.length > 0) {
      sums.slashable++;
      wrong.push(...result.slashable);
    }
    if (wrong.length > 0 && failed.length < MOST_TOLD)
      failed.push(`seed ${seed} (${setting.name}): ${wrong.join("; ")}`);
  }
  return { schedules: count, disagreementsAboveBounds: above, kinds, failed, ...sums };
}

/** Adds summaries of disjoint seeds. */
export function mergeTwins(parts: readonly TwinsSummary[]): TwinsSummary {
  return parts.reduce((sum, part) => {
    const kinds: Record<string, number> = { ...sum.kinds };
    for (const [kind, count] of Object.entries(part.kinds)) kinds[kind] = (kinds[kind] ?? 0) + count;
    const [a, b] = [sum.disagreementsAboveBounds, part.disagreementsAboveBounds];
    return {
      schedules: sum.schedules + part.schedules,
      disagreements: sum.disagreements + part.disagreements,
      disagreementsAboveBounds: {
        fast: a.fast + b.fast,
        balanced: a.balanced + b.balanced,
        secure: a.secure + b.secure,
      },
      unconvicted: sum.unconvicted + part.unconvicted,
      stalled: sum.stalled + part.stalled,
      slashable: sum.slashable + part.slashable,
      kinds,
      steps: sum.steps + part.steps,
      failed: [...sum.failed, ...part.failed].slice(0, MOST_TOLD),
    };
  }, NOTHING);
}

/** A portion of seeds for a worker. */
export interface TwinsPortion {
  readonly first: number;
  readonly count: number;
}

/** How far a run came: what an interrupted one goes on from. Plain data. */
export interface TwinsProgress {
  readonly sum: TwinsSummary;
  /** First seeds of the portions that are done. */
  readonly done: readonly number[];
}

export interface ParallelTwins extends TwinsPortion {
  readonly threads: number;
  /** A run of the same seeds that was interrupted. */
  readonly from?: TwinsProgress;
  /** Called after each portion. */
  readonly told?: (progress: TwinsProgress) => void;
}

/** Runs seeds on several threads, a portion at a time. */
export async function twinsParallel(options: ParallelTwins): Promise<TwinsSummary> {
  const { first, count, threads, from: before, told } = options;
  const end = first + count;
  const done = new Set(before?.done);
  const open: number[] = [];
  for (let from = first; from < end; from += PORTION) if (!done.has(from)) open.push(from);
  const portions = open.length;
  let sum = before?.sum ?? NOTHING;
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url));
    try {
      for (let from = open.shift(); from !== undefined; from = open.shift()) {
        const portion: TwinsPortion = { first: from, count: Math.min(PORTION, end - from) };
        const answer = once(worker, "message") as Promise<[TwinsSummary]>;
        worker.postMessage(portion);
        const [part] = await answer;
        done.add(from);
        sum = mergeTwins([sum, part]);
        told?.({ sum, done: [...done] });
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(threads, portions)) }, work));
  return sum;
}
