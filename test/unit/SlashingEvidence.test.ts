import {
  type Checkpoint,
  checkpointsSlashable,
  type Hash,
  restartSlashable,
  slashable,
  type VoteBody,
} from "@aitbc-hybrid/protocol";
import { expect } from "chai";
import { network } from "hardhat";
import type { EvidenceHarness } from "../../typechain/test/harness/EvidenceHarness.ts";
import { checkpointAt, hashOf, ZERO } from "../support/core.ts";
import { bitmap, type Said, seatsIn, unsigned } from "../support/evidence.ts";
import { readVectors } from "../support/vectors.ts";

const { ethers } = await network.create();
const DOMAIN = hashOf("domain");
const GENESIS = hashOf("genesis");

interface Votes {
  readonly cases: readonly {
    readonly name: string;
    readonly termViews: number;
    readonly first: VoteBody;
    readonly second: VoteBody;
    readonly slashable: boolean;
  }[];
}
interface Certificates {
  readonly cases: readonly {
    readonly name: string;
    readonly termViews: number;
    readonly first: VoteBody & { readonly signers: readonly number[] };
    readonly second: VoteBody & { readonly signers: readonly number[] };
    readonly convicted: readonly number[];
  }[];
}
interface Checkpoints {
  readonly cases: readonly {
    readonly name: string;
    readonly domain: Hash;
    readonly first: Checkpoint;
    readonly second: Checkpoint;
    readonly chain: readonly Checkpoint[];
    readonly slashable: boolean;
  }[];
}
interface Restarts {
  readonly cases: readonly {
    readonly name: string;
    readonly restart: { epoch: number; incarnation: number; view: number; blockHash: Hash };
    readonly other: {
      epoch: number;
      incarnation: number;
      kind: VoteBody["kind"] | "checkpoint" | "restart";
      view: number;
      parentView: number;
      blockHash: Hash;
    };
    readonly slashable: boolean;
  }[];
}

const RANK = { notarize: 2, finalize: 3, nullify: 4 } as const;
const ordered = <T extends VoteBody>(a: T, b: T): [T, T] => (RANK[a.kind] <= RANK[b.kind] ? [a, b] : [b, a]);

