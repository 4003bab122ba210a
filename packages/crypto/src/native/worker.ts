import { parentPort } from "node:worker_threads";
import { nativeBls } from "./bls.ts";
import { type Answer, decodeJob, type Job } from "./job.ts";
import { NativeKey, parsePublicKey } from "./points.ts";

// The pool's worker: answers each job with whether all of its signatures are valid over its root.
const port = parentPort;
if (port === null) throw new Error("worker.ts runs only as a worker of VerificationPool");

port.on("message", (job: Job) => port.postMessage(answer(job)));

function answer(job: Job): Answer {
  try {
    const { root, entries } = decodeJob(job.bytes);
    const signed = entries.map(({ key, signature }) => ({
      key: new NativeKey(parsePublicKey(key, true)),
      signature,
    }));
    const only = signed.length === 1 ? signed[0] : undefined;
    const valid = only
      ? nativeBls.verify(only.key, root, only.signature)
      : nativeBls.verifyMany(root, signed);
    return { id: job.id, valid };
  } catch (error) {
    return { id: job.id, valid: false, error: String(error) };
  }
}
