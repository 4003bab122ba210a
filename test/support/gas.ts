import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { artifacts, network } from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import {
  boundaryNow,
  COIN,
  type Core,
  checkpointAt,
  closeEpoch,
  coreAddresses,
  deployCore,
  hashOf,
  MODES,
  notarize,
  plain,
  populate,
  possession,
  register,
  startedCore,
  submission,
  votePair,
  ZERO,
} from "./core.ts";
import {
  crowdedCore,
  exhaustSeal,
  largestGroup,
  pretendRotations,
  refreshGroup,
  scatteredCore,
} from "./crowd.ts";
import { KIND } from "./custody.ts";
import { anchor, bits, endGrace, open, restartProof } from "./recovery.ts";
import { accrueEpoch, delegate, deployWorld, fundedCore, payHour, sealRegistry } from "./rewards.ts";

const TABLE = join(import.meta.dirname, "..", "..", "docs", "gas.json");

/** Gas by name; bytes for `maxContractBytes`. */
export type GasFigures = Record<string, number>;

/** A line of docs/gas.json: what was measured last, and the bar where there is one. */
export interface TableEntry {
  readonly value: number;
  readonly bar?: number;
  readonly met?: boolean;
}

interface Table {
  readonly about: string;
  readonly figures: Record<string, TableEntry>;
}

export const readTable = (): Table => JSON.parse(readFileSync(TABLE, "utf8")) as Table;

/** Renews the table's values and its lines; bars stay as they are. */
export function writeTable(measured: GasFigures): void {
  const { about, figures } = readTable();
  const lines = Object.entries(measured).map(([name, value]): [string, TableEntry] => {
    const bar = figures[name]?.bar;
    return [name, bar === undefined ? { value } : { value, bar, met: value <= bar }];
  });
  writeFileSync(TABLE, `${JSON.stringify({ about, figures: Object.fromEntries(lines) }, null, 2)}\n`);
}

/** Seats of a chain that gas is measured on. */
export type Population = 7 | 21 | 100;

/** Authorities of each population; the others are stakers. */
const AUTHORITIES: Readonly<Record<Population, number>> = { 7: 4, 21: 7, 100: 21 };
const RING = 64;
/** Mapping a message to the curve costs up to 300 gas more or less by its hash, which a difference of two calls would show as its own. */
const REPEATS = 12;
/** Without the bound on a transaction, to bring up a thousand seats in few. What is measured is compared with it. */
export const UNCAPPED = { override: { transactionGasCap: false, blockGasLimit: 1_000_000_000n } } as const;
/** Long enough to write the whole ring in the first epoch. */
const EPOCH_LENGTH = 200;

interface Mined {
  wait(): Promise<{ gasUsed: bigint } | null>;
}

/** Gas of a transaction, what it costs to include it and its storage's price and refunds among it. */
const gasOf = async (sent: Promise<Mined>): Promise<number> => Number((await (await sent).wait())!.gasUsed);

const submit = async (core: Core, height: number, absent: readonly number[] = []) => {
  const { checkpoint, proof } = await submission(core, checkpointAt({ height }), { absent });
  return gasOf(core.checkpoints.submit(checkpoint, proof));
};

const boundarySubmission = async (core: Core) => {
  const { lastHeight } = await core.checkpoints.epochRecord(await core.checkpoints.epochNow());
  return submission(core, checkpointAt({ height: Number(lastHeight), boundary: await boundaryNow(core) }));
};

const hints = async (core: Core) => plain(await core.elections.sealHints.staticCall());

const deposit = async (core: Core, validator: number) =>
  gasOf(core.pool.connect(core.members.get(validator)!.operator).depositBond(validator, 1_000n * COIN));

type VotePair = Awaited<ReturnType<typeof votePair>>;

/** Evidence of two votes, by somebody who holds no AITBC before. */
async function submitPair(core: Core, seat: number, pair: VotePair): Promise<number> {
  const { ethers, networkHelpers } = core.connection;
  const reporter = new ethers.Wallet(hashOf(`reporter ${seat}`), ethers.provider);
  await networkHelpers.setBalance(reporter.address, COIN);
  return gasOf(core.slashing.connect(reporter).submitVotes(pair));
}

const report = async (core: Core, seat: number): Promise<number> =>
  submitPair(core, seat, await votePair(core, seat, notarize(3, "one"), notarize(3, "other")));

