import { type Refused, recordOf, type State } from "@aitbc-hybrid/contract-model";
import { pureBls } from "@aitbc-hybrid/crypto";
import { nativeBls } from "@aitbc-hybrid/crypto/native";
import {
  addressesHash,
  blockHash,
  type Certificate,
  type Checkpoint,
  checkpointRoot,
  fromBitmap,
  genesisHash,
  type Hash,
  type Params,
  readyRoot,
  restartRoot,
  voteRoot,
} from "@aitbc-hybrid/protocol";
import type { Call, Deployment, Mined, World as Simulated } from "@aitbc-hybrid/simulator";
import { expect } from "chai";
import { type ContractTransactionResponse, keccak256 } from "ethers";
import { headerWords } from "../../support/blocks.ts";
import {
  CHAIN_ID,
  COIN,
  type Core,
  checkpointAt,
  coreAddresses,
  hashOf,
  MODES,
  plain,
  possession,
  SETTLEMENT_CHAIN_ID,
  type Signer,
  seatList,
  secretOf,
  signedBy,
  words,
  wordsOfBoundary,
} from "../../support/core.ts";
import { bits } from "../../support/recovery.ts";
import { vectorOf } from "../../support/rewards.ts";
import { refusalOf, rulesOf, type World, worldOf } from "./world.ts";

const STATE_ROOT = hashOf("genesis state");
const RESERVE = 10_000_000n * COIN;

/** Every key is that of a validator's number. */
const secretOfId = (id: number): Uint8Array => secretOf(`member ${id}`);

/** Contracts that nobody registered with yet, as a simulated world takes them; its accounts are the chain's. */
export async function deploymentOf(
  core: Core,
  pool: number,
): Promise<{ readonly deployment: Deployment; readonly signerOf: (name: string) => Signer }> {
  const names = new Map<string, Signer>([["governance", core.deployer]]);
  for (let validator = 0; validator < pool; validator++) {
    names.set(`v${validator}`, core.others[validator]!);
    names.set(`d${validator}`, core.others[pool + validator]!);
  }
  names.set("anyone", core.others[2 * pool]!);
  const signerOf = (name: string): Signer => names.get(name)!;
  const times = (await core.pool.times()) as unknown as { toObject(): Record<string, bigint> };
  const { minimumDelegation, ...rest } = times.toObject();
  const balances = new Map<string, bigint>();
  for (const { address } of [core.deployer, ...core.others])
    balances.set(address, await core.token.balanceOf(address));
  await core.token.approve(core.addresses.distributor, RESERVE);
  const { token, registry, pool: custody, queue, elections, checkpoints, slashing } = coreAddresses(core);
  return {
    signerOf,
    deployment: {
      rules: rulesOf(core.file),
      times: {
        ...Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, Number(value)])),
        minimumDelegation,
      } as never,
      reserve: RESERVE,
      genesis: {
        chainId: CHAIN_ID,
        settlementChainId: SETTLEMENT_CHAIN_ID,
        addressesHash: addressesHash([
          token,
          registry,
          custody,
          queue,
          elections,
          checkpoints,
          slashing,
        ] as Hash[]),
        stateRoot: STATE_ROOT,
      },
      keyOf: (validator) => {
        const compressed = nativeBls.publicKey(secretOfId(validator + 1));
        return { compressed, uncompressed: pureBls.parseKey(compressed).uncompressed };
      },
      accountOf: (name) => signerOf(name).address,
      balances,
    },
  };
}

/** The parameters of a file that are sealed with a registry. */
export const paramsOf = (core: Core): Params => core.file.consensus as unknown as Params;

/** How often what went through and was refused, by the names of calls. */
export type Tally = Map<string, number>;

/** Sends a simulated world's transactions to the contracts, signed by real keys, and compares. */
export class Replay {
  readonly #core: Core;
  readonly #simulated: Simulated;
  readonly #signerOf: (name: string) => Signer;
  readonly #world: World;
  readonly tally: Tally = new Map();
  #last: { readonly submitter: string; readonly checkpoint: Checkpoint } | null = null;

  private constructor(core: Core, simulated: Simulated, signerOf: (name: string) => Signer, world: World) {
    this.#core = core;
    this.#simulated = simulated;
    this.#signerOf = signerOf;
    this.#world = world;
  }

  static async of(core: Core, simulated: Simulated, signerOf: (name: string) => Signer): Promise<Replay> {
    return new Replay(core, simulated, signerOf, await worldOf(core, core.deployer));
  }

  /** The contracts beside the state that the simulated chain ends with. */
  get world(): World {
    return {
      ...this.#world,
      owners: this.#core.others.slice(0, 18),
      state: this.#simulated.settlement.state,
    };
  }

