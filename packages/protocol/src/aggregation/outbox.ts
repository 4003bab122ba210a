import type { Seat } from "../types/index.ts";
import type { Statement, Suspicion } from "./contradictions.ts";
import type { AggregationEffect } from "./io.ts";
import type { Gathering, Part, Single, Topic } from "./topic.ts";

export interface Asked extends Single {
  readonly seat: Seat;
}

/** What the verifier was asked, for what its answer is needed. */
export type Job =
  | {
      readonly what: "votes";
      readonly topic: Topic;
      readonly gathering: Gathering;
      readonly asked: readonly Asked[];
    }
  | { readonly what: "parts"; readonly topic: Topic; readonly parts: readonly Part[] }
  | {
      readonly what: "suspicion";
      readonly suspicion: Suspicion;
      /** Of the suspicion's statements those that are votes, and those that are aggregates: in the order of the check. */
      readonly singles: readonly Statement[];
      readonly aggregates: readonly Statement[];
    };

/** What a call asks of the node, and the checks whose answers are still to come. */
export class Outbox {
  #effects: AggregationEffect[] = [];
  readonly #jobs = new Map<number, Job>();
  #nextJob = 0;

  emit(effect: AggregationEffect): void {
    this.#effects.push(effect);
  }

  verify(job: Job, check: Extract<AggregationEffect, { readonly type: "verify" }>["check"]): void {
    const id = this.#nextJob++;
    this.#jobs.set(id, job);
    this.emit({ type: "verify", job: id, check });
  }

  /** The job that an answer is of; undefined: it was answered already. */
  answered(id: number): Job | undefined {
    const job = this.#jobs.get(id);
    this.#jobs.delete(id);
    return job;
  }

  take(): readonly AggregationEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }
}