/** Begins a chain and accepts checkpoints until every slot of the ring was written once. */
async function begin(connection: NetworkConnection, seats: Population) {
  const core = await deployCore(connection, (file) => ({
    ...file,
    consensus: {
      ...file.consensus,
      epochLength: { fast: EPOCH_LENGTH, balanced: EPOCH_LENGTH, secure: EPOCH_LENGTH },
    },
  }));
  const authorities = AUTHORITIES[seats];
  await populate(core, Array(authorities).fill(10_000), Array(seats - authorities).fill(20_000));
  const start = await gasOf(
    core.checkpoints.start(
      coreAddresses(core),
      MODES.indexOf("balanced"),
      hashOf("genesis state"),
      await hints(core),
    ),
  );
  // The very first finds slots warm or empty that no other does.
  await submit(core, 1);
  const fresh = await submit(core, 2);
  for (let height = 3; height <= RING; height++) await submit(core, height);
  return { core, start, fresh };
}

/** What depends on the number of seats, on a chain that just began. */
async function measureSeats(core: Core, seats: Population): Promise<GasFigures> {
  const figures: GasFigures = {};
  let height = RING;
  const mean = async (absent: readonly number[]) => {
    let total = 0;
    for (let i = 0; i < REPEATS; i++) total += await submit(core, ++height, absent);
    return total / REPEATS;
  };
  const all = await mean([]);
  figures[`checkpoint${seats}`] = Math.round(all);
  // A quarter of each class: the rest is a quorum.
  const authorities = AUTHORITIES[seats];
  const quarter = (from: number, to: number) =>
    Array.from({ length: Math.floor((to - from) / 4) }, (_, i) => from + i);
  const absent = [...quarter(0, authorities), ...quarter(authorities, seats)];
  if (seats !== 7) {
    const suffix = seats === 21 ? "" : seats;
    const one = await mean(absent.slice(-1));
    const many = await mean(absent);
    figures[`firstAbsentee${suffix}`] = Math.round(one - all);
    figures[`perAbsentee${suffix}`] = Math.round((many - one) / (absent.length - 1));
  }
  // The candidate of epoch 3, after one deposit.
  await core.checkpoints.submitBoundary(await boundarySubmission(core));
  await deposit(core, seats);
  figures[`seal${seats}`] = await gasOf(core.elections.seal(3, await hints(core)));
  return figures;
}

/** What does not, on a chain of 7 seats whose epoch 0 has ended and whose epoch 3 is sealed. */
async function measureOnce(core: Core): Promise<GasFigures> {
  const figures: GasFigures = {};
  const { ethers, networkHelpers } = core.connection;
  figures.checkpointBoundary = await gasOf(core.checkpoints.submitBoundary(await boundarySubmission(core)));
  await core.elections.seal(4, await hints(core));
  figures.deposit = await deposit(core, 6);
  figures.checkpointBoundaryAndSeal = await gasOf(
    core.checkpoints.submitAndSeal(await boundarySubmission(core), await hints(core)),
  );

  const id = Number(await core.registry.validatorCount()) + 1;
  const newcomer = new ethers.Wallet(hashOf("newcomer"), ethers.provider);
  await networkHelpers.setBalance(newcomer.address, COIN);
  const { key, proof } = possession(core, "newcomer", id);
  figures.register = await gasOf(
    core.registry
      .connect(newcomer)
      .register(newcomer.address, newcomer.address, key, proof, "https://validator.example"),
  );

  // The first conviction of all finds the slashing pool empty.
  await core.slashing.submitVotes(await votePair(core, 4, notarize(3, "one"), notarize(3, "other")));
  figures.evidence = await report(core, 5);

  const bonded = await register(core, "bonded");
  figures.firstDeposit = await deposit(core, bonded.id);
  return figures;
}

/**
 * After the first of their seal: a delegation makes a row and an entry for the next seal, which those after it find.
 */
async function measureStake(connection: NetworkConnection): Promise<GasFigures> {
  const core = await startedCore(connection);
  const owner = core.pool.connect(core.others[10]!);
  const validator = 6;
  const figures: GasFigures = {};
  for (const name of ["delegate", "undelegate"] as const) {
    const call = () => gasOf(owner[name](validator, name === "delegate" ? 1_000n * COIN : 10n ** 24n));
    figures[`${name}First`] = await call();
    figures[name] = await call();
  }
  return figures;
}

/**
 * What a conviction costs more for the first and for each further cohort of stake that is leaving and answers for the
 * offence, where the bond does not cover the penalty: each of them pays.
 */
