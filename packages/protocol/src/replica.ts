import { addBlock } from "./block/index.ts";
import { holdBacking, onBackingVerified, onCheckpointSigned } from "./checkpoint/index.ts";
import { genesisHash as hashGenesis, snapshotHash } from "./codec/index.ts";
import { Draft } from "./draft.ts";
import { genesisStart } from "./epoch/index.ts";
import {
  onBesideVerified,
  onCarriedVerified,
  onCheckpointsVerified,
  onConflictVerified,
  onMemberVerified,
  onRestartVerified,
} from "./evidence/index.ts";
import { stateAt } from "./handover.ts";
import { termOf } from "./leader.ts";
import { onMessage } from "./messages.ts";
import { onLateVerified, onSignalSigned, onSignalsVerified } from "./modes/index.ts";
import { certificateFor, restartSeats } from "./recovery/index.ts";
import { wantRegistry } from "./registries.ts";
import { settle } from "./settle.ts";
import type { Job, ReplicaConfig, ReplicaState } from "./state.ts";
import type { CheckResult, Effect, Hash, Input, Millis, Mode, Registry, Seat, Vote } from "./types/index.ts";
import {
  addProposal,
  greet,
  onBlameVerified,
  onProposalVerified,
  onRequest,
  readingKey,
  startTimers,
} from "./view/index.ts";
import { addOwnVote, addVerifiedVote, holdCertificate, onVotesVerified } from "./votes/index.ts";

export type { ReplicaConfig, ReplicaState } from "./state.ts";

/** What a step hands back. */
export interface Stepped {
  readonly state: ReplicaState;
  readonly effects: readonly Effect[];
}

/**
 * A replica at genesis: epoch 0 under R_0. The epoch's record is the first thing to persist.
 * @throws ProtocolError REGISTRY_INVALID if R_0 has no quorum
 */
export function initialReplica(
  config: ReplicaConfig,
  registry: Registry,
  now: Millis,
): { state: ReplicaState; effects: Effect[] } {
  const hash = hashGenesis(config.genesis);
  const start = genesisStart(config.genesis, hash, registry);
  const registries = new Map([[registry.root, registry]]);
  const d = new Draft(stateAt(config, hash, start, registries, registry, now));
  d.persist({ type: "epoch", start });
  d.emit({ type: "epoch", start, registry });
  startTimers(d);
  settle(d);
  return { state: d.s, effects: d.effects };
}

/** The protocol as a function: the next state and what the shell has to do, in order. Never changes `state`. */
export function step(state: ReplicaState, input: Input): Stepped {
  const d = new Draft(state);
  if (input.now > d.s.now) d.s.now = input.now;
  if (d.s.halted !== null && !d.s.contradicted) {
    if (input.type === "message" && input.message.type === "request")
      onRequest(d, input.from, input.message.request);
    return { state: d.s, effects: d.effects };
  }
  receive(d, input);
  if (d.changed || input.type === "tick") settle(d);
  return { state: d.s, effects: d.effects };
}

