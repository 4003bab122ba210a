import { domainHash, equalBytes, handoverHash } from "../codec/index.ts";
import { ProtocolError } from "../errors.ts";
import { leaderSchedule } from "../leader.ts";
import { paramsAt } from "../params.ts";
import { type Electorate, electorate, requireElectorate } from "../quorum.ts";
import type { EpochContext, ReplicaConfig } from "../state.ts";
import type { EpochStart, Hash, Registry, Seat } from "../types/index.ts";

function ownSeat(registry: Registry, members: readonly boolean[], key: Uint8Array | null): Seat | null {
  if (key === null) return null;
  const seat = registry.entries.findIndex((entry, at) => members[at] && equalBytes(entry.key, key));
  return seat < 0 ? null : seat;
}

type Schedule = (term: number) => Seat;

function memoized(draw: Schedule): Schedule {
  const drawn = new Map<number, Seat>();
  return (term) => {
    let seat = drawn.get(term);
    if (seat === undefined) {
      seat = draw(term);
      // Terms are asked for near the current one; the oldest draws are never needed again.
      if (drawn.size >= 256) drawn.delete(drawn.keys().next().value!);
      drawn.set(term, seat);
    }
    return seat;
  };
}

const schedules = new WeakMap<
  Electorate,
  { readonly domain: Hash; readonly seed: Hash; readonly leader: Schedule }
>();

/** The leaders of an epoch, each drawn once. */
function scheduleOf(members: Electorate, domain: Hash, seed: Hash): Schedule {
  const known = schedules.get(members);
  if (known?.domain === domain && known.seed === seed) return known.leader;
  const leader = memoized(leaderSchedule(members, domain, seed));
  schedules.set(members, { domain, seed, leader });
  return leader;
}

/**
 * What an epoch's rules read besides messages (protocol.md section 1).
 * @throws ProtocolError REGISTRY_INVALID if the registry has no quorum or lacks parameters the rules need
 */
export function epochContext(
  config: ReplicaConfig,
  genesisHash: Hash,
  start: EpochStart,
  registry: Registry,
): EpochContext {
  const params = paramsAt(registry, start.mode);
  if (params.rootLag < 1 || params.epochLength < 1 || params.checkpointInterval < 1 || params.termViews < 1) {
    throw new ProtocolError(
      "REGISTRY_INVALID",
      `registry ${registry.root}: rootLag, epochLength, checkpointInterval and termViews must be at least 1`,
    );
  }
  const members = electorate(registry, start.mode);
  requireElectorate(members);
  const domain = domainHash({
    chainId: config.chainId,
    genesisHash,
    epoch: start.epoch,
    incarnation: start.incarnation,
    mode: start.mode,
    registry: start.registry,
  });
  return {
    start,
    domain,
    registry,
    electorate: members,
    params,
    lastHeight: start.firstHeight + params.epochLength - 1,
    handover: handoverHash(start),
    leader: scheduleOf(members, domain, start.seed),
    voterSeat: ownSeat(registry, members.voters, config.key),
    backerSeat: ownSeat(registry, members.backers, config.key),
  };
}
