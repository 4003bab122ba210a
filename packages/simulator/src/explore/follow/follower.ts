import type { Hash, SignIntent } from "@aitbc-hybrid/protocol";
import * as protocol from "@aitbc-hybrid/protocol";
import { type Era, intentOffence } from "../../oracles/index.ts";
import { Notary } from "../../twins/index.ts";
import type { Local, Reducer } from "../local.ts";
import type { ModelAction } from "../trace.ts";
import { Blocks } from "./blocks.ts";
import { Certificates } from "./certificates.ts";
import { Contracts } from "./contracts.ts";
import { Epochs } from "./epochs.ts";
import { Proposals } from "./proposals.ts";
import { Recovering } from "./recovering.ts";
import { at, Replicas } from "./replicas.ts";
import type { Followed, Instance, Node, Outcome } from "./types.ts";
import { Voting } from "./voting.ts";

/**
 * Takes a trace of the Quint model through the reducer: each action of a node is made possible by giving its replica what
 * the model says is there. Compared are view, NOTARIZE, NULLIFY, FINALIZE, checkpoints, RESTART, epoch and incarnation of
 * each node, and in the end the final chain; and no replica may have signed an offence, whatever it signed besides.
 */
export function follow(
  instance: Instance,
  trace: readonly ModelAction[],
  reducer: Reducer = protocol,
): Followed {
  return new Follower(instance, reducer).follow(trace);
}

class Follower {
  readonly #blocks = new Blocks();
  readonly #replicas: Replicas;
  readonly #certificates: Certificates;
  readonly #epochs: Epochs;
  readonly #contracts: Contracts;
  readonly #voting: Voting;
  readonly #recovering: Recovering;
  readonly #nodes: readonly Node[];
  readonly #differences: string[] = [];
  readonly #narrower = { left: 0, ahead: 0, over: 0, other: 0 };
  #matched = 0;