function receive(d: Draft, input: Input): void {
  switch (input.type) {
    case "tick":
      // The timer is spent whether or not its time has come: a shell that is early is asked again.
      d.s.timer = null;
      return;
    case "connected":
      if (!d.s.peers.has(input.peer)) d.setPeer(input.peer, {});
      d.changed = true;
      greet(d, input.peer);
      return;
    case "message":
      if (!d.s.peers.has(input.from)) d.setPeer(input.from, {});
      onMessage(d, input.from, input.message);
      return;
    case "verified": {
      onVerified(d, input.job, input.result);
      return;
    }
    case "signed": {
      onSigned(d, input.id, input.signature);
      return;
    }
    case "refused":
      if (d.s.signs.has(input.id)) d.map("signs").delete(input.id);
      return;
    case "payload": {
      const { payload } = d.s;
      const matches =
        payload !== null &&
        input.epoch === d.epoch.start.epoch &&
        payload.view === input.view &&
        payload.parentHash === input.parentHash;
      if (!matches || payload.payload !== null) return;
      d.s.payload = { ...payload, payload: input.payload };
      d.changed = true;
      return;
    }
    case "available": {
      const record = d.block(input.hash);
      if (record === undefined || record.available || record.invalid !== null) return;
      const { ok, inboxFrom } = input;
      d.setBlock(ok ? { ...record, available: true, inboxFrom } : { ...record, invalid: "malformed batch" });
      return;
    }
    case "executed": {
      const record = d.block(input.hash);
      if (record === undefined || record.roots !== null) return;
      const { stateRoot, receiptsRoot, handedOn, used, value } = input;
      const roots = { height: record.block.header.height, stateRoot, receiptsRoot, handedOn, used, value };
      d.setBlock({ ...record, executing: false, roots });
      return;
    }
    case "reference": {
      if (input.epoch !== d.epoch.start.epoch) return;
      const key = readingKey(input.reference, input.inboxFrom);
      const known = d.s.readings.get(key);
      if (known !== "asked" && (known !== null || input.reading === null)) return;
      d.map("readings").set(key, input.reading);
      // Read before the epoch's last block, which waits for it.
      const candidate = input.reading?.candidate ?? null;
      if (candidate !== null) wantRegistry(d, candidate, input.epoch + 2);
      d.changed = true;
      return;
    }
    case "registry": {
      const { registry } = input;
      if (d.s.registries.has(registry.root) || snapshotHash(registry) !== registry.root) return;
      d.map("registries").set(registry.root, registry);
      d.changed = true;
      return;
    }
    case "contracts":
      d.s.contracts = input.reading;
      d.changed = true;
      return;
    case "activated": {
      const { activation } = input;
      const known = d.s.activations.get(activation.epoch);
      if (activation.incarnation <= (known?.incarnation ?? d.epoch.start.incarnation)) return;
      d.map("activations").set(activation.epoch, activation);
      d.changed = true;
      return;
    }
    case "reverted": {
      d.halt(
        `settlement block ${input.reference.number} (${input.reference.hash}), named by a final block, was reverted`,
        [],
      );
      return;
    }
  }
}

function onVerified(d: Draft, id: number, result: CheckResult): void {
  const job = d.s.jobs.get(id);
  if (job === undefined) return;
  d.map("jobs").delete(id);
  d.changed = true;
  if (result.what === "votes") {
    if (job.what === "votes") onVotesVerified(d, job, result);
    else if (job.what === "backing") onBackingVerified(d, job, result);
    else if (job.what === "late") onLateVerified(d, job, result);
    else if (job.what === "signals") onSignalsVerified(d, job, result);
  } else if (result.what === "certificate") {
    onCertificateVerified(d, job, result.ok);
  } else if (result.what === "all") {
    if (job.what === "proposal") onProposalVerified(d, job, result);
  } else if (job.what === "conflict") {
    onConflictVerified(d, job, result);
  } else if (job.what === "restart") {
    onRestartVerified(d, job, result.valid[0] === true);
  } else if (job.what === "besideRestart") {
    onBesideVerified(d, job, result.valid[0] === true);
  } else if (job.what === "member") {
    onMemberVerified(d, job, result.valid[0] === true);
  } else if (job.what === "checkpoints") {
    onCheckpointsVerified(d, job, result.valid);
  } else if (job.what === "blame") {
    onBlameVerified(d, job, result.valid[0] === true);
  } else if (job.what === "leaderNullify") {
    if (!result.valid[0]) {
      d.ban(job.from, "forged vote");
      return;
    }
    d.setView(job.vote.view, { leaderNullified: true });
    addVerifiedVote(d, job.vote);
  }
}

function onCertificateVerified(d: Draft, job: Job, ok: boolean): void {
  if (job.what === "certificate") {
    if (!ok) {
      d.ban(job.from, "forged certificate");
      return;
    }
    for (const { hash, block } of job.blocks) addBlock(d, hash, block, job.from);
    holdCertificate(d, job.certificate);
    if (job.forks)
      d.contradict(
        `F of view ${job.certificate.view} is of a chain that leaves the own final one`,
        [],
        job.certificate,
      );
  } else if (job.what === "carried") {
    onCarriedVerified(d, job.certificate, ok);
  } else if (job.what === "checkpointCertificate") {
    if (!ok) {
      d.ban(job.from, "forged backing");
      return;
    }
    holdBacking(d, job.certificate);
  }
}

