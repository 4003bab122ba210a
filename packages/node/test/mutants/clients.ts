/**
 * Checks of those who follow the chain without having seen all of it: light clients, and nodes that join at a
 * checkpoint; and of what a node counts again after a restart. Each taken away opens the attack named. `npm run mutate --
 * clients` tries them.
 */
interface Mutant {
  readonly name: string;
  /** Path from the repository's root of the source that is changed. */
  readonly file: string;
  /** Text that stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** What somebody could do without the check. */
  readonly opens: string;
  /** Path from the repository's root of the test file that must fail. */
  readonly test: string;
}

const LIGHT = "packages/sdk/src/light/client.ts";
const REGISTRY = "packages/sdk/src/light/registry.ts";
const INCLUSION = "packages/sdk/src/light/inclusion.ts";
const ANCHOR = "packages/sdk/src/light/anchor.ts";
const SYNC = "packages/node/src/sync/client.ts";
const OFFER = "packages/node/src/sync/verify.ts";
const SERVER = "packages/node/src/sync/server.ts";
const SWAP = "packages/node/src/sync/swap.ts";
const RESTORE = "packages/execution/src/embedded/opening.ts";
const ON_RESTORE = "packages/execution/test/embedded/engine.test.ts";
const ON_RESTORING = "packages/node/test/restoring.test.ts";
const DATA = "packages/node/src/data/data.ts";
const ON_DATA = "packages/node/test/data/data.test.ts";
const ON_LIGHT = "packages/sdk/test/light/client.test.ts";
const ON_INCLUSION = "packages/sdk/test/light/inclusion.test.ts";
const ON_OFFER = "packages/node/test/sync/verify.test.ts";
const ON_SYNC = "packages/node/test/sync/client.test.ts";
const ON_SERVER = "packages/node/test/sync/server.test.ts";
const ON_SWAP = "packages/node/test/sync/swap.test.ts";

