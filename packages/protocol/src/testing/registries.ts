import { snapshotHash } from "../codec/index.ts";
import { hashBytes } from "../hash.ts";
import { DEVNET_PARAMS } from "../params.ts";
import type { Params, Registry, RegistryEntry } from "../types/index.ts";

/** A key that no curve knows: distinct bytes are all the rules need of one. */
export function fakeKey(id: number): { key: Uint8Array; keyBytes: Uint8Array } {
  const keyBytes = new Uint8Array(96);
  for (let i = 0; i < 96; i++) keyBytes[i] = (id * 31 + i * 7 + (i > 1 ? 0 : (id >> (8 * i)) & 255)) & 255;
  keyBytes[94] = id >> 8;
  keyBytes[95] = id & 255;
  const key = keyBytes.slice(48, 96);
  return { key, keyBytes };
}

/** What a registry is made from; stakes are in whole AITBC, authorities first. */
export interface RegistryOptions {
  readonly authorities: readonly bigint[];
  readonly stakers: readonly bigint[];
  readonly suspended?: readonly number[];
  /** Seats Balanced does not use; all others are in the backing set. */
  readonly standby?: readonly number[];
  readonly params?: Params;
  /** Validator id of seat 0; keys follow ids. */
  readonly firstId?: number;
}

/** A registry with fake keys and its true root. */
export function registryOf(options: RegistryOptions): Registry {
  const { authorities, stakers, suspended = [], standby = [], params = DEVNET_PARAMS, firstId = 1 } = options;
  const entries: RegistryEntry[] = [...authorities, ...stakers].map((stake, seat) => ({
    validatorId: firstId + seat,
    ...fakeKey(firstId + seat),
    stake,
  }));
  const out = new Set([...suspended, ...standby]);
  const contents = {
    entries,
    authorities: authorities.length,
    suspended: new Set(suspended),
    backing: new Set(entries.map((_, seat) => seat).filter((seat) => !out.has(seat))),
    params,
  };
  return { ...contents, root: snapshotHash(contents) };
}

const times = (count: number, stake: bigint): bigint[] => Array.from({ length: count }, () => stake);

/** Registries that break sloppy arithmetic, by name (protocol.md section 10, "equal weights"). */
export const AWKWARD_REGISTRIES: Readonly<Record<string, Registry>> = {
  "totals 0 mod 3": registryOf({ authorities: times(3, 0n), stakers: [1_000n, 2_000n, 3_000n] }),
  "totals 1 mod 3": registryOf({ authorities: times(4, 0n), stakers: [1_000n, 1_000n, 1_001n, 1_000n] }),
  "totals 2 mod 3": registryOf({ authorities: times(5, 0n), stakers: [1_000n, 1_001n, 1_001n, 1_000n] }),
  "exact thirds": registryOf({ authorities: times(3, 1_000n), stakers: times(6, 1_000n) }),
  "a whale at a third": registryOf({ authorities: times(4, 0n), stakers: [2_000n, 1_000n, 1_000n, 2_000n] }),
  "a whale beyond a third": registryOf({
    authorities: times(4, 0n),
    stakers: [2_001n, 2_000n, 1_000n, 1_000n],
  }),
  "no stakers": registryOf({ authorities: times(4, 10_000n), stakers: [] }),
  "two stakers count as none": registryOf({ authorities: times(4, 10_000n), stakers: [1_000n, 1_000n] }),
  "no authorities": registryOf({ authorities: [], stakers: times(4, 1_000n) }),
  "authorities with much stake": registryOf({ authorities: times(4, 5_000n), stakers: times(7, 1_000n) }),
  "a suspended authority": registryOf({
    authorities: times(5, 1_000n),
    stakers: times(4, 1_000n),
    suspended: [1],
  }),
  "standby stakers": registryOf({
    authorities: times(4, 0n),
    stakers: [...times(5, 10_000n), ...times(4, 1_000n)],
    standby: [9, 10, 11, 12],
  }),
  "one authority, three stakers": registryOf({ authorities: [0n], stakers: times(3, 1_000n) }),
};

/** A fake signature: 96 bytes that anyone can recompute from (key, root). Aggregates are sums modulo 256. */
export function fakeSignature(validatorId: number, root: string): Uint8Array {
  const bytes = new Uint8Array(96);
  const text = new Uint8Array(root.length + 4);
  for (let i = 0; i < root.length; i++) text[i] = root.charCodeAt(i);
  text[root.length] = validatorId & 255;
  text[root.length + 1] = validatorId >> 8;
  const hash = hashBytes(text);
  for (let i = 0; i < 32; i++) {
    const byte = Number.parseInt(hash.slice(2 + 2 * i, 4 + 2 * i), 16);
    bytes[i] = byte;
    bytes[32 + i] = byte ^ 0x5a;
    bytes[64 + i] = byte ^ 0xa5;
  }
  return bytes;
}
