import { formatEther } from "viem";
import { aborted } from "./abort.ts";
import { compareChains, finalHeight } from "./agreement.ts";
import { Cluster, type DevnetHooks } from "./cluster.ts";
import { actAsDelegator } from "./delegator.ts";
import { DevnetError } from "./errors.ts";
import { misbehave } from "./misbehave.ts";
import { checkOptions, type DevnetOptions } from "./options.ts";
import { rpc } from "./rpc.ts";
import { finalityOf, Rate } from "./statistics.ts";
import type { DevnetResult, DevnetStatus, ValidatorStatus } from "./types.ts";
import type { WalletReport } from "./wallet/index.ts";
import { SettlementWatch } from "./watch.ts";

/** How often the state of everything is read and shown. */
const TICK_MS = 500;
/** Longest until the first block is final, where no recovery comes before. */
const FIRST_FINAL_MS = 180_000;
/** After the wallet ended, validators may take this long to reach one height. */
const AGREEMENT_MS = 60_000;
/** After its restart, a killed validator may take this long to be where the others are. */
const CATCH_UP_MS = 180_000;
/** When, after the first final block, the delegator acts and faults asked for begin. */
const DELEGATE_AFTER_MS = 1_000;
const MISBEHAVE_AFTER_MS = 4_000;
const KILL_AFTER_MS = 9_000;
/** Heights that must become final while the killed validator is down. */
const KILL_HEIGHTS = 6;
/** Latencies that the live figures are computed from. */
const RECENT = 2_000;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Runs a devnet until its time is over or `hooks.signal` aborts; everything it started has ended when it returns.
 * @throws DevnetError with a sentence for the user.
 */
export async function runDevnet(options: DevnetOptions, hooks: DevnetHooks): Promise<DevnetResult> {
  checkOptions(options);
  const run = new Run(options, hooks);
  try {
    return await run.run();
  } finally {
    await run.end();
  }
}

/** One run: watches, disturbs where asked to, and judges. */
class Run {
  readonly #options: DevnetOptions;
  readonly #hooks: DevnetHooks;
  readonly #cluster: Cluster;
  readonly #problems: string[] = [];
  #watch: SettlementWatch | null = null;
  #epoch = 0;
  #mode = "";
  readonly #latencies: number[] = [];
  #recent: number[] = [];
  #walletReport: WalletReport | null = null;
  #lastCheckpointAt = 0;
  #delegating: Promise<void> = Promise.resolve();

