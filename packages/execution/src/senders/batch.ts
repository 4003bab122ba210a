import type { RecoverAddress } from "./recover.ts";

/** One recovery: 32 bytes of hash, 64 of signature, 1 of parity. */
export const jobLength = 97;

/** One answer: 1 and the address, or zeros. */
export const answerLength = 21;

/** Answers a packed batch of recoveries; both are one buffer each, so that workers pass them on without a copy. */
export function recoverBatch(jobs: Uint8Array, recover: RecoverAddress): Uint8Array<ArrayBuffer> {
  const count = jobs.length / jobLength;
  const answers = new Uint8Array(count * answerLength);
  for (let i = 0; i < count; i++) {
    const job = jobs.subarray(i * jobLength, (i + 1) * jobLength);
    const address = recover(job.subarray(0, 32), job.subarray(32, 96), job[96]!);
    if (address === null) continue;
    answers[i * answerLength] = 1;
    answers.set(address, i * answerLength + 1);
  }
  return answers;
}
