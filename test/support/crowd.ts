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
const UNLIMITED = { gasLimit: 900_000_000n };

/** Keys of many validators as the crowd takes them; each turn has its own. */
export function keysOf(core: Core, ids: readonly number[], turn: number) {
  const all = ids.map((id) => possession(core, `crowd ${id} ${turn}`, id));
  return [all.map(({ key }) => key), all.map(({ proof }) => proof)] as const;
}

export const range = (from: number, count: number, step = 1): number[] =>
  Array.from({ length: count }, (_, i) => from + step * i);

/**
 * A thousand seats in Secure unless told otherwise, 21 of them authorities'. The settlement chain limits no transaction. The validators on
 * neighbouring seats have numbers far apart: their standing is kept in different words.
 */
export async function crowdedCore(
  connection: NetworkConnection,
  epochLength: number,
  seats = SEATS,
): Promise<{ core: Core; crowd: Crowd }> {
  const core = await deployCore(connection, (file) => ({
    ...file,
    consensus: {
      ...file.consensus,
      epochLength: { fast: epochLength, balanced: epochLength, secure: epochLength },
    },
  }));
  await populate(core, Array(AUTHORITIES).fill(10_000), []);
  const { token, registry, pool } = core.addresses;
  const crowd = (await connection.ethers.deployContract("Crowd", [
    token,
    registry,
    pool,
  ])) as unknown as Crowd;
  await core.token.connect(core.others[0]!).transfer(await crowd.getAddress(), 40_000_000n * COIN);
  const ids = range(AUTHORITIES + 1, seats - AUTHORITIES + RIVALS + NEWCOMERS);
  for (let i = 0; i < ids.length; i += 100) {
    const [keys, proofs] = keysOf(core, ids.slice(i, i + 100), 0);
    await crowd.bring(keys, proofs, 20_000n * COIN, UNLIMITED);
  }
  const stakers = seats - AUTHORITIES;
  const order = range(0, stakers).map((i) => AUTHORITIES + 1 + ((389 * i) % stakers));
  await core.elections.enter(order, UNLIMITED);
  const hints = plain(await core.elections.sealHints.staticCall(UNLIMITED));
  const mode = MODES.indexOf("secure");
  await core.checkpoints.start(coreAddresses(core), mode, hashOf("genesis state"), hints, UNLIMITED);
  return { core, crowd };
}

/**
 * As much work for the next seal as validators can make: keys rotated apart from each other, most of Balanced's voting
 * set exchanged, as many contenders as there may be, each of which drives a staker out, and as many stakers without a
 * seat admitted as authorities.
 */
export async function exhaustSeal(core: Core, crowd: Crowd): Promise<void> {
  const rotating = range(AUTHORITIES + 1, ROTATIONS, 61);
  await crowd.rotate(rotating, ...keysOf(core, rotating, 1), UNLIMITED);
  await crowd.add(range(AUTHORITIES + 3, 100, 7), 5_000n * COIN, UNLIMITED);
  const rivals = range(SEATS + 1, RIVALS);
  await crowd.add(rivals, 3_000n * COIN, UNLIMITED);
  await core.elections.enter(rivals);
  for (const id of range(SEATS + RIVALS + 1, NEWCOMERS)) await core.registry.admit(id);
}

/** Two certificates that convict two thirds of the seats. */
export async function largestGroup(core: Core) {
  const signers = range(0, Math.ceil((2 * SEATS) / 3));
  return contradiction(
    await statement(core, notarize(7, "a"), { signers }),
    await statement(core, notarize(7, "b"), { signers }),
  );
}