  constructor(options: DevnetOptions, hooks: DevnetHooks) {
    this.#options = options;
    this.#hooks = hooks;
    this.#cluster = new Cluster(options, hooks, (report) => {
      this.#walletReport = report;
      for (const latency of report.latencies) this.#latencies.push(latency);
      this.#recent = [...this.#recent, ...report.latencies].slice(-RECENT);
    });
  }

  end(): Promise<void> {
    return this.#cluster.end();
  }

  /** Brings everything up, shows the devnet until its time is over, then ends the wallet and compares the chains. */
  async run(): Promise<DevnetResult> {
    await this.#cluster.begin();
    const startHeight = Math.max(...(await this.#heights()));
    this.#watch = await SettlementWatch.begin(
      this.#cluster.client,
      this.#cluster.network,
      await this.#readEpoch(),
    );
    const rate = new Rate(5_000);
    const began = Date.now();
    const patienceMs = FIRST_FINAL_MS + this.#cluster.recoveryMs;
    let firstFinalAt: number | null = null;
    let faults: Promise<void> | null = null;
    for (;;) {
      if (this.#cluster.fatal !== null) throw this.#cluster.fatal;
      const status = await this.#status(rate, firstFinalAt);
      const now = Date.now();
      if (firstFinalAt === null && status.height > startHeight) firstFinalAt = now;
      if (firstFinalAt === null && now - began > patienceMs) {
        throw new DevnetError(
          "TIMEOUT",
          `nothing became final within ${Math.round(patienceMs / 1000)} s: see the logs in ${this.#cluster.folder.root}/logs`,
        );
      }
      if (firstFinalAt !== null) faults ??= this.#faults(firstFinalAt);
      this.#hooks.onEvent({ type: "status", status });
      const over =
        firstFinalAt !== null && this.#options.forMs !== null && now - firstFinalAt >= this.#options.forMs;
      if (over || this.#hooks.signal.aborted) break;
      await Promise.race([sleep(TICK_MS), aborted(this.#hooks.signal)]);
    }
    const ranMs = firstFinalAt === null ? 0 : Date.now() - firstFinalAt;
    if (!this.#hooks.signal.aborted && faults !== null) await faults;
    // Also when stopped: a transaction under way ends while the settlement chain is still there.
    await this.#delegating;
    return this.#conclude(ranMs, startHeight);
  }

  async #conclude(ranMs: number, startHeight: number): Promise<DevnetResult> {
    await this.#cluster.endWallet();
    const target = Math.max(...(await this.#heights()));
    const agreement = await compareChains(
      this.#cluster.validators.map((validator) => validator.rpc),
      target,
      Date.now() + AGREEMENT_MS,
    );
    this.#problems.push(...this.#cluster.losses);
    const watch = this.#watch!;
    await watch.update(await this.#readEpoch());
    const finalized = this.#walletReport?.finalized ?? 0;
    const finality = finalityOf(this.#latencies);
    if (target <= startHeight || finalized === 0) this.#problems.push("no transfer became final");
    if (watch.checkpoints === 0) this.#problems.push("no checkpoint was accepted on the settlement chain");
    if (!agreement.agreed)
      this.#problems.push(`the finalized chains were not shown to agree: ${agreement.problem}`);
    if (this.#options.misbehave && watch.slashed === 0 && !this.#tempted.follows)
      this.#problems.push("the misbehaving authority was not slashed");
    if (watch.slashed > 0 && watch.evidencePaid === 0n)
      this.#problems.push("nobody was paid for reporting the misbehaving authority");
    if (!this.#hooks.signal.aborted) this.#judgeRewards(watch);
    return {
      height: agreement.height,
      finalizedTransactions: finalized,
      rejectedTransactions: this.#walletReport?.rejected ?? 0,
      unresolvedTransactions: this.#walletReport?.pending ?? 0,
      tps: ranMs === 0 ? 0 : Math.round((finalized * 10_000) / ranMs) / 10,
      finalityMs: finality ?? { p50: 0, p99: 0 },
      handOvers: watch.handOvers,
      checkpoints: watch.checkpoints,
      slashed: watch.slashed,
      accruedEpochs: watch.accruedEpochs,
      rewardsPaid: formatEther(watch.rewardsPaid),
      delegated: formatEther(watch.delegated),
      undelegated: formatEther(watch.undelegated),
      claimed: formatEther(watch.claimed),
      evidencePaid: formatEther(watch.evidencePaid),
      validators: this.#cluster.validators.length,
      agreement: agreement.agreed,
      epoch: this.#epoch,
      seconds: Math.round(ranMs / 100) / 10,
      checkpointGas: Number(watch.lastCheckpoint?.gasUsed ?? 0n),
      problems: this.#problems,
    };
  }

  /** A run that was stopped may have been too short for what is judged here. */
  #judgeRewards(watch: SettlementWatch): void {
    if (watch.accruedEpochs === 0 || watch.rewardsPaid === 0n)
      this.#problems.push("no rewards were accrued on the settlement chain");
    if (watch.claimed === 0n) this.#problems.push("the delegator claimed no rewards");
  }

  async #status(rate: Rate, firstFinalAt: number | null): Promise<DevnetStatus> {
    const validators: ValidatorStatus[] = await Promise.all(
      this.#cluster.validators.map(async (validator) => {
        const height = await finalHeight(validator.rpc).catch(() => -1);
        return {
          name: validator.name,
          rpc: validator.rpc,
          up: height >= 0,
          finalHeight: Math.max(0, height),
        };
      }),
    );
    await this.#readEpoch();
    const now = Date.now();
    if (now - this.#lastCheckpointAt >= 1_000) {
      this.#lastCheckpointAt = now;
      await this.#watch!.update(this.#epoch).catch(() => {});
    }
    const { forMs } = this.#options;
    const report = this.#walletReport;
    return {
      mode: this.#mode,
      epoch: this.#epoch,
      height: Math.max(...validators.map((validator) => validator.finalHeight)),
      finality: finalityOf(this.#recent),
      tps: rate.mark(now, report?.finalized ?? 0),
      finalized: report?.finalized ?? 0,
      rejected: report?.rejected ?? 0,
      pending: report?.pending ?? 0,
      validators,
      checkpoints: this.#watch!.checkpoints,
      lastCheckpoint: this.#watch!.lastCheckpoint,
      handOvers: this.#watch!.handOvers,
      slashed: this.#watch!.slashed,
      accruedEpochs: this.#watch!.accruedEpochs,
      leftMs: firstFinalAt === null || forMs === null ? null : Math.max(0, firstFinalAt + forMs - now),
    };
  }

  async #readEpoch(): Promise<number> {
    for (const validator of this.#cluster.validators) {
      try {
        const status = (await rpc(validator.rpc, "hybrid_status")) as { epoch: number; mode: string };
        this.#epoch = Math.max(this.#epoch, status.epoch);
        this.#mode = status.mode;
        break;
      } catch {
        // It is down: the next one knows.
      }
    }
    return this.#epoch;
  }

  #heights(): Promise<number[]> {
    return Promise.all(
      this.#cluster.validators.map((validator) => finalHeight(validator.rpc).catch(() => 0)),
    );
  }

  /** What the delegator does, and what `--misbehave` and `--kill` asked for; failures become problems of the result. */
  async #faults(firstFinalAt: number): Promise<void> {
    const guarded = async (after: number, what: () => Promise<void>): Promise<void> => {
      await Promise.race([
        sleep(Math.max(0, firstFinalAt + after - Date.now())),
        aborted(this.#hooks.signal),
      ]);
      if (this.#hooks.signal.aborted) return;
      try {
        await what();
      } catch (error) {
        if (!this.#hooks.signal.aborted) this.#problems.push((error as Error).message);
      }
    };
    this.#delegating = guarded(DELEGATE_AFTER_MS, () => this.#delegate());
    await Promise.all([
      this.#delegating,
      this.#options.misbehave ? guarded(MISBEHAVE_AFTER_MS, () => this.#misbehave()) : null,
      this.#options.kill ? guarded(KILL_AFTER_MS, () => this.#kill()) : null,
    ]);
  }

  async #delegate(): Promise<void> {
    const { sender, validator } = await this.#cluster.delegator();
    await actAsDelegator(sender, this.#cluster.network, validator, this.#hooks.signal, (text) =>
      this.#note("info", text),
    );
  }

  /** The authority that an adversary takes over where `--misbehave` asks for it. */
  get #tempted() {
    return this.#cluster.validators[this.#options.authorities - 1]!;
  }

  async #misbehave(): Promise<void> {
    const authority = this.#tempted;
    if (authority.follows) {
      // Another one taken over would leave too few authorities: two of the three that still count are no quorum.
      this.#note(
        "warn",
        `${authority.name} was convicted in an earlier run of this folder: start with --reset to see it happen again`,
      );
      return;
    }
    this.#note("warn", `${authority.name} is taken over by an adversary with its keys`);
    await authority.stop();
    const before = this.#watch!.slashed;
    try {
      await misbehave(
        this.#cluster.folder,
        await authority.adversaryPlan(this.#cluster.client),
        () => this.#watch!.slashed > before || this.#hooks.signal.aborted,
        (text) => this.#note("warn", text),
      );
    } catch (error) {
      await authority.startAsFollower();
      throw error;
    }
    if (this.#hooks.signal.aborted) return;
    this.#note(
      "info",
      `${authority.name} was convicted on the settlement chain: jailed, its stake cut; it goes on as a follower`,
    );
    await authority.startAsFollower();
  }

  async #kill(): Promise<void> {
    const staker = this.#cluster.validators[this.#cluster.validators.length - 1]!;
    const before = Math.max(...(await this.#heights()));
    await staker.crash();
    this.#note("warn", `${staker.name} was killed with SIGKILL at height ${before}`);
    while (Math.max(...(await this.#heights())) < before + KILL_HEIGHTS && !this.#hooks.signal.aborted)
      await sleep(200);
    if (this.#hooks.signal.aborted) return;
    await staker.start();
    const until = Date.now() + CATCH_UP_MS;
    for (;;) {
      const heights = await this.#heights();
      if (heights.at(-1)! >= Math.max(...heights) - 2) break;
      if (this.#hooks.signal.aborted) return;
      if (Date.now() > until)
        throw new DevnetError("TIMEOUT", `${staker.name} did not catch up after its restart`);
      await sleep(200);
    }
    this.#note("info", `${staker.name} restarted and caught up`);
  }

  #note(level: "info" | "warn", text: string): void {
    this.#hooks.onEvent({ type: "note", level, text });
  }
}
