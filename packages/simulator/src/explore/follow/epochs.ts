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
        next: this.#registryOf(epoch + 1),
        root: block,
        from: domain,
        by: backing,
        leader,
      };
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

  /** The model's seating. An incarnation's first epoch carries its own over instead, when the contracts activate it. */
  #registryOf(epoch: number): Registry {
    const { registries } = this.#instance;
    return registries[epoch % registries.length]!;
  }

  #first(): Domain {
    const { mode, leader } = this.#instance;
    return {
      epoch: 0,
      incarnation: 0,
      mode,
      registry: this.#registryOf(0),
      next: this.#registryOf(1),
      root: 0,
      from: null,
      by: null,
      leader: this.#replicas.first(leader),
    };
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
