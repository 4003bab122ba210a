import { fromBitmap, type Message } from "@aitbc-hybrid/protocol";
import type { Behaviour } from "../shell/index.ts";
import type { Attack, AttackModules, Outcome } from "./attack.ts";
import type { Society } from "./society.ts";
import { society } from "./society.ts";
import { advances, judged, opened } from "./stage.ts";

/** Equal stakers beside the victim, who has so little that it hardly ever leads. */
const OTHERS = 6;
const BLOCKS = 12;
/** With two thirds of the leaders honest some leader of the window carries the late votes, but for a negligible chance. */
const SAFE = 2;

function divided(level: number, seed: string): Society {
  const place = society(`${seed} bitmap ${level}`, "secure", {
    authorities: 0,
    corruptAuthorities: 0,
    stakeScale: OTHERS + 1,
    corruptStake: 1,
  });
  const { scenario } = place;
  const seats = Array.from({ length: OTHERS + 1 }, (_, validator) => ({
    validator,
    stake: validator === OTHERS ? 1n : 1_000n,
  }));
  return {
    ...place,
    scenario: {
      ...scenario,
      pool: seats.length,
      plan: { ...scenario.plan, authorities: 0, seats },
    },
    corrupt: new Set(Array.from({ length: level }, (_, v) => v)),
  };
}

/** Forgets whatever the victim signed, and every certificate that names it. */
const overlooking = (victim: number): Behaviour => {
  const names = (message: Message): boolean => {
    if (message.type === "vote") return message.vote.seat === victim;
    if (message.type === "certificate") return [...fromBitmap(message.certificate.bitmap)].includes(victim);
    return false;
  };
  return {
    incoming: (_wire, _from, message) => !names(message),
    outgoing: (_wire, _to, message) => (names(message) ? [] : [message]),
  };
};

function play(level: number, seed: string, modules: AttackModules): Outcome {
  const place = divided(level, seed);
  const victim = OTHERS;
  const promised = level <= SAFE;
  const world = opened(
    {
      society: place,
      promised,
      behaviours: new Map([...place.corrupt].map((v) => [v, overlooking(victim)])),
    },
    modules,
  );
  const watched = world.honest.filter((shell) => shell.validator !== victim);
  const took = advances(world, watched.length > 0 ? watched : world.honest, BLOCKS, 60_000);
  const named = new Set<string>();
  const counted = new Set<string>();
  for (const { block } of world.oracles.chain.values()) {
    for (const c of block.body.certificates) {
      if (c.kind === "nullify") continue;
      counted.add(`${c.domain}/${c.view}`);
      if ([...fromBitmap(c.bitmap)].includes(victim)) named.add(`${c.domain}/${c.view}`);
    }
    for (const late of block.body.lateVotes)
      if ((late.kind === "notarize" || late.kind === "finalize") && late.seat === victim)
        named.add(`${block.header.domain}/${late.view}`);
  }
  const share = counted.size === 0 ? 0 : named.size / counted.size;
  return {
    succeeded: share < 0.5,
    failures: took === null ? ["blocks stopped"] : judged(world, promised),
    measures: { counted: counted.size, victimNamed: share },
  };
}

/** An honest validator's signatures are left out, so that it looks absent. */
export const bitmapCensorship: Attack = {
  name: "bitmap-censorship",
  idea: "Corrupt leaders overlook a victim's votes and every certificate that names it; honest leaders of the window carry its late votes.",
  success: "the victim is shown present in fewer than half of the blocks counted",
  cases: [
    {
      mode: "secure",
      resource: "leaders",
      given: "the victim hardly ever leads",
      bound: "all leaders",
      scale: OTHERS,
      most: OTHERS,
      safe: SAFE,
      broken: OTHERS,
      play,
    },
  ],
};
