import {
  type Certificate,
  type Checkpoint,
  type DurableRecord,
  type Effect,
  type Hash,
  type Message,
  type Millis,
  type ReplicaState,
  type Seat,
  signingRoot,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import { type Answer, type Notary, START, stillAnswer, stillGenesis } from "../../twins/index.ts";
import { drive, type Local, performed, type Reducer, type Surroundings } from "../local.ts";
import type { Blocks } from "./blocks.ts";
import { shownTo } from "./settled.ts";
import { FIRST_EPOCH, type Instance } from "./types.ts";

type EpochContext = ReplicaState["epoch"];

const PEER = "peer";

/** The reducer's replicas of the model's nodes and of the corrupt leader, each with a shell and one peer. */
export class Replicas {
  readonly reducer: Reducer;
  readonly #instance: Instance;
  readonly #notary: Notary;
  readonly #blocks: Blocks;
  /** By block hash. */
  readonly #checkpoints = new Map<Hash, Checkpoint>();
  /** Contexts with the leader put in. */
  readonly #led = new WeakSet<EpochContext>();

  constructor(instance: Instance, reducer: Reducer, notary: Notary, blocks: Blocks) {
    this.#instance = instance;
    this.reducer = reducer;
    this.#notary = notary;
    this.#blocks = blocks;
  }

  /** A replica at the beginning of the first domain. */
  first(seat: Seat): Local {
    const { mode, registries } = this.#instance;
    const [registry] = registries;
    const next = registries[1 % registries.length]!;
    const genesis = stillGenesis(mode, registry!);
    const key =
      [...registries].map((each) => each.entries[seat]!.key).find((bytes) => bytes.length > 0) ?? null;
    const config = { chainId: 7, genesis, key, skipViews: 1000, backoffCap: 0, trace: false };
    const made = this.reducer.initialReplica(config, registry!, START);
    const record = made.effects.find((effect) => effect.type === "persist");
    if (record?.type !== "persist" || record.record.type !== "epoch")
      throw new Error("a replica begins an epoch");
    const start = { ...record.record.start, epoch: FIRST_EPOCH, registryNext: next.root };
    const log: DurableRecord[] = [{ type: "epoch", start }];
    const restored = this.reducer.restoreReplica(config, [registry!, next], log, START);
    this.#blocks.name(start.parent.hash, "0");
    return this.started(
      { seat, state: restored.state, now: START, finals: [], log, wrong: null },
      restored.effects,
    );
  }

  /** A replica after what it begins or restarts with, connected to its peer. */
  started(local: Local, effects: readonly Effect[]): Local {
    const { seat } = local;
    const state = this.#placed(local.state, seat);
    const begun = performed({ ...local, state }, effects, this.around(seat));
    return this.run(begun.local, [...begun.answers, { type: "connected", peer: PEER }]);
  }

  around(seat: Seat) {
    return {
      timeStands: true,
      placed: (state: ReplicaState) => this.#placed(state, seat),
      nameOf: (hash: string) => this.#blocks.nameOf(hash as Hash) ?? hash,
      saw: (effect: Effect) => {
        if (effect.type !== "sign" || effect.intent.what !== "checkpoint") return;
        this.#checkpoints.set(effect.intent.checkpoint.blockHash, effect.intent.checkpoint);
      },
      answer: (effect: Effect, state: ReplicaState) => this.#answer(effect, state, seat),
    };
  }

  run(local: Local, inputs: readonly Answer[], around: Surroundings = this.around(local.seat)): Local {
    return drive(this.reducer, local, inputs, around);
  }

  give(local: Local, input: Answer): Local {
    return this.run(local, [input]);
  }

  tell(local: Local, message: Message): Local {
    return this.give(local, said(message));
  }

  giveAll(local: Local, certificates: readonly Certificate[]): Local {
    return certificates.reduce(
      (to, certificate) => this.tell(to, { type: "certificate", certificate }),
      local,
    );
  }

  /** The checkpoint of a block that some replica signed. */
  checkpointOf(hash: Hash): Checkpoint | undefined {
    return this.#checkpoints.get(hash);
  }

  /** Every view is the corrupt leader's, whom no bound keeps from running ahead. */
  #placed(state: ReplicaState, seat: Seat): ReplicaState {
    const { leader } = this.#instance;
    if (this.#led.has(state.epoch)) return state;
    const { params } = state.epoch;
    const ahead = seat === leader ? Number.MAX_SAFE_INTEGER : params.ahead;
    const epoch = { ...state.epoch, params: { ...params, ahead }, leader: () => leader };
    this.#led.add(epoch);
    return { ...state, epoch };
  }

  #answer(effect: Effect, state: ReplicaState, seat: Seat): Answer | null {
    const { registries } = this.#instance;
    switch (effect.type) {
      case "sign": {
        const signature = this.#notary.sign(seat, signingRoot(effect.intent));
        return { type: "signed", id: effect.id, signature };
      }
      case "registry": {
        const registry = registries.find(({ root }) => root === effect.root);
        return registry === undefined ? null : { type: "registry", registry };
      }
      case "reference": {
        const { reference, epoch, inboxFrom } = effect;
        const reading = shownTo(this.#instance, state);
        return { type: "reference", reference, epoch, inboxFrom, reading };
      }
      case "send": {
        const { message } = effect;
        if (message.type !== "request" || message.request.what !== "block") return null;
        const block = this.#blocks.blockOf(message.request.hash);
        if (block === undefined) return null;
        const blocks = [{ block, certificate: null, backing: null }];
        return said({ type: "blocks", blocks });
      }
      case "payload":
        // The leader's blocks are asked for one by one.
        return null;
      default:
        return stillAnswer(effect, { notary: this.#notary, seat, batch: () => ZERO_HASH, settledAt: START });
    }
  }
}

/** A message from the one peer. */
export function said(message: Message): Answer {
  return { type: "message", from: PEER, message };
}

/** A replica at a later time. It might have entered its view later, so that no time-out passes by this. */
export function at(local: Local, time: Millis): Local {
  const later = time - local.now;
  if (later <= 0) return local;
  const { entered, lead, advance, retry } = local.state.timers;
  const timers = {
    entered: entered + later,
    lead: lead + later,
    advance: advance + later,
    retry: retry + later,
  };
  return { ...local, now: time, state: { ...local.state, timers } };
}
