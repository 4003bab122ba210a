import type { Mode, Params, Registry, Seat } from "@aitbc-hybrid/protocol";
import { pinned, smallParams } from "../scenario.ts";
import { sealRegistry } from "../settlement/index.ts";
import { Keyring } from "../signatures.ts";
import type { Instance } from "./follow/index.ts";

/** Leases that no view outlasts, and that of settlement far beyond the other. */
const LEASE = 1e8;
const SETTLE_LEASE = 1e11;

interface Shape {
  readonly mode: Mode;
  readonly authorities: number;
  readonly stakes: readonly bigint[];
  /** Seats of the model's nodes. */
  readonly nodes: readonly Seat[];
  /** Who is absent from each registry. */
  readonly absent: readonly (Seat | null)[];
  readonly termViews?: number;
  readonly epochLength: number;
}

function instanceOf(shape: Shape): Instance {
  const { mode, authorities, stakes, nodes, absent, termViews = 1, epochLength } = shape;
  const keyring = new Keyring({ validators: stakes.length, seed: "model" }, { registryOf: () => undefined });
  const params: Params = {
    ...smallParams({
      epochLength,
      checkpointInterval: 1,
      blockTime: 1,
      delta: 1000,
      termViews,
      refLag: 0,
      rootLag: 1,
      drift: 10,
    }),
    ...pinned(mode),
    ahead: 2,
    lease: LEASE,
    settleLease: SETTLE_LEASE,
  };
  const registries = new Map<Seat | null, Registry>();
  for (const gone of absent) {
    // An authority's seat is suspended, a staker's is vacant: both weigh nothing.
    const isStaker = (seat: Seat): boolean => seat === gone && seat >= authorities;
    const seats = stakes.map((stake, validator) =>
      isStaker(validator) ? { validator: null, stake: 0n } : { validator, stake },
    );
    const suspended = new Set(gone !== null && gone < authorities ? [gone] : []);
    const plan = { authorities, seats, suspended, unseated: new Set<Seat>(), params };
    registries.set(gone, sealRegistry(plan, keyring));
  }
  return { mode, nodes, registries: absent.map((gone) => registries.get(gone)!), leader: 0 };
}

/** The model's stakers and the corrupt ones; the authority is corrupt. */
const stakers = {
  authorities: 1,
  stakes: [0n, 1n, 1n, 1n, 1n, 1n],
  nodes: [1, 2, 3, 4],
  absent: [4, 1],
  epochLength: 2,
};
/** Authorities with stake; a quarter of both is corrupt, the stake in three hands. */
const authorities = {
  authorities: 5,
  stakes: [0n, 3n, 3n, 3n, 3n, 1n, 1n, 1n],
  nodes: [1, 2, 3, 4],
  absent: [4, 1],
  epochLength: 2,
};

/** Instances of the Quint model (packages/protocol/model) that the reducer follows, by their names there. */
export const INSTANCES: Readonly<Record<string, Instance>> = {
  balanced: instanceOf({ mode: "balanced", ...stakers }),
  secure: instanceOf({ mode: "secure", ...stakers }),
  short: instanceOf({ mode: "balanced", ...stakers, absent: [4, 1, 1], epochLength: 1 }),
  fast: instanceOf({ mode: "fast", ...authorities, termViews: 2 }),
  terms: instanceOf({ mode: "fast", ...authorities, termViews: 3, epochLength: 3 }),
  apart: instanceOf({
    mode: "fast",
    authorities: 3,
    stakes: [0n, 0n, 0n, 1n, 1n, 1n],
    nodes: [1, 2, 3, 4],
    absent: [null],
    epochLength: 2,
  }),
};