async function measureCohorts(connection: NetworkConnection): Promise<GasFigures> {
  const core = await startedCore(connection);
  const { networkHelpers } = connection;
  const owner = core.pool.connect(core.others[10]!);
  const seat = 6;
  const leaving = seat + 1;
  await owner.delegate(leaving, 300_000n * COIN);
  for (let epoch = 0; epoch < 3; epoch++) await closeEpoch(core);
  const epoch = Number(await core.checkpoints.epochNow());
  const { seal } = await core.checkpoints.recordedRegistry(epoch);
  // The first of all writes what no other does, and too little of it is collected for the next reporter.
  await report(core, 0);
  await core.token.transfer(core.addresses.slashing, 10_000n * COIN);
  // The same evidence each time: what its proof costs is no part of a difference.
  const pair = await votePair(core, seat, notarize(3, "one"), notarize(3, "other"), { epoch });
  const convict = async () => {
    const before = await networkHelpers.takeSnapshot();
    const gas = await submitPair(core, seat, pair);
    await before.restore();
    return gas;
  };
  const leave = () => owner.undelegate(leaving, 100n * COIN * 10n ** 6n);
  const none = await convict();
  await leave();
  const one = await convict();
  for (let day = 0; day < 2; day++) {
    await networkHelpers.time.increase(Number(core.file.unbonding.cohortPeriod));
    await closeEpoch(core);
    await leave();
  }
  let answering = 0;
  const count = await core.queue.cohortCount(leaving, KIND.delegation);
  for (let i = 0n; i < count; i++) {
    if ((await core.queue.cohort(leaving, KIND.delegation, i)).lastSeal >= seal) ++answering;
  }
  const many = await convict();
  return {
    evidenceDelegated: none,
    firstCohort: one - none,
    perCohort: Math.round((many - one) / (answering - 1)),
  };
}

/** A thousand seats, all of which vote, missed something and proposed. */
async function measureAccrual(connection: NetworkConnection): Promise<GasFigures> {
  const w = await deployWorld(connection);
  const weights = Array.from({ length: 1_000 }, (_, seat) => 1_000 + seat);
  const presence = weights.map((_, seat) => ({ missed: 1 + seat, proposed: 7 }));
  for (const seal of [1, 2, 3]) await sealRegistry(w, { seal, authorities: 21, weights });
  await accrueEpoch(w, 1, { mode: "secure", presence });
  const { tx } = await accrueEpoch(w, 2, { mode: "secure", presence });
  return { accrue1000: await gasOf(Promise.resolve(tx)) };
}

/** Claims of a delegator: the first, one after an epoch, one after many, and one over as many rows as it walks. */
async function measureClaims(connection: NetworkConnection): Promise<GasFigures> {
  const core = await fundedCore(connection);
  const [owner, other] = [core.others[10]!, core.others[11]!];
  const validator = 5;
  const claim = () => gasOf(core.distributor.connect(owner).claim([validator], owner.address));
  const figures: GasFigures = {};
  await delegate(core, owner, validator, 10_000);
  for (let epoch = 0; epoch < 4; epoch++) await payHour(core);
  figures.claimFirst = await claim();
  await payHour(core);
  figures.claim = await claim();
  for (let epoch = 0; epoch < 20; epoch++) await payHour(core);
  figures.claimAfter20 = await claim();
  for (let epoch = 0; epoch < 9; epoch++) {
    await delegate(core, other, validator, 1_000);
    await payHour(core);
  }
  figures.claimManyRows = await claim();
  figures.claimValidator = await gasOf(core.distributor.claimValidator([validator]));
  return figures;
}

/**
 * A recovery from genesis of a thousand seats two thirds of which are convicted: rounds of the leak down to its floor,
 * then the registry sealed again without the convicted, those left out, and all authorities, none of whom asks for it.
 */
async function measureRecovery(core: Core): Promise<GasFigures> {
  const { time } = core.connection.networkHelpers;
  await core.slashing.submitContradiction(await largestGroup(core), ZERO);
  await open(core);
  await endGrace(core);
  const rounds = [];
  for (let round = 0; round < 3; round++) {
    await time.increaseTo(await core.hybrid.nextRoundAt());
    rounds.push(await gasOf(core.hybrid.leak()));
  }
  const { left } = await core.hybrid.attendance(1);
  const authorities = Array.from({ length: 21 }, (_, seat) => seat);
  const absent = [...authorities, ...bits(left).filter((seat) => seat >= authorities.length)];
  const genesis = await core.checkpoints.genesisHash();
  const proof = await restartProof(core, 0, genesis, { absent });
  return {
    leakRound: Math.max(...rounds),
    restartVotes: await gasOf(core.hybrid.restart(0, genesis, proof)),
    sealRecovery: await gasOf(core.hybrid.activate(0, genesis, anchor(core))),
  };
}

