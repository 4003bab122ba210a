import assert from "node:assert/strict";
import { test } from "node:test";
import { type Hash, merkleProof, merkleRoot, verifyMerkleProof } from "@aitbc-hybrid/protocol";
import { mapInTurns, TreeCache } from "../src/trees.ts";

const leavesOf = (count: number, from = 1): Hash[] =>
  Array.from({ length: count }, (_, i) => `0x${(from + i).toString(16).padStart(64, "0")}` as const);

function setUp(leaves: number) {
  const reads: boolean[] = [];
  let grown = 0;
  const cache = new TreeCache({ leaves }, (known) => reads.push(known));
  const of = (name: string, of: readonly Hash[] | null) =>
    cache.of(name, async () => {
      grown++;
      return of === null ? null : { leaves: of, about: null };
    });
  return { cache, of, reads, grown: () => grown };
}

test("proofs from a tree are those of its leaves, whatever their number", async () => {
  for (const count of [0, 1, 2, 3, 5, 8, 300, 1_000]) {
    const leaves = leavesOf(count);
    const kept = await setUp(10_000).of("a", leaves);
    assert.equal(kept!.tree.root, merkleRoot(leaves));
    for (const index of [0, 1, count >> 1, count - 1].filter((at) => at >= 0 && at < count)) {
      assert.equal(kept!.places.get(leaves[index]!), index);
      const path = kept!.tree.proof(index);
      assert.deepEqual(path, merkleProof(leaves, index));
      assert.ok(verifyMerkleProof(kept!.tree.root, leaves[index]!, index, path));
    }
  }
});

test("everybody who asks for a tree, also while it grows, gets the same one", async () => {
  const { of, reads, grown } = setUp(10_000);
  const leaves = leavesOf(600);
  const trees = await Promise.all([of("a", leaves), of("a", leaves), of("a", leaves)]);
  assert.equal(new Set(trees).size, 1);
  assert.equal(await of("a", leaves), trees[0]);
  assert.equal(grown(), 1);
  assert.deepEqual(reads, [false, true, true, true]);
});

test("trees grow one at a time", async () => {
  const { cache } = setUp(10_000);
  let growing = 0;
  const source = async () => {
    assert.equal(++growing, 1);
    const leaves = await mapInTurns(leavesOf(600), (leaf) => leaf);
    growing--;
    return { leaves, about: null };
  };
  await Promise.all(["a", "b", "c"].map((name) => cache.of(name, source)));
});

test("beyond the bound the tree that was not used for longest goes", async () => {
  const { of, grown } = setUp(25);
  for (const name of ["a", "b", "a", "c"]) await of(name, leavesOf(10));
  assert.equal(grown(), 3);
  await of("a", leavesOf(10));
  await of("c", leavesOf(10));
  assert.equal(grown(), 3);
  await of("b", leavesOf(10));
  assert.equal(grown(), 4);
  // One that is larger than all that may be kept is still answered from.
  const large = await of("large", leavesOf(40));
  assert.equal(large!.tree.root, merkleRoot(leavesOf(40)));
  await of("large", leavesOf(40));
  assert.equal(grown(), 6);
});

test("what is not there, or cannot be read, is asked for anew", async () => {
  const { cache, of, grown } = setUp(100);
  assert.equal(await of("a", null), null);
  assert.notEqual(await of("a", leavesOf(3)), null);
  assert.equal(grown(), 2);
  await assert.rejects(
    cache.of("b", async () => {
      throw new Error("the disk failed");
    }),
    /the disk failed/,
  );
  assert.notEqual(await of("b", leavesOf(3)), null);
});

test("of a leaf that stands twice the first one is found", async () => {
  const [leaf] = leavesOf(1);
  const kept = await setUp(100).of("a", [...leavesOf(2, 7), leaf!, leaf!]);
  assert.equal(kept!.places.get(leaf!), 2);
});
