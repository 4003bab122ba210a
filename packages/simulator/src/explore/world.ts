import type { Hash, Proposal, ReplicaState, Seat, VoteBody } from "@aitbc-hybrid/protocol";
import type { Answer } from "../twins/index.ts";
import type { Local } from "./local.ts";

/** A vote, and which honest replicas cast it. */
export interface Spoken {
  readonly body: VoteBody;
  readonly seats: readonly Seat[];
}

/** A replica among others. */
export interface Member extends Local {
  /** After a crash: what its shell will answer, batches obtained and blocks executed again. */
  readonly late: readonly Answer[];
  /** Its crashes; after each it has other transactions to propose. */
  readonly crashed: number;
}

export interface World {
  readonly locals: readonly Member[];
  /** Crashes that may still happen. */
  readonly crashes: number;
  /** Votes of honest replicas by what they say. */
  readonly votes: ReadonlyMap<string, Spoken>;
  readonly proposals: ReadonlyMap<string, Proposal>;
  /** How it came about. */
  readonly last: { readonly action: string; readonly before: World["last"] } | null;
}

/** The steps to a state. */
export const pathTo = (world: World): string[] => {
  const path: string[] = [];
  for (let at = world.last; at !== null; at = at.before) path.push(at.action);
  return path.reverse();
};

/** True if two honest replicas hold different final blocks of one height. */
export function disagrees({ locals }: World): boolean {
  return locals.some((a) =>
    locals.some((b) => a.finals.some((name, height) => (b.finals[height] ?? name) !== name)),
  );
}

/** Parents that a leader of the current view may choose: certified, with an X held for every view above (terms of one view). */
export function parentsOf({
  view,
  views,
  tip,
}: ReplicaState): { readonly view: number; readonly hash: Hash }[] {
  const parents: { view: number; hash: Hash }[] = [];
  for (let w = view - 1; w >= tip.view; w--) {
    if (w === tip.view) {
      parents.push({ view: w, hash: tip.hash });
      break;
    }
    const record = views.get(w);
    if (record?.certified) parents.push({ view: w, hash: record.certified.blockHash });
    if ((record?.nullification ?? null) === null) break;
  }
  return parents;
}