/**
 * Each validator's standing in a word of its own that has to be read: a seal, and the dearest activation, with every
 * authority silent and every key another than the live one on its seat.
 */
export async function measureScattered(connection: NetworkConnection): Promise<GasFigures> {
  const core = await scatteredCore(connection);
  const begun = await connection.networkHelpers.takeSnapshot();
  await core.checkpoints.submitBoundary(await boundarySubmission(core));
  const sealScattered = await gasOf(core.elections.seal(3, await hints(core)));
  await begun.restore();
  await pretendRotations(core);
  await open(core);
  await endGrace(core);
  const absent = Array.from({ length: Number((await core.elections.seats()).nAuth) }, (_, seat) => seat);
  const genesis = await core.checkpoints.genesisHash();
  await core.hybrid.restart(0, genesis, await restartProof(core, 0, genesis, { absent }));
  const sealRecoveryWorst = await gasOf(core.hybrid.activate(0, genesis, anchor(core)));
  return { sealScattered, sealRecoveryWorst };
}

/** A chain of a thousand seats, with the calls whose gas grows with them. */
export async function measureThousand(connection: NetworkConnection): Promise<GasFigures> {
  const { core, crowd, startGas } = await crowdedCore(connection, EPOCH_LENGTH);
  const figures: GasFigures = { start1000: startGas };
  const begun = await connection.networkHelpers.takeSnapshot();
  Object.assign(figures, await measureRecovery(core));
  await begun.restore();
  for (let height = 1; height <= RING; height++) await submit(core, height);
  figures.checkpoint1000 = await submit(core, RING + 1);
  const fifty = Array.from({ length: 50 }, (_, i) => 19 * (i + 1));
  figures.checkpoint1000absent50 = await submit(core, RING + 2, fifty);
  figures.checkpointBoundary1000 = await gasOf(
    core.checkpoints.submitBoundary(await boundarySubmission(core)),
  );
  await deposit(core, 1);
  const seal = async (epoch: number) => gasOf(core.elections.seal(epoch, await hints(core)));
  figures.seal1000 = await seal(3);
  await core.checkpoints.submitBoundary(await boundarySubmission(core));
  await exhaustSeal(core, crowd);
  figures.convictGroup = await gasOf(core.slashing.submitContradiction(await largestGroup(core), ZERO));
  // With what the convicted weighed in its place, and on record only.
  const before = await connection.networkHelpers.takeSnapshot();
  figures.sealWorst = await seal(4);
  await before.restore();
  await refreshGroup(core, crowd);
  figures.sealConvicted = await seal(4);
  return figures;
}

/** Runtime code of the largest contract, bytes. */
async function largestContract(): Promise<number> {
  const sizes = [];
  for (const name of await artifacts.getAllFullyQualifiedNames()) {
    if (!name.startsWith("contracts/")) continue;
    const { deployedBytecode } = await artifacts.readArtifact(name);
    sizes.push(deployedBytecode.length / 2 - 1);
  }
  return Math.max(...sizes);
}

/**
 * Measures on chains of the given populations, with real keys and signatures: gas of whole transactions
 * (`receipt.gasUsed`), and bytes for `maxContractBytes`. A checkpoint's figures are those of a chain that has accepted
 * 64 before, whose ring is written, except where their names end in Fresh.
 */
export async function measureGas(
  populations: readonly Population[],
  options: { readonly thousand?: boolean } = {},
): Promise<GasFigures> {
  const figures: GasFigures = {};
  for (const seats of populations) {
    const connection = await network.create();
    try {
      const { core, start, fresh } = await begin(connection, seats);
      figures[`checkpoint${seats}Fresh`] = fresh;
      figures[`start${seats}`] = start;
      Object.assign(figures, await measureSeats(core, seats));
      if (seats === 7) Object.assign(figures, await measureOnce(core));
    } finally {
      await connection.close();
    }
  }
  const parts = [measureAccrual, measureClaims, measureStake, measureCohorts];
  for (const measure of options.thousand === true ? [...parts, measureThousand, measureScattered] : parts) {
    const connection = await network.create(UNCAPPED);
    try {
      Object.assign(figures, await measure(connection));
    } finally {
      await connection.close();
    }
  }
  figures.maxCall = Math.max(...Object.values(figures));
  figures.maxContractBytes = await largestContract();
  return figures;
}
