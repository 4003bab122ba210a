import type { Draft } from "../draft.ts";
import { hasSeat } from "../quorum.ts";
import type { Certificate, Seat } from "../types/index.ts";

/*
 * Skip rule (rule 1): a leader whose votes were missing for `skipViews` views while a quorum's came is not waited
 * for. Local: no signed rule depends on it.
 */

/** The first N or X of a view is held: a quorum's votes came, and the seats that said nothing fall one further behind. */
export function noteAttendance(d: Draft, certificate: Certificate): void {
  const attended = d.s.attended + 1;
  const tallies = d.s.views.get(certificate.view)?.tallies;
  d.s.heard = d.s.heard.map((at, seat) => {
    if (hasSeat(certificate.bitmap, seat)) return attended;
    for (const tally of tallies ?? [])
      if (tally.pending.has(seat) || tally.verified.has(seat)) return attended;
    return at;
  });
  d.s.attended = attended;
}

/** A vote of this seat came, however late, verified or not: at worst a dead leader is waited for once more. */
export function noteHeard(d: Draft, seat: Seat): void {
  if (d.s.heard[seat] === d.s.attended) return;
  d.s.heard = d.s.heard.with(seat, d.s.attended);
}
