import type {
  Activation,
  DurableRecord,
  Effect,
  Genesis,
  Hash,
  Input,
  Millis,
  Mode,
  Registry,
  Seat,
} from "@aitbc-hybrid/protocol";

/** Configuration of a replica, as packages/protocol takes it. */
export interface RulesConfig {
  readonly chainId: number;
  readonly genesis: Genesis;
  readonly key: Uint8Array | null;
  readonly skipViews: number;
  readonly backoffCap: number;
  readonly trace: boolean;
}

/** What the harness reads from a replica's state. */
export interface RulesView {
  readonly epoch: number;
  readonly incarnation: number;
  readonly mode: Mode;
  readonly view: number;
  readonly leader: Seat | null;
  readonly ownSeat: Seat | null;
  readonly finalHeight: number;
  readonly finalHash: Hash;
  readonly backedHeight: number;
  readonly halted: string | null;
}

export interface RulesResult {
  readonly state: unknown;
  readonly effects: readonly Effect[];
}

/**
 * The reducer under test. A parameter, so that tests can put a mutant in its place; states are opaque, which keeps
 * anybody from reading more than {@link RulesView}.
 */
export interface Rules {
  initialReplica(config: RulesConfig, registry: Registry, now: Millis): RulesResult;
  restoreReplica(
    config: RulesConfig,
    registries: readonly Registry[],
    records: readonly DurableRecord[],
    now: Millis,
    activations?: readonly Activation[],
  ): RulesResult;
  step(state: unknown, input: Input): RulesResult;
  viewOf(state: unknown): RulesView;
}
