import {
  canDecide,
  electorate,
  type Millis,
  type Registry,
  type RestartBody,
  type RestartVote,
} from "@aitbc-hybrid/protocol";
import {
  activateRecovery,
  chargeLeak,
  comeBack,
  hasBit,
  isLeftOut,
  isSupported,
  leak,
  type OpenRecovery,
  openRecovery,
  postCertificate,
  type RecoveryState,
  readRecovery,
  restartProof,
  submitRestarts,
} from "@aitbc-hybrid/sdk";
import { type Desk, revertOf } from "./desk.ts";
import type { Held, Ready, RecoveryWork } from "./types.ts";

/** How often the contracts are looked at while a recovery is open, ms; otherwise once a turn, if that is longer. */
const LOOK_MS = 1_000;

const placeOf = ({ view, blockHash }: RestartBody): string => `${view} ${blockHash}`;

/**
 * The operator's part in a recovery (protocol.md section 6): opens it, posts certificates within grace and RESTARTs
 * after it, many in one transaction, activates what has the stake's support, runs the leak.
 */
export class RecoveryDuty {
  readonly #desk: Desk;
  #work: (() => RecoveryWork) | null = null;
  #certificate: (Held & { readonly registry: Registry }) | null = null;
  /** Own RESTARTs of the last epoch they were signed in; the last one is the one that counts. */
  #own: { readonly vote: RestartVote; readonly held: Held | null }[] = [];
  /** When the turn for a piece of work comes, by its name; forgotten with the recovery. */
  readonly #turns = new Map<string, Millis>();
  readonly #posted = new Set<string>();
  #recovery = 0;
  #ready: { readonly signal: Ready; readonly validator: number } | null = null;
  /** The last acceptance, and since when this process knows of none after it. */
  #quiet = { acceptedAt: 0, since: 0 };
  #lookAt: Millis = 0;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  source(work: () => RecoveryWork): void {
    this.#work = work;
  }

  certificate(held: Held, registry: Registry): void {
    if (this.#certificate !== null && this.#certificate.certificate.epoch === held.certificate.epoch) {
      if (this.#certificate.certificate.view > held.certificate.view) return;
    }
    this.#certificate = { ...held, registry };
    this.#lookAt = 0;
  }

  restart(vote: RestartVote, held: Held | null): void {
    const own = this.#own.filter((each) => each.vote.epoch === vote.epoch);
    this.#own = [...own.filter((each) => placeOf(each.vote) !== placeOf(vote)), { vote, held }];
    this.#lookAt = 0;
  }

  ready(signal: Ready, registry: Registry): void {
    // Only who was left out stands suspended in the registry.
    this.#ready = registry.suspended.has(signal.seat)
      ? { signal, validator: registry.entries[signal.seat]!.validatorId }
      : null;
  }

  async run(): Promise<void> {
    const desk = this.#desk;
    if (desk.now() < this.#lookAt || this.#work === null) return;
    this.#lookAt = desk.now() + LOOK_MS;
    const { client } = desk.modules.sender;
    const state = await readRecovery(client, desk.options.network);
    if (state.open === null) this.#lookAt = desk.now() + Math.max(LOOK_MS, desk.options.turnMs);
    const work = this.#work();
    await this.#charge(state, work);
    await this.#comeBack(state);
    const time = Number((await client.getBlock()).timestamp);
    const id = state.open?.id ?? 0;
    if (id !== this.#recovery) {
      this.#turns.clear();
      this.#posted.clear();
      if (id !== 0) desk.modules.onNote(`recovery ${id} of epoch ${state.epoch} is open`);
      this.#recovery = id;
    }
    if (state.open === null) await this.#open(state, work, time);
    else if (time <= state.open.graceEnd) await this.#post(state, state.open, time);
    else {
      await this.#restarts(state, state.open, work);
      await this.#activate(state, state.open, work);
      await this.#leak(state.open, work, time);
    }
  }

  /** True once the turn came; `delay` before the first in the rotation, ms; `latest` bounds the waiting. */
  #isTurn(
    name: string,
    registry: Registry,
    number: number,
    delay = 0,
    latest = Number.POSITIVE_INFINITY,
  ): boolean {
    let at = this.#turns.get(name);
    if (at === undefined) {
      at = Math.min(this.#desk.turn(registry, number) + delay, latest);
      this.#turns.set(name, at);
    }
    return at <= this.#desk.now();
  }

  /** A piece of work that was tried waits until everybody had a turn. */
  #again(name: string, registry: Registry): void {
    this.#turns.set(name, this.#desk.now() + registry.entries.length * this.#desk.options.turnMs);
  }

  /**
   * Nobody is in a hurry to open: after a start it is the own watch that counts, since a network that was off as a whole
   * needs a moment to go on.
   */
  async #open(state: RecoveryState, { registry, registryNext }: RecoveryWork, time: number): Promise<void> {
    const desk = this.#desk;
    // It would end in Secure: the contracts refuse where that could not decide.
    if (registryNext !== null && !canDecide(electorate(registryNext, "secure"))) return;
    if (state.acceptedAt !== this.#quiet.acceptedAt) {
      this.#quiet = { acceptedAt: state.acceptedAt, since: desk.now() };
    }
    const stall = 1_000 * (state.stalledAt - state.acceptedAt);
    if (time < state.stalledAt || desk.now() - this.#quiet.since < stall) return;
    const name = `open ${state.acceptedAt}`;
    if (!this.#isTurn(name, registry, state.acceptedAt)) return;
    await desk.attempt("recovery", () => openRecovery(desk.modules.sender, desk.options.network));
    this.#again(name, registry);
  }

  async #post(state: RecoveryState, open: OpenRecovery, time: number): Promise<void> {
    const held = this.#certificate;
    if (held === null || held.certificate.epoch !== state.epoch) return;
    const { view } = held.certificate;
    if (view <= open.postedView) return;
    // Grace is short where there are many in the rotation: nobody waits beyond its middle.
    const latest = this.#desk.now() + 500 * (open.graceEnd - time);
    const name = `post ${view}`;
    if (!this.#isTurn(name, held.registry, view, 0, latest)) return;
    await this.#postHeld(state, held, held.registry);
    this.#again(name, held.registry);
  }

  async #postHeld(state: RecoveryState, { certificate, header }: Held, registry: Registry): Promise<void> {
    const { sender } = this.#desk.modules;
    const { network } = this.#desk.options;
    await this.#desk.attempt("certificate", () =>
      postCertificate(sender, network, certificate, header, registry, state.mode),
    );
  }

  /** RESTARTs by the block they name, the own one first. */
  #votes(state: RecoveryState, work: RecoveryWork): Map<string, RestartVote[]> {
    const votes = new Map<string, RestartVote[]>();
    const own = this.#own.at(-1);
    if (work.epoch !== state.epoch) return votes;
    for (const vote of own === undefined ? work.restarts : [own.vote, ...work.restarts]) {
      if (vote.epoch !== state.epoch) continue;
      votes.set(placeOf(vote), [...(votes.get(placeOf(vote)) ?? []), vote]);
    }
    return votes;
  }

  async #restarts(state: RecoveryState, open: OpenRecovery, work: RecoveryWork): Promise<void> {
    const { registry, registryNext } = work;
    if (registryNext === null) return;
    for (const [place, votes] of this.#votes(state, work)) {
      const missing = votes.filter((vote) => this.#isMissing(open, place, vote));
      // Whose turn it is waits a moment: most sign at once.
      const due = missing.some((vote) =>
        this.#isTurn(
          `restart ${place} ${vote.seat} ${vote.seatNext}`,
          registry,
          open.id,
          this.#desk.options.turnMs,
        ),
      );
      if (due) await this.#postRestarts(state, place, missing, registry, registryNext);
    }
  }

  async #postRestarts(
    state: RecoveryState,
    place: string,
    votes: readonly RestartVote[],
    registry: Registry,
    registryNext: Registry,
  ): Promise<void> {
    const { sender, bls, onNote } = this.#desk.modules;
    const proof = restartProof(bls, votes, {
      registry,
      mode: state.mode,
      registryNext,
      modeNext: state.modeNext,
    });
    if (proof !== null) {
      const sent = await this.#desk.send("restart", () =>
        submitRestarts(sender, this.#desk.options.network, votes[0]!, proof),
      );
      if (sent === undefined) return;
      if (sent !== null) onNote(`RESTART of ${votes.length} posted for view ${votes[0]!.view}`);
    }
    for (const vote of votes) this.#posted.add(`${place} ${vote.seat} ${vote.seatNext}`);
  }

  /** True if the contracts did not hear this signer; an own RESTART that was changed is posted beside the first. */
  #isMissing(open: OpenRecovery, place: string, { seat, seatNext, signature }: RestartVote): boolean {
    if (this.#posted.has(`${place} ${seat} ${seatNext}`)) return false;
    const heard =
      (seat !== null && hasBit(open.heard, seat)) || (seatNext !== null && hasBit(open.heardNext, seatNext));
    return !heard || (this.#own.length > 1 && this.#own.at(-1)!.vote.signature === signature);
  }

  async #activate(state: RecoveryState, open: OpenRecovery, work: RecoveryWork): Promise<void> {
    const { sender, onNote } = this.#desk.modules;
    const { network } = this.#desk.options;
    for (const [place, [vote]] of this.#votes(state, work)) {
      if (!(await isSupported(sender.client, network, state, vote!))) continue;
      const name = `activate ${place}`;
      if (!this.#isTurn(name, work.registry, open.id)) continue;
      try {
        const sent = await this.#desk.send("activation", () => activateRecovery(sender, network, vote!));
        if (sent) onNote(`epoch ${state.epoch} is recovered: the chain goes on from view ${vote!.view}`);
        this.#again(name, work.registry);
      } catch (error) {
        if (revertOf(error) !== "HybridManagerNotCertified") throw error;
        const own = this.#own.find((each) => placeOf(each.vote) === place);
        if (own?.held) await this.#postHeld(state, own.held, work.registry);
        else this.#again(name, work.registry);
      }
      return;
    }
  }

  async #leak(open: OpenRecovery, { registry }: RecoveryWork, time: number): Promise<void> {
    if (time < open.nextRoundAt) return;
    const { sender, onNote } = this.#desk.modules;
    const name = `leak ${open.nextRoundAt}`;
    if (!this.#isTurn(name, registry, open.nextRoundAt)) return;
    const sent = await this.#desk.send("leak", () => leak(sender, this.#desk.options.network));
    if (sent) onNote(`recovery ${open.id}: a round of the leak left out who asked for no restart`);
    this.#again(name, registry);
  }

  /** An authority that a recovery left out shows itself, once, by its READY of the contracts' epoch. */
  async #comeBack({ epoch }: RecoveryState): Promise<void> {
    if (this.#ready === null || this.#ready.signal.epoch !== epoch) return;
    const { signal, validator } = this.#ready;
    const { sender, onNote } = this.#desk.modules;
    const { network } = this.#desk.options;
    this.#ready = null;
    if (!(await isLeftOut(sender.client, network, validator))) return;
    const sent = await this.#desk.send("return", () =>
      comeBack(sender, network, validator, signal.day, signal.signature),
    );
    if (sent) onNote(`validator ${validator} counts as an authority again from the next seal on`);
  }

  async #charge({ uncharged }: RecoveryState, { registry }: RecoveryWork): Promise<void> {
    if (uncharged.seats.length === 0) return;
    const { sender } = this.#desk.modules;
    const page = uncharged.seats.slice(0, this.#desk.options.chargesAtOnce);
    const name = `charge ${uncharged.id} ${page[0]}`;
    if (!this.#isTurn(name, registry, uncharged.id)) return;
    await this.#desk.attempt("leak", () =>
      chargeLeak(sender, this.#desk.options.network, uncharged.id, page),
    );
    this.#again(name, registry);
  }
}
