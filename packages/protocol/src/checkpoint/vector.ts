import { encodeParticipation } from "../codec/index.ts";
import { leaderSchedule } from "../leader.ts";
import { attended, type Counting, noAttendance, participation } from "../modes/index.ts";
import { paramsAt } from "../params.ts";
import { electorate } from "../quorum.ts";
import type { Attendance, Block, Hash, Mode, Registry } from "../types/index.ts";

/**
 * Counts the participation vector of a past epoch again, from its final blocks. Once all were added in order, the
 * vector's hash is what the epoch's boundary committed to.
 */
export class ParticipationCount {
  readonly #context: Counting;
  #attendance: Attendance;

  /**
   * @param domain The epoch's domain, as its blocks name it
   * @param seed The epoch's seed
   */
  constructor(registry: Registry, mode: Mode, domain: Hash, seed: Hash) {
    const members = electorate(registry, mode);
    this.#context = {
      registry,
      electorate: members,
      params: paramsAt(registry, mode),
      leader: leaderSchedule(members, domain, seed),
    };
    this.#attendance = noAttendance(registry.entries.length);
  }

  add(block: Block): void {
    this.#attendance = attended(this.#context, this.#attendance, block);
  }

  /** The vector as RewardDistributor takes it. */
  vector(): Uint8Array {
    return encodeParticipation(participation(this.#context, this.#attendance));
  }
}
