import {
  type Effect,
  forcedDigest,
  forcedEntries,
  type Hash,
  type Hex,
  type Millis,
  type Peer,
} from "@aitbc-hybrid/protocol";
import type { Random } from "../random.ts";
import type { ShellModules, ShellOptions, Timeless } from "./types.ts";

const NOBODY: Hex = `0x${"00".repeat(20)}`;

/** The node whose replica asks. */
export interface Answering {
  readonly peer: Peer;
  readonly validator: number;
  readonly random: Random;
  readonly options: ShellOptions;
  readonly modules: ShellModules;
  sign(root: Hash): Uint8Array;
  /** Time of a usual task. */
  task(): Millis;
  /** Answers later, unless the process dies first; null: not yet. */
  answer(delay: Millis, input: () => Timeless | null): void;
}

/** What a leader puts into its block, by what its settlement client shows. */
export function answerPayload(effect: Effect & { readonly type: "payload" }, node: Answering): void {
  const { settlement, queue, batches } = node.modules;
  const { refLag } = node.options.registry.params;
  const build = (): Timeless | null => {
    const lowest = effect.parentReference.number;
    const newest = settlement.finalAt(node.validator, queue.now);
    const aged = settlement.finalAt(node.validator, queue.now - refLag);
    const needsReading = effect.candidateEpoch !== null;
    const number = Math.max(lowest, aged);
    // The candidate is read at the reference: a client that does not see that block final cannot propose.
    if (needsReading && number > newest) {
      node.answer(refLag + 5, build);
      return null;
    }
    const from = effect.parentInboxCursor;
    const reading = settlement.reading(number, effect.candidateEpoch ?? 0, from);
    // Who cannot tell at the parent's reference takes nothing.
    const due = number <= newest ? reading.due : [];
    const entries = node.options.behaviour?.censorsInbox ? [] : forcedEntries(due, effect.inbox.forceQuota);
    const digest = forcedDigest(node.options.config.chainId, from, entries);
    const inboxCursor = from + entries.length;
    if (entries.length > 0) batches.force(digest, from, inboxCursor);
    const kept = number === lowest;
    const kind = node.options.behaviour?.batches ?? "plain";
    return {
      type: "payload",
      epoch: effect.epoch,
      view: effect.view,
      parentHash: effect.parentHash,
      payload: {
        batches: [
          ...(entries.length > 0 ? [digest] : []),
          ...Array.from({ length: node.random.whole(0, 2) }, () => batches.create(node.peer, kind)),
        ],
        reference: kept ? effect.parentReference : settlement.reference(number),
        settledAt: kept ? effect.parentSettledAt : reading.settledAt,
        inboxCursor,
        feeRecipient: NOBODY,
        candidate: needsReading
          ? node.options.behaviour?.candidate === "wrong"
            ? reading.candidate === null
              ? node.options.registry.root
              : null
            : reading.candidate
          : null,
        vrfProof: node.sign(effect.vrfRoot),
      },
    };
  };
  node.answer(node.task(), build);
}

/** What the settlement client shows at a reference, once it shows it final. */
export function answerReference(effect: Effect & { readonly type: "reference" }, node: Answering): void {
  const { settlement, queue } = node.modules;
  const { reference, epoch, inboxFrom } = effect;
  const { number, hash } = reference;
  let first = true;
  const ask = (): Timeless | null => {
    const exists = settlement.hashOf(number) === hash;
    const final = exists && number <= settlement.finalAt(node.validator, queue.now);
    if (!final) {
      if (exists) node.answer(20, ask);
      if (!first) return null;
      first = false;
      return { type: "reference", reference, epoch, inboxFrom, reading: null };
    }
    // Epoch e's last block names N_{e+2}.
    const shown = settlement.reading(number, epoch + 2, inboxFrom);
    const reading = node.options.behaviour?.censorsInbox ? { ...shown, due: [] } : shown;
    return { type: "reference", reference, epoch, inboxFrom, reading };
  };
  node.answer(node.task(), ask);
}
