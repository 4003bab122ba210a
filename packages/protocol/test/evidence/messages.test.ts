import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import {
  type Block,
  type Checkpoint,
  checkpointRootOf,
  DEVNET_PARAMS,
  type Hash,
  hashOf,
  restartRoot,
  type Seat,
  type VoteBody,
} from "../../src/index.ts";
import { registryOf } from "../../src/testing/index.ts";
import { nullify, Solo } from "../support/solo.ts";
import { fast } from "../support/views.ts";

/*
 * Section 7's table in messages: what rules and contracts agree on (vectors/evidence) is what a replica makes of the
 * same signatures when it receives them, in either order, from anybody.
 */

const shared = <T>(name: string): readonly T[] =>
  JSON.parse(readFileSync(new URL(`../../../../vectors/evidence/${name}`, import.meta.url), "utf8")).cases;

const every = (value: number) => ({ fast: value, balanced: value, secure: value });
const EPOCH = 6;
const NEAR = 12;
const registry = registryOf({
  authorities: Array.from({ length: 7 }, () => 0n),
  stakers: Array.from({ length: 10 }, () => 1_000n),
  params: {
    ...DEVNET_PARAMS,
    epochLength: every(EPOCH),
    checkpointInterval: every(3),
    rootLag: 2,
    // Nothing wants another mode.
    fastEntryLoad: 0,
    secureAvailability: 0,
  },
});

const withTerms = (termViews: number): Solo =>
  termViews === 1 ? new Solo({ registry, mode: "balanced" }) : fast(termViews);

/** Somebody else, who leads neither view: a leader's own NULLIFY ends its view. */
const somebody = (solo: Solo, ...views: readonly number[]): Seat =>
  solo.quorum().find((seat) => views.every((view) => solo.leader(view) !== seat))!;

const orders = <A, B>(first: A, second: B) =>
  [
    ["", first, second],
    [", the other way round", second, first],
  ] as const;

/** Everybody accused so far. */
const accused = (solo: Solo): readonly Seat[] =>
  solo
    .take("evidence")
    .flatMap(({ evidence }) => (evidence.what === "votes" ? [evidence.seat] : evidence.seats))
    .toSorted((a, b) => a - b);

describe("two votes of one key", () => {
  const cases = shared<{
    readonly name: string;
    readonly termViews: number;
    readonly first: VoteBody;
    readonly second: VoteBody;
    readonly slashable: boolean;
  }>("votes.json");
  for (const { name, termViews, first, second, slashable } of cases)
    for (const [order, a, b] of orders(first, second))
      test(`${name}${order}`, () => {
        const solo = withTerms(termViews);
        const seat = somebody(solo, a.view, b.view);
        solo.vote(seat, a);
        solo.vote(seat, b, "somebody");
        assert.deepEqual(accused(solo), slashable ? [seat] : []);
      });
});

describe("certificates, and votes against them", () => {
  type Signed = VoteBody & { readonly signers: readonly Seat[] };
  const cases = shared<{
    readonly name: string;
    readonly termViews: number;
    readonly first: Signed;
    readonly second: Signed;
    readonly convicted: readonly Seat[];
  }>("certificates.json").filter(({ first, second }) => {
    // Quorums have common members, and these registries fewer seats.
    const all = [...first.signers, ...second.signers];
    return all.length !== new Set(all).size
      ? Math.max(...all) < 256
      : all.length === 4 && first.signers.length === 1;
  });

  for (const { name, termViews, first, second, convicted } of cases)
    for (const [order, a, b] of orders(first, second))
      test(`${name}${order}`, () => {
        const solo = withTerms(termViews);
        const quorum = solo.quorum();
        const voter = somebody(solo, a.view, b.view);
        const isIn = convicted.length > 0;
        const say = (body: Signed, other: Signed, without: Seat): void => {
          if (body.signers.length === 1) solo.vote(voter, body);
          else if (other.signers.length > 1)
            solo.give(
              solo.certificate(
                body,
                quorum.filter((seat) => seat !== without),
              ),
            );
          else solo.give(solo.certificate(body, isIn ? quorum : quorum.filter((seat) => seat !== voter)));
        };
        say(a, b, quorum[0]!);
        say(b, a, quorum.at(-1)!);
        const isGroup = a.signers.length > 1 && b.signers.length > 1;
        const both = isGroup ? quorum.slice(1, -1) : [voter];
        assert.deepEqual(accused(solo), isIn ? both : []);
      });
});

