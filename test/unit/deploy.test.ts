import { expect } from "chai";
import { Interface, type InterfaceAbi, id } from "ethers";
import hre, { artifacts, network } from "hardhat";
import { delaysOf, parametersFor } from "../../tasks/parameters.ts";
import { type BlockAt, probeFinality, probePrecompiles } from "../../tasks/probe.ts";
import { CONTRACT_NAMES, type Contracts, handOverCalls, PERMISSIONS, ROLES } from "../../tasks/roles.ts";
import { abisOf, verifyRoles } from "../../tasks/verify-roles.ts";
import { type Core, deployCore, loadCore } from "../support/core.ts";

const connection = await network.create();
const { ethers } = connection;
const load = (fixture: () => Promise<Core>) => loadCore(connection, fixture);
const fresh = () => deployCore(connection);

describe("precompile probe", () => {
  const call = async (to: string, data: string) => ethers.provider.call({ to, data });

  it("is content with this chain", async () => {
    expect(await probePrecompiles(call)).to.deep.equal([]);
  });

  it("names what is missing", async () => {
    const faults = await probePrecompiles(async () => "0x");
    expect(faults.some((fault) => fault.startsWith("PAIRING accepts"))).to.equal(true);
    expect(faults.some((fault) => fault.includes("refuses"))).to.equal(false);
  });

  it("finds every precompile that is lax", async () => {
    const lax = async (to: string, data: string) => {
      try {
        return await call(to, data);
      } catch {
        return `0x${"00".repeat(31)}01`;
      }
    };
    const faults = await probePrecompiles(lax);
    expect(faults.length).to.equal(8);
    expect(faults.every((fault) => fault.includes("refuses"))).to.equal(true);
  });
});

describe("roles", () => {
  /** Functions of a contract that nobody but a role may call, told by what they refuse to a stranger. */
  async function restricted(core: Core, name: keyof Contracts): Promise<string[]> {
    const { abi } = await artifacts.readArtifact(CONTRACT_NAMES[name]);
    const contract = new Interface(abi as InterfaceAbi);
    const refusal = id("AccessManagedUnauthorized(address)").slice(0, 10);
    const names: string[] = [];
    for (const fragment of abi as { type: string; name: string; stateMutability: string }[]) {
      if (fragment.type !== "function" || fragment.stateMutability !== "nonpayable") continue;
      const { selector } = contract.getFunction(fragment.name)!;
      const data = `${selector}${"00".repeat(32 * 80)}`;
      const error = await core.connection.ethers.provider
        .call({ to: core.addresses[name], data, from: core.others[10]!.address })
        .then(
          () => "",
          (thrown: { data?: string; cause?: { data?: string } }) => thrown.data ?? thrown.cause?.data ?? "",
        );
      if (typeof error === "string" && error.startsWith(refusal)) names.push(fragment.name);
    }
    return names.sort();
  }

  it("cover every restricted function, and no other", async () => {
    const core = await load(fresh);
    for (const name of Object.keys(CONTRACT_NAMES) as (keyof Contracts)[]) {
      if (name === "access") continue;
      const named = PERMISSIONS.filter(({ contract }) => contract === name).flatMap(
        ({ functions }) => functions,
      );
      // AccessManaged's own: only AccessManager itself may call it.
      const expected = [...named, ...(named.length === 0 ? [] : ["setAuthority"])].sort();
      expect(await restricted(core, name), name).to.deep.equal(expected);
    }
  });

  /** Contracts as a network has them: nobody has more than the deploy task gives. */
  async function networkLike(): Promise<Core> {
    const core = await deployCore(connection);
    await core.access.revokeRole(ROLES.modules, core.deployer.address);
    return core;
  }
  const report = async (core: Core) =>
    verifyRoles(ethers.provider, core.addresses, await abisOf(artifacts), delaysOf(core.file), 0);
  const handOver = async (core: Core) => {
    const abis = await abisOf(artifacts);
    await core.access.multicall(handOverCalls((name) => abis.get(name)!, core.deployer.address));
  };

  it("leave a deployer that hands over without any power", async () => {
    const core = await load(networkLike);
    const before = await report(core);
    expect(before.deployer).to.equal(core.deployer.address);
    expect([...before.deviations].sort()).to.deep.equal([
      `${core.deployer.address} is in role admin`,
      `${core.deployer.address} is in role governance`,
    ]);
    await handOver(core);
    const after = await report(core);
    expect(after.deviations).to.deep.equal([]);
    expect(after.ok).to.equal(true);
    expect(after.roles.admin).to.deep.equal([core.addresses.timelock]);
    expect(after.timelock.EXECUTOR_ROLE).to.deep.equal([core.addresses.governor]);
    for (const role of Object.values(ROLES)) {
      expect((await core.access.hasRole(role, core.deployer.address)).isMember).to.equal(false);
    }
  });

  it("are read from the chain: whatever deviates is named", async () => {
    const core = await load(networkLike);
    const { access, addresses, deployer, others } = core;
    const stranger = others[3]!.address;
    await access.grantRole(ROLES.recovery, stranger, 0);
    await access.revokeRole(ROLES.council, addresses.council);
    await access.grantRole(77, stranger, 0);
    await access.setRoleAdmin(ROLES.modules, 77);
    await access.setTargetClosed(addresses.council, true);
    const exit = core.registry.getFunction("exit").fragment.selector;
    await access.setTargetFunctionRole(addresses.registry, [exit], ROLES.council);
    await handOver(core);
    const { ok, deviations } = await report(core);
    expect(ok).to.equal(false);
    expect([...deviations].sort()).to.deep.equal(
      [
        `${stranger} is in role recovery`,
        `${stranger} is in role 77`,
        "council is not in role council",
        "role modules has another admin or guardian",
        "council is closed",
        "registry.exit(uint64) is role council's",
      ].sort(),
    );
    expect(deployer.address).to.not.equal(stranger);
  });

  it("come with the wiring: a module that not all know is named", async () => {
    const core = await load(networkLike);
    const { pool, registry, inbox, addresses, others } = core;
    expect([await inbox.inclusion(), await inbox.distributor(), await inbox.token()]).to.deep.equal([
      addresses.inclusion,
      addresses.distributor,
      addresses.token,
    ]);
    const stranger = others[3]!.address;
    await core.access.grantRole(ROLES.modules, core.deployer.address, 0);
    await registry.setSlasher(stranger);
    await pool.setDistributor(addresses.hybrid);
    await pool.setElections(addresses.hybrid);
    await core.access.revokeRole(ROLES.modules, core.deployer.address);
    await handOver(core);
    const { ok, deviations } = await report(core);
    expect(ok).to.equal(false);
    expect([...deviations].sort()).to.deep.equal(
      [
        `registry.slasher is ${stranger}`,
        "pool.elections is hybrid",
        ...["pool", "slashing", "inbox"].map((name) => `${name}.distributor is hybrid`),
      ].sort(),
    );
    const lens = await ethers.deployContract("InclusionLens", [addresses.checkpoints]);
    const other = await verifyRoles(
      ethers.provider,
      { ...addresses, inclusion: await lens.getAddress() },
      await abisOf(artifacts),
      delaysOf(core.file),
      0,
    );
    expect(other.deviations).to.include(`inbox.inclusion is ${addresses.inclusion}`);
  });

  it("name delays that are shorter than stake takes to leave", async () => {
    const core = await load(networkLike);
    await handOver(core);
    const { deviations } = await verifyRoles(
      ethers.provider,
      core.addresses,
      await abisOf(artifacts),
      { target: 10_000, grant: 20_000 },
      0,
    );
    expect(deviations).to.include("who may call pool can be changed after 120 s");
    expect(deviations).to.include("role recovery is granted after 150 s");
  });
});

