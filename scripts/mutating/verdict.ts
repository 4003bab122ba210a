/** What a test file said in one run. */
export interface Verdict {
  readonly passed: number;
  readonly failures: readonly Failure[];
}

export interface Failure {
  readonly test: string;
  readonly message: string;
  /** It did not end in its time. */
  readonly late: boolean;
}

/** One run of a test file: what it said, if it came so far. */
export interface Run {
  readonly verdict: Verdict | null;
  /** It was stopped because it did not end. */
  readonly hung: boolean;
  /** The end of what it printed. */
  readonly printed: string;
  readonly seconds: number;
}

export type Outcome = "killed" | "survived" | "test fails anyway" | "does not build" | "does not run";

export interface Judgement {
  readonly outcome: Outcome;
  /** The test that failed and with which words, or what went wrong instead. */
  readonly why: string;
  /** Killed because the test did not end any more. */
  readonly hung: boolean;
}

/** A run that takes longer than this is stopped ... */
const LEAST_LIMIT_SECONDS = 180;
/** ... unless the unchanged run is so slow that this many times its duration is more. */
const LIMIT_FACTOR = 10;

/** Seconds after which a run with a change hangs, if the unchanged one took so long. */
export const limitOf = (unchanged: number): number => Math.max(LEAST_LIMIT_SECONDS, LIMIT_FACTOR * unchanged);

const lastWords = (run: Run): string => run.printed.trim().slice(-1_000);

/** Why a test file is no witness: unchanged it fails, shows nothing or does not run. */
export function faultOf({ verdict, hung, ...run }: Run): string | null {
  if (hung) return "did not end";
  if (verdict === null) return lastWords({ verdict, hung, ...run });
  const [failure] = verdict.failures;
  if (failure !== undefined) return `${failure.test}: ${failure.message}`;
  return verdict.passed === 0 ? "no test ran" : null;
}

/**
 * What a run with a change shows. Only a test that fails by itself kills; a run that does not end, or in which a test
 * goes beyond its time, does so if it happens `again`, for on a busy machine it can happen to any. A run that ends
 * without a word (a file that cannot be loaded, a process that dies) shows nothing.
 */
export function judge(run: Run, again: boolean): Judgement | "again" {
  const [failure] = run.verdict?.failures ?? [];
  if (run.hung || failure?.late === true) {
    if (!again) return "again";
    return { outcome: "killed", why: failure?.test ?? "the file does not end", hung: true };
  }
  if (failure !== undefined)
    return { outcome: "killed", why: `${failure.test}: ${failure.message}`, hung: false };
  if (run.verdict === null || run.verdict.passed === 0)
    return { outcome: "does not run", why: lastWords(run), hung: false };
  return { outcome: "survived", why: "", hung: false };
}