  /** Plays everything that the chain mined, comparing outcomes, and the schedule after every block. */
  async play(): Promise<void> {
    const { settlement } = this.#simulated;
    const { time } = this.#core.connection.networkHelpers;
    let block = 0;
    for (const mined of settlement.history) {
      if (mined.number !== block) await this.#compare(settlement.stateAt(block));
      block = mined.number;
      await time.setNextBlockTimestamp(mined.at);
      await this.#perform(mined);
    }
    await this.#compare(settlement.state);
  }

  async #perform(mined: Mined): Promise<void> {
    const { call, from, at, number } = mined;
    let refused: Refused | null = null;
    try {
      const tx = await this.#sent(mined);
      await tx.wait();
    } catch (error) {
      refused = refusalOf(this.#world, error);
    }
    expect(refused?.name ?? null, `${call.what} by ${from} in block ${number}`).to.equal(mined.refused);
    expect(await this.#core.connection.networkHelpers.time.latest()).to.equal(at);
    const what = mined.refused === null ? call.what : `${call.what}: ${mined.refused}`;
    this.tally.set(what, (this.tally.get(what) ?? 0) + 1);
    if (call.what === "submit" && refused === null)
      this.#last = { submitter: this.#signerOf(from).address, checkpoint: call.certificate.checkpoint };
  }

  /** Epochs, modes, registries, checkpoints, recoveries. */
  async #compare(state: State): Promise<void> {
    const { checkpoints, hybrid, elections } = this.#core;
    const { contracts } = this.#simulated;
    const { schedule, recovery } = state;
    const last = await checkpoints.lastCheckpoint();
    expect(
      [last.epoch, last.height, last.stamp, last.acceptedAt, last.count].map(Number),
      "the schedule",
    ).to.deep.equal([schedule.epoch, schedule.height, schedule.stamp, schedule.acceptedAt, schedule.count]);
    for (let epoch = schedule.epoch; epoch <= schedule.epoch + 2; epoch++) {
      if (!schedule.records.has(epoch)) continue;
      const record = recordOf(state, epoch);
      const told = await checkpoints.epochRecord(epoch);
      expect(
        [told.registryRoot, Number(told.incarnation), MODES[Number(told.mode)], Number(told.firstHeight)],
        `epoch ${epoch}`,
      ).to.deep.equal([
        contracts.registryOf(record.registry).root,
        record.incarnation,
        record.mode,
        record.firstHeight,
      ]);
    }
    expect(await checkpoints.domain(schedule.epoch), "the domain").to.equal(contracts.domainOf(state));
    const candidate = contracts.candidateOf(state, schedule.epoch + 2);
    expect(await elections.snapshotHashOf(schedule.epoch + 2), "the candidate").to.equal(candidate ?? NONE);
    const { distributor } = this.#core;
    expect(
      await Promise.all([distributor.reserve(), distributor.creditLeft(), distributor.accruedEpochs()]),
      `reserve, credits left, epochs accrued (present: ${schedule.epoch})`,
    ).to.deep.equal([state.rewards.reserve, state.rewards.creditLeft, BigInt(state.rewards.seals.length)]);
    expect(await hybrid.recoveryCount()).to.equal(BigInt(recovery.recoveries.length));
    const id = recovery.recoveries.length;
    if (id === 0) return;
    const open = recovery.recoveries[id - 1]!;
    const r = await hybrid.recovery(id);
    expect(
      [r.epoch, r.openedAt, r.graceEnd, r.quietSince, r.cancelStamp, r.postedView, r.rounds].map(Number),
      "the recovery",
    ).to.deep.equal([
      open.epoch,
      open.openedAt,
      open.graceEnd,
      open.quietSince,
      open.cancelStamp,
      open.postedView,
      open.rounds,
    ]);
    const attendance = await hybrid.attendance(id);
    for (const name of ["heard", "heardNext", "left", "leftNext", "charged"] as const)
      expect(bits([...attendance[name]]), name).to.deep.equal([...open[name]].sort((a, b) => a - b));
  }

