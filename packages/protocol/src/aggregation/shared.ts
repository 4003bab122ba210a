import { Horizon } from "./horizon.ts";
import type { AggregationOptions } from "./io.ts";
import { Outbox } from "./outbox.ts";
import { Shares } from "./shares.ts";
import { Suspects } from "./suspects.ts";
import { Topics } from "./topics.ts";
import { Turns } from "./turns.ts";

/** What all that a node does in aggregation has in common. */
export interface Shared {
  readonly options: AggregationOptions;
  readonly horizon: Horizon;
  readonly outbox: Outbox;
  readonly shares: Shares;
  readonly suspects: Suspects;
  readonly topics: Topics;
  readonly turns: Turns;
}

export function sharedOf(options: AggregationOptions): Shared {
  const { domain, electorate, termViews } = options;
  const horizon = new Horizon();
  const outbox = new Outbox();
  return {
    options,
    horizon,
    outbox,
    shares: new Shares(horizon),
    suspects: new Suspects(electorate.registry, termViews, outbox),
    topics: new Topics(domain, horizon),
    turns: new Turns(options),
  };
}
