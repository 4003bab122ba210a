import type { Draft } from "./draft.ts";
import { canDecide, electorate } from "./quorum.ts";
import type { Hash, Mode } from "./types/index.ts";

/** Asks for a registry that will be needed, once. */
export function wantRegistry(d: Draft, root: Hash, epoch: number): void {
  if (d.s.registries.has(root) || d.s.registriesAsked.has(root)) return;
  d.s.registriesAsked = new Set(d.s.registriesAsked).add(root);
  d.emit({ type: "registry", root, epoch });
}

/**
 * R_{e+2}, which the epoch's last block commits (section 1, "Configuration"): the candidate that its reference shows, but
 * R_{e+1} again if there is none, or if no quorum of m_{e+1} could come from it: e + 2 begins in that mode unless Q of the
 * wanted one is ready, and an epoch without a quorum would be the last.
 *
 * @returns null while the candidate is not read
 */
export function registryAfter(d: Draft, candidate: Hash | null, modeNext: Mode): Hash | null {
  const { epoch, registryNext } = d.epoch.start;
  if (candidate === null || candidate === registryNext) return registryNext;
  wantRegistry(d, candidate, epoch + 2);
  const registry = d.s.registries.get(candidate);
  if (registry === undefined) return null;
  if (canDecide(electorate(registry, modeNext))) return candidate;
  d.trace("1: candidate without a quorum");
  return registryNext;
}