  /** Secrets of seats of the registry that a domain names. */
  #secrets(domain: Hash, seats: readonly number[]): Uint8Array[] {
    const registry = this.#simulated.oracles.registryOfDomain(domain)!;
    return seats.map((seat) => secretOfId(registry.entries[seat]!.validatorId));
  }

  #proof(c: Pick<Certificate, "domain" | "bitmap">, root: Hash) {
    const seats = [...fromBitmap(c.bitmap)];
    return {
      signature: signedBy(this.#secrets(c.domain, seats), root),
      present: true,
      seats: seatList(seats),
    };
  }

  #anchor() {
    const { submitter, checkpoint } = this.#last ?? {
      submitter: this.#core.deployer.address,
      checkpoint: checkpointAt({ height: 0 }),
    };
    return { submitter, checkpoint: words(checkpoint) };
  }

  async #sent({ call, from, at, number }: Mined): Promise<ContractTransactionResponse> {
    const core = this.#core;
    const signer = this.#signerOf(from);
    const o = { gasLimit: 16_000_000n };
    const pool = core.pool.connect(signer);
    const hybrid = core.hybrid.connect(signer);
    switch (call.what) {
      case "fund":
        return core.distributor.connect(signer).fund(call.amount, o);
      case "register": {
        const id = core.members.size + 1;
        const { secret, keyBytes, key, proof } = possession(core, `member ${id}`, id);
        core.members.set(id, { id, secret, keyBytes, operator: signer });
        return core.registry
          .connect(signer)
          .register(signer.address, signer.address, key, proof, `member ${id}`, o);
      }
      case "admit":
        return core.registry.connect(signer).admit(call.validator, o);
      case "revoke":
        return core.registry.connect(signer).revoke(call.validator, o);
      case "unjail":
        return core.registry.connect(signer).unjail(call.validator, o);
      case "comeBack": {
        const day = Math.floor(at / 86_400);
        const root = readyRoot(
          (await core.checkpoints.domain(await core.checkpoints.epochNow())) as Hash,
          day,
        );
        return hybrid.comeBack(call.validator, day, signedBy([secretOfId(call.validator)], root), o);
      }
      case "depositBond":
        return pool.depositBond(call.validator, call.amount, o);
      case "requestUnbond":
        return pool.requestUnbond(call.validator, call.amount, o);
      case "delegate":
        return pool.delegate(call.validator, call.amount, o);
      case "undelegate":
        return pool.undelegate(call.validator, call.shares, o);
      case "enter":
        return core.elections.connect(signer).enter([...call.validators], o);
      case "start":
        return core.checkpoints
          .connect(signer)
          .start(coreAddresses(core), MODES.indexOf(call.mode), STATE_ROOT, await this.#hints(), o);
      case "seal":
        return core.elections.connect(signer).seal(call.epoch, await this.#hints(), o);
      case "submit":
        return this.#submit(call, signer, o);
      case "accrue": {
        const { accounting } = this.#simulated.settlement
          .stateAt(number)
          .schedule.boundaries.get(call.epoch)!;
        const vector = vectorOf(call.vector);
        const told = { ...accounting, vectorHash: keccak256(vector) };
        return core.distributor.connect(signer).accrue(call.epoch, told, vector, call.relayer, o);
      }
      case "open":
        return hybrid.open(o);
      case "leak":
        return hybrid.leak(o);
      case "charge":
        return hybrid.charge(call.recovery, [...call.seats], o);
      case "post": {
        const { certificate, header } = call;
        expect(blockHash(header), "the header posted").to.equal(certificate.blockHash);
        const posted = {
          isFinal: certificate.kind === "finalize",
          viewNumber: certificate.view,
          parentView: certificate.parentView,
          header: headerWords(header),
          proof: this.#proof(certificate, voteRoot(certificate.domain, certificate)),
        };
        return hybrid.post(posted, this.#anchor(), o);
      }
      case "restart":
        return this.#restart(call, signer, o);
      case "activate":
        return hybrid.activate(call.view, call.blockHash, this.#anchor(), o);
    }
  }

  async #hints() {
    return plain(await this.#core.elections.sealHints.staticCall());
  }

  #submit(call: Call & { readonly what: "submit" }, signer: Signer, o: { gasLimit: bigint }) {
    const { certificate } = call;
    const { checkpoint, domain } = certificate;
    const proof = this.#proof(certificate, checkpointRoot(domain, checkpoint));
    const checkpoints = this.#core.checkpoints.connect(signer);
    if (checkpoint.boundary === null) return checkpoints.submit(words(checkpoint), proof, o);
    const boundary = wordsOfBoundary(checkpoint.boundary);
    return checkpoints.submitBoundary({ checkpoint: words(checkpoint), boundary, proof }, o);
  }

  async #restart(call: Call & { readonly what: "restart" }, signer: Signer, o: { gasLimit: bigint }) {
    const { checkpoints, elections } = this.#core;
    const epoch = Number(await checkpoints.epochNow());
    const root = restartRoot((await checkpoints.domain(epoch)) as Hash, call.view, call.blockHash);
    const secrets = async (of: number, seats: readonly number[]) => {
      const { seal } = await checkpoints.recordedRegistry(of);
      const keys = await elections.keyTable(seal, 0, 1024);
      return seats.map(
        (seat) => this.#core.secrets.get(`0x${keys.slice(2 + 192 * seat, 194 + 192 * seat)}`)!,
      );
    };
    const signers = [...(await secrets(epoch, call.present)), ...(await secrets(epoch + 1, call.next))];
    const proof = {
      signature: signedBy(signers, root),
      present: true,
      seats: seatList(call.present),
      nextPresent: true,
      nextSeats: seatList(call.next),
    };
    return this.#core.hybrid.connect(signer).restart(call.view, call.blockHash, proof, o);
  }

  /** The chain that both began. */
  async compareGenesis(): Promise<void> {
    expect(await this.#core.checkpoints.genesisHash()).to.equal(genesisHash(this.#simulated.genesis));
  }
}

const NONE = `0x${"00".repeat(32)}`;