describe("RESTART", () => {
  interface Place {
    readonly epoch: number;
    readonly incarnation: number;
    readonly view: number;
  }
  type Other = Place &
    Omit<VoteBody, "kind"> & { readonly kind: VoteBody["kind"] | "checkpoint" | "restart" };
  const cases = shared<{
    readonly name: string;
    readonly restart: Place & { readonly blockHash: Hash };
    readonly other: Other;
    readonly slashable: boolean;
  }>("restarts.json")
    .filter(({ restart, other }) => restart.incarnation === other.incarnation)
    // Votes for views far ahead are not kept.
    .map((each) => ({ ...each, other: { ...each.other, view: Math.min(each.other.view, NEAR) } }));

  /** A network in which one voter does nothing but what the test has it sign. */
  class Without extends Solo {
    readonly absent: Seat;

    constructor(absent: Seat) {
      super({ registry, mode: "balanced", seat: null });
      this.absent = absent;
    }

    override quorum(): Seat[] {
      return super.quorum().filter((seat) => seat !== this.absent);
    }

    sayRestart(domain: Hash, epoch: number, { view, blockHash }: { view: number; blockHash: Hash }): void {
      const seat = this.absent;
      const signature = this.signature(seat, restartRoot(domain, view, blockHash));
      const vote = { epoch, domain, view, blockHash, seat, seatNext: seat, signature };
      this.message("somebody", { type: "restart", vote });
    }

    say({ kind, view, parentView, blockHash }: Other): void {
      const seat = this.absent;
      const { domain } = this;
      const { epoch, firstHeight } = this.state.epoch.start;
      if (kind === "restart") this.sayRestart(domain, epoch, { view, blockHash });
      else if (kind === "nullify") this.vote(seat, nullify(view));
      else if (kind !== "checkpoint") this.vote(seat, { kind, view, parentView, blockHash });
      else {
        const height = firstHeight + 2;
        const roots = { stateRoot: blockHash, blocksRoot: blockHash, previous: blockHash };
        const checkpoint: Checkpoint = { height, view, stamp: this.now, blockHash, ...roots, boundary: null };
        const signature = this.signature(seat, checkpointRootOf(domain, checkpoint));
        const vote = { epoch, domain, checkpoint, seat, signature };
        this.message("another", { type: "checkpointVote", vote });
      }
    }

    /** Plays the present epoch to its end. */
    finish(): void {
      const { epoch } = this.state.epoch.start;
      for (let view = 1; view <= EPOCH; view++) this.finalize(view);
      const { checkpoint } = this.state.due.at(-1)!;
      this.message("peer", { type: "checkpointCertificate", certificate: this.backing(checkpoint) });
      assert.equal(this.state.epoch.start.epoch, epoch + 1);
    }
  }

  /** Somebody who leads no view that is played. */
  const seat = (() => {
    const solo = new Without(-1);
    const leaders = new Set<Seat>();
    for (let epoch = 0; epoch < 3; epoch++) {
      for (let view = 1; view <= EPOCH; view++) leaders.add(solo.leader(view));
      solo.finish();
    }
    return solo.quorum().find((each) => !leaders.has(each))!;
  })();

  for (const { name, restart, other, slashable } of cases)
    for (const order of ["RESTART first", "the other first"])
      test(`${name}: ${order}`, () => {
        const solo = new Without(seat);
        const first = Math.min(restart.epoch, other.epoch);
        const last = Math.max(restart.epoch, other.epoch);
        // A RESTART is also heard in the epoch after its own: then what it binds there may have come before.
        const isLate = order !== "RESTART first" && other.epoch === restart.epoch + 1;
        const heard = isLate ? other.epoch : restart.epoch;
        let domain = solo.domain;
        for (let epoch = first; epoch <= last; epoch++) {
          if (epoch > first) solo.finish();
          if (epoch === restart.epoch) domain = solo.domain;
          const tell = () => epoch === heard && solo.sayRestart(domain, restart.epoch - first, restart);
          if (order === "RESTART first") tell();
          if (epoch === other.epoch) solo.say(other);
          if (order !== "RESTART first") tell();
        }
        assert.deepEqual(accused(solo), slashable ? [seat] : []);
      });
});

describe("a checkpoint against what others made final", () => {
  test("is no offence of those who signed it", () => {
    const solo = new Solo({ registry, mode: "balanced" });
    for (let view = 1; view <= 3; view++) solo.finalize(view);
    const own = [...solo.state.dueCheckpoints.values()].at(-1)!;
    const rival = { ...own, blockHash: hashOf(solo.build(2, undefined, { salt: 9 })) };
    solo.message("peer", { type: "checkpointCertificate", certificate: solo.backing(rival) });
    assert.equal(solo.take("halt").length, 1);
    assert.deepEqual(accused(solo), []);
  });
});

describe("two final blocks that contradict each other, v <= v'", () => {
  /** Own F of a block of view 1; `other` builds a chain beside it, lowest block first, whose last block gets F. */
  function contradicted(other: (solo: Solo) => readonly Block[]): Solo {
    const solo = new Solo({ registry, mode: "balanced" });
    const chain = other(solo);
    solo.finalize(1);
    solo.give(solo.certificate(solo.bodyOf("finalize", hashOf(chain.at(-1)!))));
    for (const block of chain.toReversed())
      solo.message("peer", { type: "blocks", blocks: [{ block, certificate: null, backing: null }] });
    assert.equal(solo.take("halt").length, 1);
    return solo;
  }

  const rival = (solo: Solo): Block => solo.build(1, undefined, { salt: 7 });
  const CHAINS: Readonly<Record<string, (solo: Solo) => readonly Block[]>> = {
    "v' = v: two FINALIZE": (solo) => [rival(solo)],
    "the lowest block above v has a parent of view v: NOTARIZE and FINALIZE of v": (solo) => {
      const first = rival(solo);
      const second = solo.build(2, hashOf(first));
      return [first, second, solo.build(3, hashOf(second))];
    },
    "it has a parent below v: NULLIFY covers v": (solo) => {
      const first = solo.build(2);
      return [first, solo.build(3, hashOf(first))];
    },
  };
  for (const [name, other] of Object.entries(CHAINS))
    test(`${name}, of a whole quorum`, () => {
      const solo = contradicted(other);
      // Some of them of more than one offence.
      assert.deepEqual([...new Set(accused(solo))], solo.quorum());
    });
});