describe("finality probe", () => {
  const rules = { settlementLag: 1_000, settleDepth: 0, refLag: 60_000 };
  /** Blocks of ten seconds, of which the finalized one is that many back. */
  const chain =
    (finalized: number | null): BlockAt =>
    async (tag) => {
      const latest = 500;
      const at = (number: number) => ({
        number: `0x${number.toString(16)}`,
        timestamp: `0x${(10 * number).toString(16)}`,
      });
      if (tag === "latest") return at(latest);
      if (tag !== "finalized") return at(Number(tag));
      return finalized === null ? null : at(latest - finalized);
    };

  it("finds no fault with a chain as fast as the parameters count on", async () => {
    expect(await probeFinality(chain(94), rules)).to.equal(null);
    expect(await probeFinality(chain(null), { ...rules, settleDepth: 94 })).to.equal(null);
    // Younger than it takes: its first block is as old as it gets.
    expect(await probeFinality(chain(null), { ...rules, settleDepth: 501, settlementLag: 5_060 })).to.equal(
      null,
    );
  });

  it("names the age of the youngest block that counts, and what to set", async () => {
    expect(await probeFinality(chain(95), rules)).to.match(/younger than 1010 s.*`settlementLag` is 1000 s/);
    expect(await probeFinality(chain(null), { ...rules, settleDepth: 95 })).to.match(/1010 s/);
    expect(await probeFinality(chain(null), rules)).to.match(/no finalized block: set `settleDepth`/);
    const unheard: BlockAt = (tag) =>
      tag === "latest" ? chain(0)(tag) : Promise.reject(new Error("unknown block"));
    expect(await probeFinality(unheard, rules)).to.match(/no finalized block/);
  });

  it("asks nothing of a devnet, and every other network's epochs leave time", async () => {
    expect(
      await probeFinality(() => Promise.reject(new Error("asked")), { ...rules, settlementLag: 0 }),
    ).to.equal(null);
    expect(parametersFor(1, undefined).settlementLag).to.be.above(0);
  });
});

describe("sizes", () => {
  it("no contract is above 22,000 bytes", async () => {
    for (const name of [
      ...Object.values(CONTRACT_NAMES),
      "Resealing",
      "Sealing",
      "SnapshotLens",
      "Delegations",
      "StakeViews",
      "Ballots",
      "ProposalRules",
    ]) {
      const { deployedBytecode } = await artifacts.readArtifact(name);
      // Instrumented code is larger.
      const most = hre.globalOptions.coverage ? 44_000 : 22_000;
      expect((deployedBytecode.length - 2) / 2, name).to.be.at.most(most);
    }
  });
});
