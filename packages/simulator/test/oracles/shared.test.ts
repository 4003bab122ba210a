import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import type { Checkpoint, Hash, Mode, RestartBody, SignIntent, VoteBody } from "@aitbc-hybrid/protocol";
import { DEFAULT_PARAMS } from "@aitbc-hybrid/protocol";
import { registryOf } from "@aitbc-hybrid/protocol/testing";
import { Domains } from "../../src/oracles/domains.ts";
import { Statements } from "../../src/oracles/statements.ts";
import { named } from "../../src/signatures.ts";

/*
 * The oracle that looks at everything honest keys signed is no laxer than the contracts, nor stricter: the cases that the
 * contracts and the rules are tested with (vectors/evidence), signed by an honest key.
 */

const shared = <T>(name: string): readonly T[] =>
  JSON.parse(readFileSync(new URL(`../../../../vectors/evidence/${name}`, import.meta.url), "utf8")).cases;

const KEY = 1;

/** What the oracle says of a key that signed these, in either order. */
class Watched {
  readonly #known: [Hash, { epoch: number; incarnation: number; mode: Mode; registry: Hash }][] = [];
  readonly #registry: ReturnType<typeof registryOf>;

  constructor(termViews: number) {
    this.#registry = registryOf({
      authorities: [0n, 0n, 0n, 0n],
      stakers: [1n, 1n, 1n],
      params: { ...DEFAULT_PARAMS, termViews },
    });
  }

  domain(place: { readonly epoch: number; readonly incarnation: number }, domain?: Hash): Hash {
    const hash = domain ?? named(`domain ${place.epoch} ${place.incarnation}`);
    this.#known.push([hash, { ...place, mode: "fast", registry: this.#registry.root }]);
    return hash;
  }

  isAccused(signed: readonly SignIntent[], byOthers: readonly SignIntent[] = []): boolean {
    const domains = new Domains((root) => (root === this.#registry.root ? this.#registry : undefined));
    for (const [hash, known] of this.#known) domains.learn(hash, known);
    const failures: string[] = [];
    const statements = new Statements({ domains, fail: (what) => failures.push(what) });
    byOthers.forEach((intent, at) => {
      statements.add(KEY + 1 + at, intent);
    });
    for (const intent of signed) statements.add(KEY, intent);
    return failures.some((what) => what.startsWith(`honest validator ${KEY} `));
  }
}

const START = { epoch: 3, incarnation: 0 };

describe("what honest keys signed is judged as the contracts judge it", () => {
  it("pairs of votes", () => {
    for (const { name, termViews, first, second, slashable } of shared<{
      name: string;
      termViews: number;
      first: VoteBody;
      second: VoteBody;
      slashable: boolean;
    }>("votes.json")) {
      const watched = new Watched(termViews);
      const domain = watched.domain(START);
      const [a, b] = [first, second].map((vote): SignIntent => ({ what: "vote", epoch: 3, domain, vote }));
      assert.equal(watched.isAccused([a!, b!]), slashable, name);
      assert.equal(watched.isAccused([b!, a!]), slashable, name);
    }
  });

  it("checkpoints, where others have signed what lies between", () => {
    for (const { name, domain, first, second, chain, slashable } of shared<{
      name: string;
      domain: Hash;
      first: Checkpoint;
      second: Checkpoint;
      chain: readonly Checkpoint[];
      slashable: boolean;
    }>("checkpoints.json")) {
      const watched = new Watched(1);
      watched.domain(START, domain);
      const intent = (checkpoint: Checkpoint): SignIntent => ({
        what: "checkpoint",
        epoch: 3,
        domain,
        checkpoint,
      });
      const between = chain.map(intent);
      assert.equal(watched.isAccused([intent(first), intent(second)], between), slashable, name);
      assert.equal(watched.isAccused([intent(second), intent(first)], between), slashable, name);
    }
  });

  it("RESTART beside anything, over epochs and incarnations", () => {
    interface Place {
      readonly epoch: number;
      readonly incarnation: number;
      readonly view: number;
      readonly blockHash: Hash;
    }
    type Other = Place & {
      readonly kind: VoteBody["kind"] | "checkpoint" | "restart";
      readonly parentView: number;
    };
    for (const { name, restart, other, slashable } of shared<{
      name: string;
      restart: Place & RestartBody;
      other: Other;
      slashable: boolean;
    }>("restarts.json")) {
      const watched = new Watched(1);
      const restartIn = ({ epoch, view, blockHash }: Place, domain: Hash): SignIntent => ({
        what: "restart",
        epoch,
        domain,
        restart: { view, blockHash },
      });
      const there = watched.domain(restart);
      const here = watched.domain(other);
      const { epoch, kind, view, parentView, blockHash } = other;
      const roots = { stateRoot: blockHash, blocksRoot: blockHash, previous: blockHash };
      const beside: SignIntent =
        kind === "restart"
          ? restartIn(other, here)
          : kind === "checkpoint"
            ? {
                what: "checkpoint",
                epoch,
                domain: here,
                checkpoint: { height: 9, view, stamp: 9, blockHash, ...roots, boundary: null },
              }
            : { what: "vote", epoch, domain: here, vote: { kind, view, parentView, blockHash } };
      assert.equal(watched.isAccused([restartIn(restart, there), beside]), slashable, name);
      assert.equal(watched.isAccused([beside, restartIn(restart, there)]), slashable, name);
    }
  });
});