  constructor(instance: Instance, reducer: Reducer) {
    const [first] = instance.registries;
    const corrupt = first!.entries.map((_, seat) => seat).filter((seat) => !instance.nodes.includes(seat));
    const notary = new Notary();
    const blocks = this.#blocks;
    const replicas = new Replicas(instance, reducer, notary, blocks);
    const certificates = new Certificates(notary, corrupt);
    const proposals = new Proposals(instance, notary, blocks, replicas, certificates);
    const epochs = new Epochs(instance, blocks, replicas, certificates);
    const shared = { instance, blocks, replicas, certificates, epochs };
    const contracts = new Contracts(shared);
    this.#replicas = replicas;
    this.#certificates = certificates;
    this.#epochs = epochs;
    this.#contracts = contracts;
    this.#voting = new Voting(replicas, certificates, proposals, epochs);
    this.#recovering = new Recovering(shared, contracts);
    this.#nodes = instance.nodes.map((seat) => ({
      local: replicas.first(seat),
      domain: epochs.first,
      pastLease: null,
    }));
  }

  follow(trace: readonly ModelAction[]): Followed {
    for (const action of trace) {
      this.#take(action);
      if (this.#differences.length > 0) break;
    }
    const final = this.#differences.length > 0 ? 0 : this.#end();
    for (const { local } of this.#nodes) {
      const offence = this.#offenceOf(local);
      if (offence !== null) this.#differences.push(`${local.seat} signed ${offence}`);
      if (local.wrong !== null) this.#differences.push(local.wrong);
    }
    const domains = this.#epochs.all;
    return {
      matched: this.#matched,
      narrower: this.#narrower,
      final,
      epochs: domains.length - 1,
      laterEpochs: domains.filter(({ epoch }) => epoch > 1).length,
      recoveries: domains.filter(({ by }) => by !== null && "incarnation" in by).length,
      leaks: this.#contracts.leaks,
      differences: this.#differences,
    };
  }

  #take(action: ModelAction): void {
    switch (action.do) {
      case "propose":
        this.#blocks.propose(action.block, action.parent);
        return;
      case "accept":
        this.#differ(this.#contracts.accept(action.block));
        return;
      case "open":
        this.#contracts.open();
        // In Fast who sees it open backs nothing more.
        for (const node of this.#nodes)
          if (node.domain === this.#contracts.now && node.domain.mode === "fast")
            node.local = this.#replicas.give(node.local, {
              type: "contracts",
              reading: this.#contracts.reading(),
            });
        return;
      case "post":
        this.#contracts.post(action);
        return;
      case "grace":
        this.#contracts.endGrace();
        return;
      case "activate":
        this.#differ(this.#contracts.activate(action));
        return;
      case "leak":
        this.#contracts.leak();
        return;
      case "lapse":
      case "cut":
        this.#wait(this.#nodes[action.node]!, action.do);
        return;
      default: {
        const node = this.#nodes[action.node]!;
        const { domain } = node;
        const outcome = this.#act(node, action);
        if (node.domain !== domain) node.pastLease = null;
        else if (this.#signsPastLease(node)) this.#differences.push(`${node.local.seat} signs past a lease`);
        if (outcome === "same") this.#matched++;
        else if (outcome === "different") this.#differences.push(JSON.stringify(action));
        else this.#narrower[outcome]++;
      }
    }
  }

  #act(
    node: Node,
    action: Exclude<
      Extract<ModelAction, { readonly node: number }>,
      { readonly do: "lapse" | "cut" | "leak" }
    >,
  ): Outcome {
    switch (action.do) {
      case "enter":
        return this.#voting.enter(node, action.view);
      case "nullify":
        return this.#voting.nullify(node, action.view);
      case "notarize":
        return this.#voting.notarize(node, action);
      case "finalize":
        return this.#voting.finalize(node, action);
      case "checkpoint":
        return this.#voting.checkpoint(node, action.block);
      case "begin":
        return this.#epochs.begin(node, action.block);
      case "restart":
        return this.#recovering.restart(node, action);
      case "resume":
        return this.#recovering.resume(node);
    }
  }

  #differ(what: string | null): void {
    if (what !== null) this.#differences.push(what);
  }

  #signsPastLease({ local, pastLease }: Node): boolean {
    if (pastLease === null) return false;
    return local.log
      .slice(pastLease)
      .some(
        (record) =>
          record.type === "signed" && record.intent.what === "vote" && record.intent.vote.kind !== "nullify",
      );
  }

  /** A node's clock passes a lease. */
  #wait(node: Node, lease: "lapse" | "cut"): void {
    node.pastLease ??= node.local.log.length;
    const { start, params } = node.local.state.epoch;
    const end =
      lease === "lapse" ? start.backedStamp + params.lease : this.#contracts.settled + params.settleLease;
    node.local = at(node.local, end + params.drift + 1);
  }

  /** The highest final block of each node's domain, with all below it, is where the node ends. */
  #end(): number {
    let longest = 0;
    for (const node of this.#nodes) {
      const { domain } = node;
      const finals = this.#certificates.votedIn(domain, "finalize").sort((a, b) => a.body.view - b.body.view);
      for (const voted of finals) {
        const certificate = this.#certificates.certificate(voted);
        node.local = this.#replicas.giveAll(node.local, [
          ...this.#certificates.below(domain, certificate),
          certificate,
        ]);
      }
      const chain = this.#blocks.chainTo(finals.at(-1)?.block ?? domain.root);
      if (chain.length > longest) longest = chain.length;
      if (node.local.finals.join() !== chain.join())
        this.#differences.push(
          `${node.local.seat} ends in ${node.local.finals.join()}, the model in ${chain.join()}`,
        );
    }
    return longest;
  }

  #offenceOf({ log }: Local): string | null {
    const era = (hash: Hash): Era | undefined => {
      const domain = this.#epochs.all.find(({ leader }) => leader.state.epoch.domain === hash);
      if (domain === undefined) return undefined;
      const { start, params } = domain.leader.state.epoch;
      return { epoch: start.epoch, incarnation: start.incarnation, termViews: params.termViews };
    };
    const signed: SignIntent[] = log.flatMap((record) => (record.type === "signed" ? [record.intent] : []));
    for (let i = 0; i < signed.length; i++)
      for (let j = 0; j < i; j++) {
        const offence = intentOffence(signed[j]!, signed[i]!, era);
        if (offence !== null) return offence;
      }
    return null;
  }
}
