import { attackJobs, runAttack } from "./attacks.ts";
import type { Job, Json, Study, StudyModules } from "./study.ts";

/** Every job of a study, in a fixed order. */
export function jobsOfStudy(study: Study): readonly Job[] {
  switch (study.kind) {
    case "attacks":
      return attackJobs(study);
    default:
      throw new Error(`there is no study of kind ${study.kind}`);
  }
}

/** Does one job. */
export function runJob(job: Job, modules: StudyModules): Json {
  switch (job.kind) {
    case "attack":
      return runAttack(job.input, modules);
    default:
      throw new Error(`there is no job of kind ${job.kind}`);
  }
}
