import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  addWeights,
  electorate,
  isBacking,
  isQuorum as isQuorumByRules,
  NO_WEIGHT,
  type Registry,
  type Seat,
  slashable,
  type VoteBody,
  type VoteKind,
  ZERO_HASH,
} from "@aitbc-hybrid/protocol";
import { backingSeats, backs, isQuorum, voteOffence, votingSeats } from "../../src/oracles/index.ts";
import { Random } from "../../src/random.ts";
import { randomScenario } from "../../src/scenario.ts";
import { churned, sealRegistry } from "../../src/settlement/index.ts";
import { Keyring, named } from "../../src/signatures.ts";

describe("the harness and the rules, written apart from each other, agree", () => {
  it("on quorums and backing of awkward registries", () => {
    const random = new Random("differential");
    let quorums = 0;
    let shortOfOne = 0;
    for (let seed = 0; seed < 150; seed++) {
      const { plan, mode, pool } = randomScenario(`${seed}`);
      const keyring = new Keyring({ validators: pool, seed: `${seed}` }, { registryOf: () => undefined });
      const registry: Registry = sealRegistry(
        random.chance(0.5) ? churned(plan, pool, random) : plan,
        keyring,
      );
      const members = electorate(registry, mode);
      const voters = votingSeats(registry, mode);
      const backers = backingSeats(registry, mode);
      assert.deepEqual(
        voters,
        [...registry.entries.keys()].filter((seat) => members.voters[seat]),
      );
      assert.deepEqual(
        backers,
        [...registry.entries.keys()].filter((seat) => members.backers[seat]),
      );
      for (let i = 0; i < 20; i++) {
        const share = random.unit();
        const pick = (from: readonly Seat[]): Set<Seat> => new Set(from.filter(() => random.chance(share)));
        const weigh = (seats: ReadonlySet<Seat>) =>
          [...seats].reduce((sum, seat) => addWeights(sum, members.weights[seat]!), NO_WEIGHT);
        const signers = pick(voters);
        const found = isQuorum(registry, mode, signers);
        assert.equal(found, isQuorumByRules(members, weigh(signers)), `seed ${seed}`);
        if (found) quorums++;
        else if (voters.some((seat) => isQuorum(registry, mode, new Set(signers).add(seat)))) shortOfOne++;
        const backing = pick(backers);
        assert.equal(backs(registry, mode, backing), isBacking(members, weigh(backing)), `seed ${seed}`);
      }
    }
    assert.ok(quorums > 300 && shortOfOne > 100, `${quorums} quorums, ${shortOfOne} one seat short`);
  });

  it("on what two votes of one key are", () => {
    const kinds: readonly VoteKind[] = ["notarize", "finalize", "nullify"];
    const votes: VoteBody[] = [];
    for (const kind of kinds) {
      for (let view = 1; view <= 6; view++) {
        for (const blockHash of kind === "nullify" ? [ZERO_HASH] : [named("a"), named("b")]) {
          for (const parentView of kind === "nullify" ? [0] : [0, view - 1])
            votes.push({ kind, view, parentView, blockHash });
        }
      }
    }
    let offences = 0;
    for (const termViews of [1, 2, 4]) {
      for (const a of votes) {
        for (const b of votes) {
          const offence = voteOffence(a, b, termViews) !== null;
          assert.equal(offence, slashable(a, b, termViews), JSON.stringify([a, b, termViews]));
          if (offence) offences++;
        }
      }
    }
    assert.ok(offences > 100);
  });
});
