import { agentJobs, runMarket } from "./agents.ts";
import { attackJobs, runAttack } from "./attacks.ts";
import { monteCarloJobs, runDraws, runPlayed } from "./montecarlo.ts";
import { runScale, scaleJobs } from "./scale.ts";
import type { Done, Job, Json, Study, StudyModules } from "./study.ts";

/** Every job of a study that can be named from the results so far, in a fixed order; none is added once all are done. */
export function jobsOfStudy(
  study: Study,
  results: ReadonlyMap<string, Done> = new Map<string, Done>(),
): readonly Job[] {
  switch (study.kind) {
    case "attacks":
      return attackJobs(study, results);
    case "montecarlo":
      return monteCarloJobs(study);
    case "agents":
      return agentJobs(study);
    case "scale":
      return scaleJobs(study);
  }
}

/** Does one job. */
export function runJob(job: Job, modules: StudyModules): Json {
  switch (job.kind) {
    case "attack":
      return runAttack(job.input, modules);
    case "draws":
      return runDraws(job.input);
    case "played":
      return runPlayed(job.input, modules);
    case "market":
      return runMarket(job.input);
    case "scale":
      return runScale(job.input);
    default:
      throw new Error(`there is no job of kind ${job.kind}`);
  }
}
