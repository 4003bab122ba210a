import type { Mode, Seat } from "@aitbc-hybrid/protocol";
import { pinned, smallParams } from "../scenario.ts";
import { sealRegistry } from "../settlement/index.ts";
import { Keyring } from "../signatures.ts";
import type { Setup } from "./types.ts";

const DELTA = 1000;
/** Clocks and leases are not what is explored. */
const NEVER = 1e13;

/** A configuration with a name, and about how many states it has. */
export interface NamedSetup {
  readonly name: string;
  /** Explored in seconds. */
  readonly quick: boolean;
  readonly setup: Setup;
}

/** Four seats, one of them corrupt: as many as the mode bears. */
export function smallSetup(options: {
  readonly mode: Mode;
  readonly authorities: number;
  readonly stakes: readonly bigint[];
  readonly corrupt: readonly Seat[];
  readonly leaders: readonly Seat[];
  readonly views: number;
  readonly termViews?: number;
  readonly epochLength?: number;
  readonly deliversFinal?: boolean;
  readonly crashes?: number;
}): Setup {
  const {
    mode,
    authorities,
    stakes,
    corrupt,
    leaders,
    views,
    termViews = 1,
    epochLength = 1000,
    deliversFinal = true,
    crashes = 0,
  } = options;
  const keyring = new Keyring(
    { validators: stakes.length, seed: "explore" },
    { registryOf: () => undefined },
  );
  const params = {
    ...smallParams({
      epochLength,
      checkpointInterval: epochLength,
      blockTime: 1,
      delta: DELTA,
      termViews,
      refLag: 0,
      rootLag: 1,
      drift: NEVER / 10,
    }),
    ...pinned(mode),
    lease: NEVER,
    settleLease: NEVER,
  };
  const seats = stakes.map((stake, validator) => ({ validator, stake }));
  const plan = { authorities, seats, suspended: new Set<Seat>(), unseated: new Set<Seat>(), params };
  return { mode, registry: sealRegistry(plan, keyring), corrupt, leaders, views, deliversFinal, crashes };
}

const four = { authorities: 4, stakes: [0n, 0n, 0n, 0n], corrupt: [3] };
/** Two honest stakers; the third of the stake beside them and the only authority are corrupt. */
const beset = { authorities: 1, stakes: [0n, 7n, 7n, 7n], corrupt: [0, 3] };
const thirds = { authorities: 1, stakes: [0n, 7n, 7n, 7n], corrupt: [3] };

/** What `npm run explore` explores. */
export const SETUPS: readonly NamedSetup[] = [
  {
    name: "fast, an honest leader, one view",
    quick: true,
    setup: smallSetup({ mode: "fast", ...four, leaders: [0], views: 1 }),
  },
  {
    name: "balanced, a corrupt leader, one view",
    quick: true,
    setup: smallSetup({ mode: "balanced", ...four, leaders: [3], views: 1 }),
  },
  {
    name: "secure, a third of the stake corrupt, an honest leader, two views",
    quick: true,
    setup: smallSetup({ mode: "secure", ...thirds, leaders: [1], views: 2 }),
  },
  {
    name: "balanced, an honest leader, one view, a crash",
    quick: true,
    setup: smallSetup({ mode: "balanced", ...four, leaders: [0], views: 1, crashes: 1 }),
  },
  {
    name: "balanced, an honest leader, two views",
    quick: false,
    setup: smallSetup({ mode: "balanced", ...four, leaders: [0], views: 2 }),
  },
  {
    name: "fast, an honest leader, a term of two views",
    quick: false,
    setup: smallSetup({ mode: "fast", ...four, leaders: [0], views: 2, termViews: 2 }),
  },
  {
    name: "secure, a third of the stake corrupt, an honest leader, three views",
    quick: false,
    setup: smallSetup({ mode: "secure", ...thirds, leaders: [1], views: 3 }),
  },
  {
    name: "secure, a third of the stake and all authorities corrupt, a corrupt leader, two views",
    quick: false,
    setup: smallSetup({ mode: "secure", ...beset, leaders: [3], views: 2 }),
  },
  {
    name: "balanced, an honest leader, one view, two crashes",
    quick: false,
    setup: smallSetup({ mode: "balanced", ...four, leaders: [0], views: 1, crashes: 2 }),
  },
  {
    name: "secure, a third of the stake corrupt, an honest leader, two views, a crash",
    quick: false,
    setup: smallSetup({ mode: "secure", ...thirds, leaders: [1], views: 2, crashes: 1 }),
  },
];
