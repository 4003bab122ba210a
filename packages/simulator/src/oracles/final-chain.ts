import {
  type Block,
  batchDigest,
  type Certificate,
  type EpochStart,
  type Hash,
  type ReferenceReading,
  type Registry,
} from "@aitbc-hybrid/protocol";
import type { Domains } from "./domains.ts";
import { canDecide } from "./weights.ts";

/** A final block as some honest node made it durable. */
export interface FinalBlock {
  readonly hash: Hash;
  readonly block: Block;
  readonly stateRoot: Hash;
  readonly used: number;
}

/** What the chain begins with. */
export interface ChainGenesis {
  readonly hash: Hash;
  readonly stateRoot: Hash;
  readonly stamp: number;
}

/** What the contracts showed. */
export interface ChainContracts {
  hashOf(number: number): Hash;
  reading(number: number, candidateEpoch: number, inboxFrom: number): ReferenceReading;
}

export interface ChainModules {
  readonly chainId: number;
  readonly genesis: ChainGenesis;
  readonly contracts: ChainContracts;
  readonly domains: Domains;
  readonly registryOf: (root: Hash) => Registry | undefined;
  readonly fail: (what: string) => void;
}

/** What a block owes to the one below it. */
interface Below {
  readonly hash: Hash;
  readonly stamp: number;
  readonly reference: number;
  readonly inboxCursor: number;
}

/**
 * Follows a final chain from genesis and checks what every block owes to its ancestors and to the contracts.
 *
 * @param starts how epochs began, by first height
 * @returns entries of the inbox that its blocks took
 */
export function checkFinalChain(
  chain: ReadonlyMap<number, FinalBlock>,
  starts: ReadonlyMap<number, EpochStart>,
  modules: ChainModules,
): number {
  const { genesis, domains, fail } = modules;
  let below: Below = { hash: genesis.hash, stamp: genesis.stamp, reference: 0, inboxCursor: 0 };
  let start = starts.get(1);
  let domain: Hash | null = null;
  let carried = new Map<string, Certificate>();
  let forced = 0;
  for (let height = 1; ; height++) {
    const entry = chain.get(height);
    if (entry === undefined) {
      if (chain.size >= height) fail(`no final block at height ${height}`);
      return forced;
    }
    const { block, hash } = entry;
    const { header } = block;
    start = starts.get(height) ?? start;
    if (start === undefined) {
      fail(`height ${height} is of no epoch that began`);
      return forced;
    }
    const due = checkReference(block, below, start, modules);
    const first = header.domain !== domain;
    if (first) {
      domain = header.domain;
      carried = new Map();
    }
    const params = domains.registryOf(header.domain)?.params;
    if (params === undefined) {
      fail(`height ${height} is of no known epoch`);
      return forced;
    }
    forced += checkForced(block, below.inboxCursor, due, params.forceQuota, modules);
    if (header.parentHash !== below.hash) fail(`height ${height} does not extend its parent`);
    if (header.stamp < below.stamp + params.blockTime[domains.modeOf(header.domain)])
      fail(`height ${height} comes too early`);
    const lagged = Math.max(0, height - params.rootLag);
    const expected = lagged === 0 ? genesis.stateRoot : chain.get(lagged)?.stateRoot;
    if (header.stateRoot !== expected) fail(`height ${height} names a wrong state root`);
    for (const c of block.body.certificates) carried.set(`${c.kind}${c.view}`, c);
    if (domains.termViewsOf(header.domain) === 1) checkCarried(block, carried, first, fail);
    below = {
      hash,
      stamp: header.stamp,
      reference: header.reference.number,
      inboxCursor: header.inboxCursor,
    };
  }
}

/** Reference, lease and registry are what the contracts show. Returns the entries of the inbox that are due there. */
function checkReference(
  { header, body }: Block,
  below: Below,
  { epoch, registryNext }: EpochStart,
  { contracts, registryOf, fail }: ChainModules,
): ReferenceReading["due"] {
  const { height } = header;
  const { number, hash } = header.reference;
  const reading = contracts.reading(number, epoch + 2, below.inboxCursor);
  if (hash !== contracts.hashOf(number)) fail(`height ${height} names a settlement block that is none`);
  if (number < below.reference) fail(`height ${height} goes back in the settlement chain`);
  if (header.settledAt !== reading.settledAt)
    fail(`height ${height} does not say what the contracts show at its reference`);
  if (body.commitment !== null) {
    const { registryAfter, modeNext } = body.commitment;
    const candidate = epoch === 0 ? null : reading.candidate;
    const sealed = candidate === null ? undefined : registryOf(candidate);
    const owed = sealed !== undefined && canDecide(sealed, modeNext) ? candidate : registryNext;
    if (registryAfter !== owed) fail(`height ${height} commits another registry than its reference shows`);
  }
  return reading.due;
}

/**
 * What a block takes of the inbox: all that is due or as much as its quota holds, in order, as its first batch. Returns
 * how many entries.
 */
function checkForced(
  { header, body }: Block,
  from: number,
  due: ReferenceReading["due"],
  quota: number,
  { chainId, fail }: ChainModules,
): number {
  const taken = due.slice(0, header.inboxCursor - from);
  const bytes = taken.reduce((sum, { size }) => sum + size, 0);
  const next = due[taken.length];
  const most = taken.length === 1 || bytes <= quota;
  const least = next === undefined || (taken.length > 0 && bytes + next.size > quota);
  if (header.inboxCursor !== from + taken.length || !most || !least)
    fail(`height ${header.height} takes entries ${from} to ${header.inboxCursor} of ${due.length} due`);
  if (taken.length === 0) return 0;
  const transactions = taken.map(({ transactionHash }) => transactionHash);
  const batch = { author: 0, sequence: from, bytes, transactions };
  if (body.batches[0] !== batchDigest(chainId, batch))
    fail(`height ${header.height} does not hold the forced entries that it takes`);
  return taken.length;
}

/** Its ancestors carry the certificate of its parent, and an X for every view skipped: where terms have one view. */
function checkCarried(
  { header }: Block,
  carried: ReadonlyMap<string, Certificate>,
  first: boolean,
  fail: (what: string) => void,
): void {
  const { height, view, parentView, parentHash } = header;
  const names =
    parentView === 0
      ? first
      : [carried.get(`notarize${parentView}`), carried.get(`finalize${parentView}`)].some(
          (c) => c?.blockHash === parentHash,
        );
  if (!names) fail(`height ${height} (view ${view}) carries no certificate of its parent`);
  for (let u = parentView + 1; u < view; u++)
    if (!carried.has(`nullify${u}`)) fail(`height ${height} does not show that view ${u} was skipped`);
}
