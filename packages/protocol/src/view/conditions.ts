import type { Draft } from "../draft.ts";
import { firstOfTerm, lastOfTerm, termOf } from "../leader.ts";
import type { Certificate, Hash, Millis } from "../types/index.ts";

/*
 * What the rules of section 3 ask about views.
 */

/** A certified view with its block. */
export interface Certified {
  readonly view: number;
  readonly hash: Hash;
}

/** The block certified at `view`, if any; a final view is certified. */
export function certifiedAt(d: Draft, view: number): Hash | null {
  if (view === d.s.tip.view) return d.s.tip.hash;
  return view < d.s.tip.view ? null : (d.s.views.get(view)?.certified?.blockHash ?? null);
}

/** The X that covers `view`, if one is held. */
export function coverOf(d: Draft, view: number) {
  const first = firstOfTerm(view, d.epoch.params.termViews);
  for (let u = view; u >= first; u--) {
    const x = d.s.views.get(u)?.nullification;
    if (x !== undefined && x !== null) return x;
  }
  return null;
}

/** The lowest view strictly between `parentView` and `view` that no held X covers; null if all are covered. */
export function uncoveredBetween(d: Draft, parentView: number, view: number): number | null {
  for (let w = parentView + 1; w < view; w = lastOfTerm(w, d.epoch.params.termViews) + 1)
    if (coverOf(d, w) === null) return w;
  return null;
}

/** The highest certified parent for `view` such that held X cover every view between (rule 2). */
export function highestParent(d: Draft, view: number): Certified | null {
  for (let w = view - 1; w >= d.s.tip.view; w--) {
    const hash = certifiedAt(d, w);
    if (hash !== null) return { view: w, hash };
    if (coverOf(d, w) === null) return null;
  }
  return null;
}

/** The highest view below `view` that keeps {@link highestParent} from finding one; null if it finds one. */
export function missingBelow(d: Draft, view: number): number | null {
  let w = view - 1;
  while (w >= d.s.tip.view && certifiedAt(d, w) === null && coverOf(d, w) !== null) w--;
  return w < d.s.tip.view || certifiedAt(d, w) !== null ? null : w;
}

/** Highest view whose F is held. */
export const finalViewKnown = (d: Draft): number => {
  const known = d.s.finalization?.view ?? 0;
  return known > d.s.tip.view ? known : d.s.tip.view;
};

/** Rule 9, back-off: Δ doubles with each term that passes without a final view, up to the cap. */
export function effectiveDelta(d: Draft, view: number): Millis {
  const { params } = d.epoch;
  const behind = termOf(view, params.termViews) - termOf(finalViewKnown(d), params.termViews) - 2;
  const doublings = behind < 0 ? 0 : behind > d.s.config.backoffCap ? d.s.config.backoffCap : behind;
  if (doublings > 0) d.trace("9: back-off");
  return params.delta * 2 ** doublings;
}

/** True if the own key signed FINALIZE(w) with v <= w <= last(v) (rule 6). */
export function finalizedInTerm(d: Draft, view: number): boolean {
  const last = lastOfTerm(view, d.epoch.params.termViews);
  for (let w = view; w <= last; w++) if ((d.s.own.get(w)?.finalize ?? null) !== null) return true;
  return false;
}

/** True if the own key signed NULLIFY(u) with u <= v <= last(u) (rule 5). */
export function nullifiedInTerm(d: Draft, view: number): boolean {
  for (let u = firstOfTerm(view, d.epoch.params.termViews); u <= view; u++)
    if (d.s.own.get(u)?.nullify) return true;
  return false;
}

/** What brings a peer to the current view: the entry certificate and, where that is another view's, the highest F. */
export function bestCertificates(d: Draft): readonly Certificate[] {
  const { entry, finalization, view } = d.s;
  if (finalization === null) return entry === null ? [] : [entry];
  return entry === null || finalization.view + 1 >= view ? [finalization] : [finalization, entry];
}
