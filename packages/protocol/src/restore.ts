import { addBlock, parentFacts, validateBlock } from "./block/index.ts";
import { appendFinal, markBacked, rebuildFinal } from "./checkpoint/index.ts";
import { genesisHash as hashGenesis } from "./codec/index.ts";
import { Draft } from "./draft.ts";
import { ProtocolError } from "./errors.ts";
import { remember } from "./evidence/index.ts";
import { stateAt } from "./handover.ts";
import { checkpointRootOf, hashOf } from "./memo.ts";
import { wantRegistry } from "./registries.ts";
import { settle } from "./settle.ts";
import type { ReplicaConfig, ReplicaState } from "./state.ts";
import type {
  Activation,
  Certificate,
  DurableRecord,
  Effect,
  Hash,
  Millis,
  Registry,
  SignIntent,
} from "./types/index.ts";
import { dropFinal, startTimers } from "./view/index.ts";

/**
 * A replica after a restart (protocol.md section 4): what it signed stays binding whether it was ever sent, what it
 * held is held again. Signatures are asked for again, with the same intents: slashing protection answers identical
 * ones. No `finalized`, `backed` or `epoch` effect is repeated: the shell reads those records itself.
 *
 * @param records since and including the last `epoch` record, in order; or those of the earlier epoch that `resume` named
 * @param activations the recoveries that the own settlement client shows, at or above that epoch
 * @throws ProtocolError STATE_INVALID if they do not begin with an epoch whose registry is given, or contradict themselves
 */
export function restoreReplica(
  config: ReplicaConfig,
  registries: readonly Registry[],
  records: readonly DurableRecord[],
  now: Millis,
  activations: readonly Activation[] = [],
): { state: ReplicaState; effects: Effect[] } {
  const [first, ...rest] = records;
  if (first?.type !== "epoch")
    throw new ProtocolError("STATE_INVALID", "the first record must be the beginning of an epoch");
  const { start } = first;
  const known = new Map<Hash, Registry>();
  for (const registry of registries)
    if (registry.root === start.registry || registry.root === start.registryNext)
      known.set(registry.root, registry);
  const registry = known.get(start.registry);
  if (registry === undefined)
    throw new ProtocolError(
      "STATE_INVALID",
      `registry ${start.registry} of epoch ${start.epoch} is not given`,
    );
  const d = new Draft(stateAt(config, hashGenesis(config.genesis), start, known, registry, now));
  wantRegistry(d, start.registryNext, start.epoch + 1);
  const intents: SignIntent[] = [];
  for (const record of rest) replay(d, record, intents);
  for (const activation of activations) d.map("activations").set(activation.epoch, activation);
  signAgain(d, intents);
  startTimers(d);
  settle(d);
  return { state: d.s, effects: d.effects };
}

function replay(d: Draft, record: DurableRecord, intents: SignIntent[]): void {
  switch (record.type) {
    case "epoch":
      throw new ProtocolError("STATE_INVALID", "records must begin with the last epoch record");
    case "signed":
      intents.push(record.intent);
      bind(d, record.intent);
      return;
    case "certificate":
      if (record.block !== null) addBlock(d, hashOf(record.block), record.block, null);
      holdAgain(d, record.certificate);
      return;
    case "final": {
      finalAgain(d, record);
      return;
    }
    case "backed": {
      const { height } = record.certificate.checkpoint;
      if (d.s.dueRoots.get(height) !== checkpointRootOf(d.epoch.domain, record.certificate.checkpoint))
        throw new ProtocolError(
          "STATE_INVALID",
          `the backing recorded at height ${height} is of another chain`,
        );
      markBacked(d, record.certificate);
      return;
    }
    case "rewound":
      rewindAgain(d, record.hash);
      return;
    case "silent":
      d.s.restarted = { epoch: d.epoch.start.epoch - 1, incarnation: d.epoch.start.incarnation };
      return;
    case "evidence":
      remember(d, record.evidence);
      return;
  }
}

/** What was signed is never contradicted, whether the signature was ever made. */
function bind(d: Draft, intent: SignIntent): void {
  if (intent.domain !== d.epoch.domain || intent.what === "signal") return;
  d.bind(intent);
  if (intent.what === "checkpoint" || intent.what === "restart") return;
  const { kind, view, blockHash, parentView } = intent.vote;
  const target = { blockHash, parentView };
  if (kind === "nullify") d.setOwn(view, { nullify: true });
  else if (kind === "finalize") d.setOwn(view, { finalize: target });
  else d.setOwn(view, { notarize: target });
  if (intent.what !== "proposal") return;
  d.setOwn(view, { proposal: { block: intent.block, parentView } });
  addBlock(d, hashOf(intent.block), intent.block, null);
}

function holdAgain(d: Draft, certificate: Certificate): void {
  const { view, kind } = certificate;
  if (certificate.domain !== d.epoch.domain) return;
  if (kind === "nullify") d.setView(view, { nullification: certificate });
  else if (kind === "notarize") d.setView(view, { notarization: certificate });
  else d.setView(view, { finalization: certificate });
  if (kind !== "nullify" && view > d.s.notarizedView) d.s.notarizedView = view;
  if (kind === "finalize" && (d.s.finalization?.view ?? 0) < view) d.s.finalization = certificate;
}

function finalAgain(d: Draft, record: Extract<DurableRecord, { type: "final" }>): void {
  const { block, certificate, roots } = record;
  const hash = hashOf(block);
  const parent = parentFacts(d.s, block.header.parentHash);
  const verdict = parent === null ? null : validateBlock(d.s, d.epoch, block, parent);
  if (verdict?.chain === undefined)
    throw new ProtocolError(
      "STATE_INVALID",
      `the final block recorded at height ${block.header.height} does not fit: ${verdict?.invalid ?? "its parent is missing"}`,
    );
  appendFinal(d, hash, block, verdict.chain, roots, certificate?.view ?? block.header.view, certificate);
  if (certificate !== null) holdAgain(d, certificate);
  dropFinal(d, new Set([hash]));
}

/** A recovery took final blocks back. */
function rewindAgain(d: Draft, hash: Hash): void {
  let node = d.s.history;
  while (node !== null && node.facts.hash !== hash) node = node.below;
  if (node === null && hash !== d.epoch.start.parent.hash)
    throw new ProtocolError("STATE_INVALID", `the block ${hash} that a record goes back to is not final`);
  rebuildFinal(d, node);
}

/** Asks again for every signature that may still matter. */
function signAgain(d: Draft, intents: readonly SignIntent[]): void {
  for (const intent of intents) {
    // Signals are looked at anew: they bind nobody.
    if (intent.domain !== d.epoch.domain || intent.what === "signal") continue;
    if (intent.what === "restart") {
      // The last one stands for all of them.
      if (intent.restart === d.s.ownRestart) d.sign(intent);
      continue;
    }
    if (intent.what !== "checkpoint") {
      if (intent.vote.view > d.s.tip.view) d.sign(intent);
      continue;
    }
    const root = checkpointRootOf(intent.domain, intent.checkpoint);
    if (!d.s.due.some((due) => due.root === root)) continue;
    d.s.due = d.s.due.map((due) => (due.root === root ? { ...due, signed: true } : due));
    d.sign(intent);
  }
  if (d.s.lastBlock !== null) d.trace("4: restored after the last block");
  d.trace("4: restored");
}
