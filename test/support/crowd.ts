import { expect } from "chai";
import { toBeHex } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import type { Crowd } from "../../typechain/test/harness/Crowd.ts";
import {
  COIN,
  type Core,
  coreAddresses,
  deployCore,
  hashOf,
  MODES,
  notarize,
  plain,
  populate,
  possession,
} from "./core.ts";
import { contradiction, statement } from "./evidence.ts";

const AUTHORITIES = 21;
const SEATS = 1_000;
/** Registered and bonded, without a seat: as many as may contend and as many as may change their role at a seal. */
const RIVALS = 16;
const NEWCOMERS = 4;
/** Keys that may be rotated between two seals. */
const ROTATIONS = 16;
/** Every group of eight seats whose keys are hashed again costs a seal as much: nobody shares one. */
const GROUP = 8;
const GROUPS = 6;
const UNLIMITED = { gasLimit: 900_000_000n };

/** Validators whose standing is kept in one word. */
const WORD = 256;
/** Words whose cleanliness is kept in one: a number divisible by both begins a page in which all are clean. */
const PAGE = 256;
/** Most authorities. */
const MOST_AUTHORITIES = 256;

/** Where the registry keeps how many validators there are: behind the address of the elections. */
const COUNT_SLOT = 1;
const COUNT_SHIFT = 160n;
/** Beyond whatever slots Elections has before its seats' keys. */
const LAST_SLOT = 1_000;

/** Sets how many validators there are, as if somebody had registered all those between. */
export async function pretend(core: Core, count: number): Promise<void> {
  const { ethers, networkHelpers } = core.connection;
  const address = core.addresses.registry;
  const word = BigInt(await ethers.provider.getStorage(address, COUNT_SLOT));
  const before = await core.registry.validatorCount();
  const changed = word + ((BigInt(count) - before) << COUNT_SHIFT);
  await networkHelpers.setStorageAt(address, COUNT_SLOT, toBeHex(changed, 32));
  expect(await core.registry.validatorCount()).to.equal(BigInt(count));
}

/** Keys of many validators as the crowd takes them; each turn has its own. */
export function keysOf(core: Core, ids: readonly number[], turn: number) {
  const all = ids.map((id) => possession(core, `crowd ${id} ${turn}`, id));
  return [all.map(({ key }) => key), all.map(({ proof }) => proof)] as const;
}

export const range = (from: number, count: number, step = 1): number[] =>
  Array.from({ length: count }, (_, i) => from + step * i);

/** Staker on a seat of the first registry. */
const validatorOn = (seats: number, seat: number): number =>
  AUTHORITIES + 1 + ((389 * (seat - AUTHORITIES)) % (seats - AUTHORITIES));

/** Seats in groups of their own, and those halfway between them. */
const apart = (i: number): number => AUTHORITIES + GROUP + i * GROUPS * GROUP;
const between = (i: number): number => apart(i) + (GROUPS / 2) * GROUP;

/** Those whom rivals drive out. */
const weakIn = (seats: number): ReadonlySet<number> =>
  new Set(range(0, RIVALS + NEWCOMERS).map((i) => validatorOn(seats, apart(i))));

/**
 * A thousand seats in Secure unless told otherwise, 21 of them authorities'. The settlement chain limits no transaction. The validators on
 * neighbouring seats have numbers far apart: their standing is kept in different words.
 */
export async function crowdedCore(
  connection: NetworkConnection,
  epochLength: number,
  seats = SEATS,
): Promise<{ core: Core; crowd: Crowd; startGas: number }> {
  const core = await deployCore(connection, (file) => ({
    ...file,
    consensus: {
      ...file.consensus,
      epochLength: { fast: epochLength, balanced: epochLength, secure: epochLength },
    },
  }));
  await populate(core, Array(AUTHORITIES).fill(10_000), []);
  const crowd = await crowdOf(core);
  const ids = range(AUTHORITIES + 1, seats - AUTHORITIES + RIVALS + NEWCOMERS);
  const weak = weakIn(seats);
  for (let i = 0; i < ids.length; i += 100) {
    const [keys, proofs] = keysOf(core, ids.slice(i, i + 100), 0);
    const bonds = ids.slice(i, i + 100).map((id) => (weak.has(id) ? 19_000n : 20_000n) * COIN);
    await crowd.bring(keys, proofs, bonds, UNLIMITED);
  }
  const order = range(AUTHORITIES, seats - AUTHORITIES).map((seat) => validatorOn(seats, seat));
  await core.elections.enter(order, UNLIMITED);
  const hints = plain(await core.elections.sealHints.staticCall(UNLIMITED));
  const mode = MODES.indexOf("secure");
  const sent = await core.checkpoints.start(
    coreAddresses(core),
    mode,
    hashOf("genesis state"),
    hints,
    UNLIMITED,
  );
  return { core, crowd, startGas: Number((await sent.wait())!.gasUsed) };
}

