import type { Hash, Registry } from "@aitbc-hybrid/protocol";
import type { Local } from "../local.ts";
import type { Blocks } from "./blocks.ts";
import type { Certificates } from "./certificates.ts";
import { at, type Replicas } from "./replicas.ts";
import { type Domain, FIRST_EPOCH, type Instance, type Node } from "./types.ts";

/** The epochs that have begun, in all incarnations, and how a replica gets from one into the next. */
export class Epochs {
  readonly first: Domain;
  readonly #instance: Instance;
  readonly #blocks: Blocks;
  readonly #replicas: Replicas;
  readonly #certificates: Certificates;
  readonly #domains: Domain[] = [];

  constructor(instance: Instance, blocks: Blocks, replicas: Replicas, certificates: Certificates) {
    this.#instance = instance;
    this.#blocks = blocks;
    this.#replicas = replicas;
    this.#certificates = certificates;
    this.first = this.#first();
    this.#domains.push(this.first);
  }

  get all(): readonly Domain[] {
    return this.#domains;
  }

  add(domain: Domain): void {
    this.#domains.push(domain);
  }

  find(epoch: number, incarnation: number): Domain | undefined {
    return this.#domains.find((each) => each.epoch === epoch && each.incarnation === incarnation);
  }

  begin(node: Node, block: number): "same" | "different" {
    const { domain } = node;
    const hash = this.bringFinal(node, block);
    const checkpoint = hash === null ? undefined : this.#replicas.checkpointOf(hash);
    if (checkpoint === undefined) return "different";
    const backing = this.#certificates.backing(domain, block, checkpoint);
    if (backing === null) return "different";
    const epoch = domain.epoch + 1;
    let next = this.find(epoch, domain.incarnation);
    if (next === undefined) {
      const leading: Node = { local: domain.leader, domain, pastLease: null };
      this.bringFinal(leading, block);
      const leader = this.#replicas.tell(leading.local, {
        type: "checkpointCertificate",
        certificate: backing,
      });
      next = {
        ...domain,
        epoch,
        registry: domain.next,
        next: domain.next,
        root: block,
        from: domain,
        by: backing,
        leader,
      };
      next = { ...next, next: this.#after(next) };
      this.add(next);
    }
    node.local = this.#replicas.tell(node.local, { type: "checkpointCertificate", certificate: backing });
    node.domain = next;
    return isIn(node.local, next) ? "same" : "different";
  }

  /** Gives a node F of a block; its hash, null if there is no F. */
  bringFinal(node: Node, block: number): Hash | null {
    const { domain } = node;
    const voted = this.#certificates.votedIn(domain, "finalize").find((each) => each.block === block);
    if (voted === undefined) return null;
    const certificate = this.#certificates.certificate(voted);
    const { stamp } = this.#blocks.blockOf(certificate.blockHash)!.header;
    node.local = this.#replicas.giveAll(at(node.local, stamp), [
      ...this.#certificates.below(domain, certificate),
      certificate,
    ]);
    return certificate.blockHash;
  }

  #first(): Domain {
    const { mode, leader, registries } = this.#instance;
    const [registry] = registries;
    const next = registries[1 % registries.length]!;
    return {
      epoch: 0,
      incarnation: 0,
      mode,
      registry: registry!,
      next,
      root: 0,
      from: null,
      by: null,
      leader: this.#replicas.first(leader),
    };
  }

  /** The model's seating: an incarnation's second epoch keeps the registry of its first. */
  #after(domain: Pick<Domain, "epoch" | "incarnation" | "registry">): Registry {
    const { registries } = this.#instance;
    const isFirst = domain.incarnation > 0 && this.find(domain.epoch - 1, domain.incarnation) === undefined;
    return isFirst ? domain.registry : registries[(domain.epoch + 1) % registries.length]!;
  }
}

/** True for a replica in this epoch of this incarnation, with these registries. */
export function isIn({ state }: Local, { epoch, incarnation, mode, registry, next }: Domain): boolean {
  const { start } = state.epoch;
  return (
    start.epoch === FIRST_EPOCH + epoch &&
    start.incarnation === incarnation &&
    start.mode === mode &&
    start.registry === registry.root &&
    start.registryNext === next.root
  );
}
