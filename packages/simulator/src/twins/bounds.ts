import type { Mode, Registry, Seat } from "@aitbc-hybrid/protocol";
import { totals, votingSeats, weigh } from "../oracles/index.ts";

/** Which of the two classes of a mode's voting set some seats exceed a third of; a class of total 0 is null. */
function exceeded(registry: Registry, mode: Mode, seats: ReadonlySet<Seat>) {
  const voting = votingSeats(registry, mode);
  const all = totals(registry, voting);
  const part = weigh(registry, voting, seats);
  return {
    authorities: all.authorities === 0 ? null : 3 * part.authorities > all.authorities,
    stake: all.stake === 0n ? null : 3n * part.stake > all.stake,
  };
}

/** True if section 2's table promises agreement although these seats are corrupt. */
export function agreementOwed(registry: Registry, mode: Mode, corrupt: ReadonlySet<Seat>): boolean {
  const { authorities, stake } = exceeded(registry, mode, corrupt);
  if (mode === "fast") return authorities === false;
  if (mode === "secure") return stake === false;
  return authorities === false || stake === false;
}

/** True if these seats are more than a third of every class that section 2's table calls slashable. */
export function convictsEnough(registry: Registry, mode: Mode, seats: ReadonlySet<Seat>): boolean {
  const { authorities, stake } = exceeded(registry, mode, seats);
  if (mode === "fast") return authorities === true;
  if (mode === "secure") return stake === true;
  return authorities !== false && stake !== false;
}