describe("what one key may not sign twice: the client's table, vectors/evidence", () => {
  let harness: EvidenceHarness;
  before(async () => {
    harness = (await ethers.deployContract("EvidenceHarness")) as unknown as EvidenceHarness;
  });

  const isOffence = async (
    c: ReturnType<typeof unsigned>,
    options: { readonly second?: Hash; readonly termViews?: number } = {},
  ) => {
    const answer = harness.offence(c, DOMAIN, options.second ?? DOMAIN, options.termViews ?? 1, GENESIS);
    try {
      await answer;
      return true;
    } catch {
      await expect(answer).to.be.revertedWithCustomError(
        await ethers.getContractAt("ISlashingManager", await harness.getAddress()),
        "SlashingManagerNotAnOffence",
      );
      return false;
    }
  };

  for (const { name, termViews, first, second, slashable: expected } of readVectors<Votes>(
    "evidence/votes.json",
  ).cases) {
    it(`votes: ${name}`, async () => {
      const [a, b] = ordered(first, second);
      const mode = { mode: 0 };
      expect(await isOffence(unsigned(a, b, { first: mode, second: mode }), { termViews })).to.equal(
        expected,
      );
      expect(slashable(first, second, termViews)).to.equal(expected);
    });
  }

  for (const { name, termViews, first, second, convicted } of readVectors<Certificates>(
    "evidence/certificates.json",
  ).cases) {
    it(`certificates: ${name}`, async () => {
      const [a, b] = ordered(first, second);
      const c = unsigned(a, b, {
        first: { mode: 0, signers: bitmap(a.signers) },
        second: { mode: 0, signers: bitmap(b.signers) },
      });
      const common = seatsIn(await harness.common(c, [], [], []));
      const guilty = (await isOffence(c, { termViews })) ? common : [];
      expect(guilty).to.deep.equal([...convicted]);
    });
  }

  for (const { name, domain, first, second, chain, slashable: expected } of readVectors<Checkpoints>(
    "evidence/checkpoints.json",
  ).cases) {
    it(`checkpoints: ${name}`, async () => {
      const c = unsigned(
        { kind: "checkpoint", checkpoint: first },
        { kind: "checkpoint", checkpoint: second },
        { chain: chain.map((checkpoint) => ({ domain, checkpoint })) },
      );
      const answer = harness.offence(c, domain, domain, 1, GENESIS);
      const found = await answer.then(
        () => true,
        () => false,
      );
      expect(found).to.equal(expected);
      expect(checkpointsSlashable(domain, first, second, chain)).to.equal(expected);
    });
  }

  for (const { name, restart, other, slashable: expected } of readVectors<Restarts>("evidence/restarts.json")
    .cases) {
    it(`restarts: ${name}`, async () => {
      const said: Said =
        other.kind === "checkpoint"
          ? { kind: "checkpoint", checkpoint: { ...checkpointAt({ height: 50 }), view: other.view } }
          : other.kind === "restart"
            ? { kind: "restart", view: other.view, blockHash: other.blockHash }
            : {
                kind: other.kind,
                view: other.view,
                parentView: other.parentView,
                blockHash: other.blockHash,
              };
      const c = unsigned(
        said,
        { kind: "restart", view: restart.view, blockHash: restart.blockHash },
        {
          first: { epoch: other.epoch, incarnation: other.incarnation },
          second: { epoch: restart.epoch, incarnation: restart.incarnation },
        },
      );
      const same = other.epoch === restart.epoch && other.incarnation === restart.incarnation;
      expect(await isOffence(c, same ? {} : { second: hashOf("other domain") })).to.equal(expected);
      expect(restartSlashable(restart, other)).to.equal(expected);
    });
  }

  describe("what the tables do not hold", () => {
    const at = (height: number, previous: Hash = hashOf(`previous ${height}`)): Said => ({
      kind: "checkpoint",
      checkpoint: { ...checkpointAt({ height }), previous },
    });
    const restart: Said = { kind: "restart", view: 3, blockHash: hashOf("a") };

    it("a chain that begins at the genesis above the lower misses it", async () => {
      expect(await isOffence(unsigned(at(10), at(20, GENESIS)))).to.equal(true);
      expect(await isOffence(unsigned(at(20), at(20, GENESIS)))).to.equal(true);
      expect(await isOffence(unsigned(at(20, GENESIS), at(20, GENESIS)))).to.equal(false);
    });

    it("the lower of two checkpoints comes first", async () => {
      expect(await isOffence(unsigned(at(20), at(10, GENESIS)))).to.equal(false);
    });

    it("a checkpoint beside a vote, a RESTART first, and kinds that do not exist are nothing", async () => {
      const vote: Said = { kind: "finalize", view: 20, parentView: 19, blockHash: hashOf("x") };
      expect(await isOffence(unsigned(vote, at(20)))).to.equal(false);
      expect(await isOffence(unsigned(at(20), vote))).to.equal(false);
      expect(await isOffence(unsigned(restart, vote))).to.equal(false);
      for (const kind of [0, 1, 6, 7, 255]) {
        const strange = unsigned(vote, restart);
        Object.assign(strange.first.vote, { kind });
        expect(await isOffence(strange), `${kind}`).to.equal(false);
        const next = unsigned(vote, restart, { first: { epoch: 4 }, second: { epoch: 3 } });
        Object.assign(next.first.vote, { kind });
        expect(await isOffence(next, { second: hashOf("x") }), `${kind} of the next epoch`).to.equal(false);
      }
    });

    it("a view 0 of the epoch after a RESTART is no vote", async () => {
      const zero: Said = { kind: "nullify", view: 0, parentView: 0, blockHash: ZERO };
      const c = unsigned(zero, restart, { first: { epoch: 4 }, second: { epoch: 3 } });
      expect(await isOffence(c, { second: hashOf("x") })).to.equal(false);
    });

    it("a RESTART at view 0 contradicts every FINALIZE of its epoch", async () => {
      const vote: Said = { kind: "finalize", view: 1, parentView: 0, blockHash: hashOf("x") };
      const zero: Said = { kind: "restart", view: 0, blockHash: hashOf("a") };
      expect(await isOffence(unsigned(vote, zero))).to.equal(true);
    });

    it("who signed both, where registries differ: by key, not by seat", async () => {
      const vote: Said = { kind: "finalize", view: 1, parentView: 0, blockHash: hashOf("x") };
      const lanes = (...keys: number[]) => [
        keys.reduce((word, key, j) => word | (BigInt(key) << BigInt(32 * j)), 0n),
      ];
      const c = unsigned(vote, restart, {
        first: { registryRoot: hashOf("R4"), signers: bitmap([0, 1, 2]) },
        second: {
          registryRoot: hashOf("R3"),
          signers: bitmap([0, 1]),
          nextRoot: hashOf("R4"),
          nextSigners: bitmap([2, 5]),
        },
      });
      expect(seatsIn(await harness.common(c, lanes(11, 12, 13), lanes(11, 99), []))).to.deep.equal([0, 2]);
      const other = { ...c, second: { ...c.second, nextRoot: hashOf("other") } };
      expect(seatsIn(await harness.common(other, lanes(11, 12, 13), lanes(11, 99), []))).to.deep.equal([0]);
      // A key that moved: named by both its seats.
      const moved = { ...other, moved: true, firstSeat: 1, secondSeat: 0 };
      const common = async (x: typeof moved, second: bigint[], next: bigint[]) =>
        seatsIn(await harness.common(x, lanes(11, 12, 13), second, next));
      expect(await common(moved, lanes(12, 99), [])).to.deep.equal([1]);
      expect(await common(moved, lanes(13, 99), [])).to.deep.equal([]);
      expect(await common({ ...moved, firstSeat: 3 }, lanes(12, 99), [])).to.deep.equal([]);
      expect(await common({ ...moved, secondSeat: 2 }, lanes(1, 1, 12), [])).to.deep.equal([]);
      expect(await common({ ...moved, secondSeat: 1024 + 2 }, [], lanes(0, 0, 12))).to.deep.equal([1]);
      expect(await common({ ...moved, secondSeat: 1024 + 1 }, [], lanes(0, 12))).to.deep.equal([]);
    });
  });
});