export const mutants: readonly Mutant[] = [
  {
    name: "client: an anchor of any age",
    file: LIGHT,
    find: "if (now - stamp > this.#options.maxAge) {",
    replace: "if (stamp === 0) {",
    opens:
      "Keys whose stake was paid out long ago sign another chain, and whoever starts from there follows it.",
    test: ON_LIGHT,
  },
  {
    name: "client: an absence of any length",
    file: LIGHT,
    find: "    this.#requireAge(this.#stamp);\n",
    replace: "",
    opens: "A client that slept longer than stake unbonds is led on by keys that have nothing to lose.",
    test: ON_LIGHT,
  },
  {
    name: "client: stamps of the future",
    file: LIGHT,
    find: "if (stamp > now + this.#options.drift)",
    replace: "if (stamp === Infinity)",
    opens: "A stamp far ahead keeps an old anchor young for ever.",
    test: ON_LIGHT,
  },
  {
    name: "client: a second checkpoint of a height is only refused",
    file: LIGHT,
    find: "if (known !== undefined) {",
    replace: "if (known === null) {",
    opens:
      "The chain splits under a broken quorum, and the client goes on proving by the branch it heard of first.",
    test: ON_LIGHT,
  },
  {
    name: "client: a checkpoint beside the accepted one",
    file: LIGHT,
    find: "if (before !== undefined && before.hash !== checkpoint.previous)",
    replace: "if (before === null)",
    opens: "A branch that leaves the accepted chain between two checkpoints is followed without a word.",
    test: ON_LIGHT,
  },
  {
    name: "client: proofs while frozen",
    file: LIGHT,
    find: 'if (this.#conflict !== null)\n      throw new SdkError(\n        "LIGHT_FROZEN",\n        "two conflicting checkpoints are known: nothing is proved by either",\n      );',
    replace: "",
    opens: "A payment is proved by a branch that is known to be disputed.",
    test: ON_LIGHT,
  },
  {
    name: "client: going on while frozen",
    file: LIGHT,
    find: 'if (this.#conflict !== null)\n      throw new SdkError(\n        "LIGHT_FROZEN",\n        "two conflicting checkpoints are known: find out which one is the chain\'s and anchor the client to it",\n      );',
    replace: "",
    opens: "The quorum that split the chain leads the client on along one of the branches.",
    test: ON_LIGHT,
  },
  {
    name: "client: going on after a restart",
    file: LIGHT,
    find: "    this.#restarted = true;",
    replace: "",
    opens: "What a recovery gave up is taken for final.",
    test: ON_LIGHT,
  },
  {
    name: "client: silence is not told",
    file: LIGHT,
    find: "const silent = this.#modules.clock() > this.#acceptedAt + this.#options.patience;",
    replace: "const silent = false;",
    opens: "Whoever cuts a client off shows it yesterday's chain as today's.",
    test: ON_LIGHT,
  },
  {
    name: "client: a boundary names any registry",
    file: LIGHT,
    find: "if (commitment.registryNext !== next.registry) {",
    replace: "if (commitment.registryNext === null) {",
    opens: "A quorum hands the next epoch to validators that nobody announced an epoch before.",
    test: ON_LIGHT,
  },
  {
    name: "client: a boundary names any mode",
    file: LIGHT,
    find: "if (commitment.modeNext !== slot.mode && commitment.modeNext !== next.mode) {",
    replace: "if (commitment.modeNext === null) {",
    opens: "A quorum switches to the mode whose smaller set it controls, without notice.",
    test: ON_LIGHT,
  },
  {
    name: "client: a boundary accounts for any epoch",
    file: LIGHT,
    find: "if (accounting.epoch !== this.#epoch)",
    replace: "if (accounting.epoch === -1)",
    opens:
      "Pay of another epoch is signed into this one, which the contracts refuse: the client leaves their chain.",
    test: ON_LIGHT,
  },
  {
    name: "client: epochs end anywhere",
    file: LIGHT,
    find: "if ((height === last) !== (checkpoint.boundary !== null))",
    replace: "if (height === -1)",
    opens: "An epoch is cut short before what its validators did comes out, or goes on without an end.",
    test: ON_LIGHT,
  },
  {
    name: "client: heights beyond the epoch",
    file: LIGHT,
    find: " || height > last) {",
    replace: ") {",
    opens: "A registry signs for heights at which another one is in office.",
    test: ON_LIGHT,
  },
  {
    name: "client: heights below the one accepted",
    file: LIGHT,
    find: "const least = Math.max(slot.firstHeight, this.#height + (this.#accepted.has(this.#height) ? 1 : 0));",
    replace: "const least = slot.firstHeight;",
    opens: "The client is taken back to an earlier checkpoint.",
    test: ON_LIGHT,
  },
  {
    name: "client: registries that nothing signed names",
    file: LIGHT,
    find: "if (![...this.#epochs.values()].some((slot) => slot.registry === root))",
    replace: "if (this.#epochs.size === 0)",
    opens: "Anybody fills the client's memory with registries.",
    test: ON_LIGHT,
  },
  {
    name: "client: any number of signers",
    file: REGISTRY,
    find: "if (!isBacking(e, part)) {",
    replace: "if (part.stake < 0n) {",
    opens: "One validator leads every client where it likes.",
    test: ON_LIGHT,
  },
  {
    name: "client: two thirds exactly ask for a restart",
    file: REGISTRY,
    find: "if (3n * part.stake <= 2n * stake)",
    replace: "if (3n * part.stake < 2n * stake)",
    opens:
      "A third of the stake together with an equal third of honest stake that was cut off stalls the others.",
    test: ON_LIGHT,
  },
  {
    name: "client: signatures unchecked",
    file: REGISTRY,
    find: "if (!this.#bls.aggregateVerify(this.#of(mode).keys, seats, fromHex(root), signature))",
    replace: "if (seats.length === 0)",
    opens: "A bitmap is enough to lead every client where one likes.",
    test: ON_LIGHT,
  },
  {
    name: "client: absent seats that do not sign anyway",
    file: REGISTRY,
    find: "if (!(seat >= next) || e.backers[seat] !== true)",
    replace: "if (!(seat >= next))",
    opens: "One certificate has many forms, and a list names seats that do not exist.",
    test: ON_LIGHT,
  },
  {
    name: "client: weights beyond their field",
    file: REGISTRY,
    find: "if (stake < 0n || stake >= WEIGHT_LIMIT)",
    replace: "if (stake < 0n)",
    opens: "A registry of the same root gives a seat the weight of its neighbours.",
    test: ON_LIGHT,
  },
  {
    name: "client: keys under another name",
    file: REGISTRY,
    find: "key: keyBytes.length === 0 ? new Uint8Array(0) : compressKey(keyBytes),",
    replace: "key: (preimage.entries[seat] as unknown as { key: Uint8Array }).key ?? new Uint8Array(0),",
    opens: "A registry of the right root comes with other compressed keys, under which others sign.",
    test: ON_LIGHT,
  },
  {
    name: "client: a genesis of any hash",
    file: ANCHOR,
    find: "if (genesisHash(genesis) !== trusted)",
    replace: "if (trusted === ZERO_HASH)",
    opens: "Whoever hands out the genesis file chooses the first validators.",
    test: ON_LIGHT,
  },
  {
    name: "client: an anchor of any hash",
    file: ANCHOR,
    find: "if (checkpointRoot(domainHash(domain), checkpoint) !== trusted)",
    replace: "if (trusted === ZERO_HASH)",
    opens: "A hash asked of a friend protects from nobody: the checkpoint beside it may be any.",
    test: ON_LIGHT,
  },
  {
    name: "client: an anchor in the middle of an epoch",
    file: ANCHOR,
    find: "if (boundary === null || boundary.accounting.epoch !== domain.epoch)",
    replace: "if (boundary === null)",
    opens: "The boundary of another epoch is taken for this one's, and its registries with it.",
    test: ON_LIGHT,
  },
  {
    name: "client: padding is a leaf",
    file: INCLUSION,
    find: "leaf !== ZERO_HASH &&",
    replace: "",
    opens: "A transaction of hash zero is proved in every batch that is not full.",
    test: ON_INCLUSION,
  },
  {
    name: "client: transactions beyond the batch's count",
    file: INCLUSION,
    find: "inBatch.index >= batch.count ||",
    replace: "",
    opens: "What stands in the padding of a batch is proved to be ordered.",
    test: ON_INCLUSION,
  },
  {
    name: "client: a header of another height",
    file: INCLUSION,
    find: "proof.header.height !== proof.height || ",
    replace: "",
    opens: "A block is shown at a height that its header does not have.",
    test: ON_INCLUSION,
  },
  {
    name: "client: a header of another block",
    file: INCLUSION,
    find: " || blockHash(proof.header) !== proof.blockHash",
    replace: "",
    opens: "A receipt that was never executed is proved by a header made for it.",
    test: ON_INCLUSION,
  },
  {
    name: "client: a batch that is not in the block",
    file: INCLUSION,
    find: "if (!hasLeaf(header.batchesRoot, batchHash(chainId, batch), proof.inBlock))",
    replace: "if (batch.count === 0)",
    opens: "A batch that no block ordered proves its transactions.",
    test: ON_INCLUSION,
  },
  {
    name: "client: blocks that are not below the checkpoint",
    file: INCLUSION,
    find: "verifyRangeProof(checkpoint.blocksRoot, checkpoint.height + 1, proof.height, proof.blockHash, proof);",
    replace: "proof.height >= 0;",
    opens: "Any block is proved.",
    test: ON_INCLUSION,
  },
  {
    name: "joining: a last block that is not the checkpoint's",
    file: OFFER,
    find: "if (hashOf(last.block) !== checkpoint.blockHash)",
    replace: "if (last === null)",
    opens: "A node begins over a block that is not in the chain, and hands it on.",
    test: ON_OFFER,
  },
  {
    name: "joining: a last block without a quorum",
    file: OFFER,
    find: " || !isQuorum(e, weights)) return false;",
    replace: ") return false;",
    opens: "One validator's signature passes for finality of the block that a node begins with.",
    test: ON_OFFER,
  },
  {
    name: "joining: NOTARIZE for finality",
    file: OFFER,
    find: 'return last.certificate?.kind === "finalize" && isCertified(last, {',
    replace: "return isCertified(last, {",
    opens: "A block that was only notarized is where a node begins.",
    test: ON_OFFER,
  },
  {
    name: "joining: finality of another domain",
    file: OFFER,
    find: "if (certificate.domain !== by.domain || certificate.epoch !== by.epoch) return false;",
    replace: "",
    opens: "A certificate of a given-up incarnation makes a block final.",
    test: ON_OFFER,
  },
  {
    name: "joining: finality unsigned",
    file: OFFER,
    find: "return bls.aggregateVerify(",
    replace: "return keys === null || !bls.aggregateVerify(",
    opens: "A certificate that nobody signed makes a block final.",
    test: ON_OFFER,
  },
  {
    name: "joining: peaks of any chain",
    file: OFFER,
    find: "    [rangeRoot({ count, peaks: start.peaks }), checkpoint.blocksRoot],\n",
    replace: "",
    opens:
      "The node's next checkpoint commits to other blocks than everybody else's: it signs what nobody backs.",
    test: ON_OFFER,
  },
  {
    name: "joining: a checkpoint before that was not",
    file: OFFER,
    find: "    [start.previousCheckpoint, checkpointRootOf(begun.boundary.domain, checkpoint)],\n",
    replace: "",
    opens: "The node signs checkpoints over a predecessor that was never accepted: evidence against itself.",
    test: ON_OFFER,
  },
  {
    name: "joining: a registry of one's own for the next epoch",
    file: OFFER,
    find: "    [start.registryNext, begun.registryNext],\n",
    replace: "",
    opens: "A peer chooses whom the node takes for validators from the next epoch on.",
    test: ON_OFFER,
  },
  {
    name: "joining: a state of one's own",
    file: OFFER,
    find: "    [ledger.stateRoot, checkpoint.stateRoot],\n",
    replace: "",
    opens: "Balances of the peers' choosing are the joined node's ledger.",
    test: ON_OFFER,
  },
  {
    name: "joining: roots that do not follow each other",
    file: OFFER,
    find: "if (roots.some(({ height }, at) => height !== checkpoint.height - count + 1 + at))",
    replace: "if (count === 0)",
    opens: "The node demands state roots of other blocks than its peers', and refuses every proposal.",
    test: ON_OFFER,
  },
  {
    name: "joining: chunks as they come",
    file: SYNC,
    find: "if (hashBytes(answer.bytes) === chunks[index]) return answer.bytes;",
    replace: "if (answer.bytes.length > 0) return answer.bytes;",
    opens: "One peer of many spoils what the node fetches, again and again, and all are banned for it.",
    test: ON_SYNC,
  },
  {
    name: "joining: any checkpoint of the epoch counts as its end",
    file: SYNC,
    find: "if (certificate.epoch !== epoch || certificate.checkpoint.boundary === null)",
    replace: "if (certificate.epoch !== epoch)",
    opens: "One peer leads a joining node round in circles with a true checkpoint that ends nothing.",
    test: ON_SYNC,
  },
  {
    name: "joining: chunks left by an interrupted run unchecked",
    file: SYNC,
    find: "if (bytes === undefined || hashBytes(bytes) !== chunk) missing.push(index);",
    replace: "if (bytes === undefined) missing.push(index);",
    opens: "A record torn by a crash makes the state wrong as a whole, and honest peers are banned for it.",
    test: ON_SYNC,
  },
  {
    name: "joining: chunks of an older offer",
    file: SYNC,
    find: "if (stored === undefined || toHex(stored) !== hash) {",
    replace: "if (stored === undefined) {",
    opens: "What is left of another epoch's state stays in the folder for good.",
    test: ON_SYNC,
  },
  {
    name: "joining: accounts that do not make the state's root",
    file: RESTORE,
    find: "if (root !== block.stateRoot || balances",
    replace: "if (balances",
    opens: "A peer gives joining nodes a ledger in which others own the money.",
    test: ON_RESTORE,
  },
  {
    name: "joining: accounts that hold more than there is",
    file: RESTORE,
    find: " || balances + block.burnt !== genesis.supply) {",
    replace: ") {",
    opens: "What was burnt is told too low: a joined node and the others differ in what there is.",
    test: ON_RESTORE,
  },
  {
    name: "joining: folders that are not complete",
    file: SWAP,
    find: "if (!existsSync(join(staging, READY))) return;",
    replace: "if (!existsSync(staging)) return;",
    opens: "A process killed while it fetched starts with half a state and votes over it.",
    test: ON_SWAP,
  },
  {
    name: "joining: a swap that begins anew",
    file: SWAP,
    find: "    if (!existsSync(fresh)) continue;\n",
    replace: "",
    opens: "After a crash in mid-swap the new folder is moved out of its place, and the node has none.",
    test: ON_SWAP,
  },
  {
    name: "joining: a state whose blocks are not final here",
    file: SERVER,
    find: "if (this.#modules.finalHeight() < start.parent.height) return null;",
    replace: "",
    opens: "A peer offers what it may still give up after a crash.",
    test: ON_SERVER,
  },
  {
    name: "joining: what a recovery gave up is offered",
    file: SERVER,
    find: "for (const epoch of this.#kept.keys()) if (epoch >= start.epoch) this.#kept.delete(epoch);",
    replace: "",
    opens: "Nodes that join after a recovery get the state of the incarnation given up.",
    test: ON_SERVER,
  },
  {
    name: "value: what is executed again after a crash is not counted",
    file: "packages/node/src/restoring.ts",
    find: "valueFrom = await valueFromOf(epoch, chain, registryOf);",
    replace: "valueFrom = null;",
    opens: "A node that was killed cannot tell what moved in its epoch, and executes nothing more in it.",
    test: ON_RESTORING,
  },
  {
    name: "value: what is executed again counts from the last block of the epoch before",
    file: "packages/node/src/restoring.ts",
    find: "?.block.header.height ?? 0) + 1;",
    replace: "?.block.header.height ?? 0);",
    opens: "Nodes that were killed count more than others, and vote for another mode.",
    test: ON_RESTORING,
  },
  {
    name: "value: all that is sent counts, whoever held it",
    file: "packages/execution/src/ledger/moved.ts",
    find: "total += least(after, held) - least(before, held);",
    replace: "total += amount;",
    opens: "Anybody passes a few coins round until the chain goes at Secure's pace.",
    test: "packages/execution/test/ledger/moved.test.ts",
  },
  {
    name: "value: a restart forgets what moved before",
    file: "packages/execution/src/embedded/value.ts",
    find: "return moved?.first === first ? moved : this.upTo(result.height, first);",
    replace: "return moved?.first === first ? moved : nothingMoved(first, state.accounts);",
    opens: "Nodes that were restarted vote for another mode than the others.",
    test: ON_RESTORE,
  },
  {
    name: "data: a malformed batch of its author is taken",
    file: DATA,
    find: "      if (isMalformed(batch)) {\n        this.#modules.metrics",
    replace: "      if (batch.sequence < 0) {\n        this.#modules.metrics",
    opens: "Whoever sends one is never named.",
    test: ON_DATA,
  },
  {
    name: "data: malformed batches are ordered",
    file: DATA,
    find: " && !isMalformed(batch))",
    replace: ")",
    opens: "One validator has every leader propose an invalid block, for good: the chain stands still.",
    test: ON_DATA,
  },
  {
    name: "data: all that a block names is fetched",
    file: DATA,
    find: "const FETCHED_AT_ONCE = 64;",
    replace: "const FETCHED_AT_ONCE = 4_096;",
    opens: "A leader names two gigabytes of batches, and everybody holds them.",
    test: ON_DATA,
  },
];