function onSigned(d: Draft, id: number, signature: Uint8Array): void {
  const intent = d.s.signs.get(id);
  if (intent === undefined) return;
  d.map("signs").delete(id);
  const { epoch, domain } = intent;
  if (domain !== d.epoch.domain) return;
  d.changed = true;
  if (intent.what === "checkpoint") {
    const { checkpoint } = intent;
    onCheckpointSigned(d, { epoch, domain, checkpoint, seat: d.epoch.backerSeat!, signature });
    return;
  }
  if (intent.what === "signal") {
    onSignalSigned(d, intent, signature);
    return;
  }
  if (intent.what === "restart") {
    const vote = { ...intent.restart, ...restartSeats(d), epoch, domain, signature };
    d.broadcast({ type: "restart", vote });
    d.emit({ type: "restart", vote, certificate: certificateFor(d, intent.restart) });
    return;
  }
  const seat = d.epoch.voterSeat!;
  const vote: Vote = { ...intent.vote, epoch, domain, seat, signature };
  if (vote.view > d.s.tip.view || d.s.own.has(vote.view))
    d.setOwn(vote.view, { votes: [...d.own(vote.view).votes, vote] });
  if (intent.what === "proposal") {
    const { block } = intent;
    const { view, parentView } = vote;
    const proposal = { epoch, domain, view, parentView, block, seat, signature };
    d.broadcast({ type: "proposal", proposal });
    if (view > d.s.tip.view) addProposal(d, proposal, null, false);
    return;
  }
  d.broadcast({ type: "vote", vote });
  if (vote.view > d.s.tip.view) addOwnVote(d, vote);
  if (vote.kind === "nullify" && seat === d.epoch.leader(termOf(vote.view, d.epoch.params.termViews)))
    d.setView(vote.view, { leaderNullified: true });
}

/** What metrics and RPC read. */
export interface ReplicaView {
  readonly epoch: number;
  readonly incarnation: number;
  readonly mode: Mode;
  readonly domain: Hash;
  readonly registry: Hash;
  readonly view: number;
  /** Leader of the current view. */
  readonly leader: Seat;
  /** Own seat in V_e; null for a follower. */
  readonly ownSeat: Seat | null;
  /** The highest certified block (`latest`). */
  readonly certifiedHeight: number;
  readonly certifiedHash: Hash;
  readonly finalHeight: number;
  readonly finalHash: Hash;
  readonly finalStamp: Millis;
  readonly finalView: number;
  readonly backedHeight: number;
  /** Entries of the inbox that final blocks took. */
  readonly inboxCursor: number;
  readonly lastHeight: number;
  readonly halted: string | null;
}

/** A cheap read model of the state. */
export function viewOf(state: ReplicaState): ReplicaView {
  const { epoch, tip, view } = state;
  let certified = { height: tip.height, hash: tip.hash, view: tip.view };
  for (const record of state.views.values()) {
    if (record.certified === null || record.view <= certified.view) continue;
    const block = state.blocks.get(record.certified.blockHash);
    if (block !== undefined)
      certified = { height: block.block.header.height, hash: block.hash, view: record.view };
  }
  return {
    epoch: epoch.start.epoch,
    incarnation: epoch.start.incarnation,
    mode: epoch.start.mode,
    domain: epoch.domain,
    registry: epoch.registry.root,
    view,
    leader: epoch.leader(termOf(view, epoch.params.termViews)),
    ownSeat: epoch.voterSeat,
    certifiedHeight: certified.height,
    certifiedHash: certified.hash,
    finalHeight: tip.height,
    finalHash: tip.hash,
    finalStamp: tip.stamp,
    finalView: tip.view,
    backedHeight: state.backedHeight,
    inboxCursor: tip.inboxCursor,
    lastHeight: epoch.lastHeight,
    halted: state.halted,
  };
}