async function crowdOf(core: Core): Promise<Crowd> {
  const { token, registry, pool } = core.addresses;
  const crowd = await core.connection.ethers.deployContract("Crowd", [token, registry, pool]);
  await core.token.connect(core.others[0]!).transfer(await crowd.getAddress(), 40_000_000n * COIN);
  return crowd as unknown as Crowd;
}

/**
 * A thousand seats in Secure, as many as possible of them authorities'. Each validator's number is in a word of its own,
 * of those that have to be read.
 */
export async function scatteredCore(connection: NetworkConnection): Promise<Core> {
  const core = await deployCore(connection);
  const crowd = await crowdOf(core);
  const ids: number[] = [];
  for (let word = PAGE + 1; ids.length < SEATS; word++) {
    if (word % PAGE === 0) continue;
    const id = word * WORD;
    await pretend(core, id - 1);
    const isAuthority = ids.push(id) <= MOST_AUTHORITIES;
    await crowd.bring(...keysOf(core, [id], 0), [(isAuthority ? 10_000n : 20_000n) * COIN], UNLIMITED);
    if (isAuthority) await core.registry.admit(id, UNLIMITED);
  }
  await core.elections.enter(ids.slice(MOST_AUTHORITIES), UNLIMITED);
  const hints = plain(await core.elections.sealHints.staticCall(UNLIMITED));
  const mode = MODES.indexOf("secure");
  await core.checkpoints.start(coreAddresses(core), mode, hashOf("genesis state"), hints, UNLIMITED);
  expect(await core.elections.seats()).to.deep.equal([BigInt(SEATS), BigInt(MOST_AUTHORITIES)]);
  return core;
}

/** Gives all seats other keys than those sealed, as if each validator had rotated its own. */
export async function pretendRotations(core: Core): Promise<void> {
  const { ethers, networkHelpers } = core.connection;
  const address = core.addresses.elections;
  const wordOf = async (index: number) => {
    const lanes = await Promise.all(
      Array.from({ length: GROUP }, async (_, j) => (await core.elections.occupant(GROUP * index + j)).key),
    );
    return lanes.reduce((word, key, j) => word | (key << BigInt(32 * j)), 0n);
  };
  const [first, second] = [await wordOf(0), await wordOf(1)];
  const at = async (slot: number) => BigInt(await ethers.provider.getStorage(address, slot));
  let from = 0;
  while ((await at(from)) !== first || (await at(from + 1)) !== second) expect(++from).to.be.below(LAST_SLOT);
  const ones = BigInt(`0x${"00000001".repeat(GROUP)}`);
  for (let i = 0; i < SEATS / GROUP; i++) {
    await networkHelpers.setStorageAt(address, from + i, toBeHex((await at(from + i)) + ones, 32));
  }
}

/**
 * As much work for the next seal as validators can make: keys rotated apart from each other, most of Balanced's voting
 * set exchanged, as many contenders as there may be, each of which drives a staker out, and as many stakers without a
 * seat admitted as authorities.
 */
export async function exhaustSeal(core: Core, crowd: Crowd): Promise<void> {
  const rotating = range(0, ROTATIONS).map((i) => validatorOn(SEATS, between(i)));
  await crowd.rotate(rotating, ...keysOf(core, rotating, 1), UNLIMITED);
  const weak = weakIn(SEATS);
  const strong = range(AUTHORITIES + 3, 120, 7).filter((id) => !weak.has(id));
  await crowd.add(strong, 5_000n * COIN, UNLIMITED);
  const rivals = range(SEATS + 1, RIVALS);
  await core.elections.enter(rivals);
  for (const id of range(SEATS + RIVALS + 1, NEWCOMERS)) await core.registry.admit(id);
}

const convicted = range(0, Math.ceil((2 * SEATS) / 3));

/** Makes the live weights of a convicted group 0: what they would weigh is then in their records. */
export async function refreshGroup(core: Core, crowd: Crowd): Promise<void> {
  const elections = await core.elections.getAddress();
  const ids = convicted.slice(AUTHORITIES).map((seat) => validatorOn(SEATS, seat));
  for (let i = 0; i < ids.length; i += 100) await crowd.refresh(elections, ids.slice(i, i + 100), UNLIMITED);
}

/** Two certificates that convict two thirds of the seats. */
export async function largestGroup(core: Core) {
  const signers = convicted;
  return contradiction(
    await statement(core, notarize(7, "a"), { signers }),
    await statement(core, notarize(7, "b"), { signers }),
  );
}
