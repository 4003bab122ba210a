import { decodeConsensus, type Message, type PartialMessage, type Peer } from "@aitbc-hybrid/protocol";
import { sentence } from "../errors.ts";
import { isVoteTraffic } from "./aggregating.ts";
import type { ConsensusLinks, EngineListener, EngineMetrics } from "./types.ts";
import type { Verifier } from "./verifier.ts";

export interface IntakeModules {
  readonly links: Pick<ConsensusLinks, "ban">;
  readonly verifier: Pick<Verifier, "wellFormed">;
  readonly listener: Pick<EngineListener, "past">;
  readonly metrics: Pick<EngineMetrics, "message" | "refused" | "votes">;
}

/** Parses frames of the consensus channel at once, so that what is malformed never waits. */
export class Intake {
  readonly #modules: IntakeModules;

  constructor(modules: IntakeModules) {
    this.#modules = modules;
  }

  /**
   * The message in a frame; null, and its sender banned, if it is malformed.
   * @param epoch the one that the replica is in
   */
  parse(from: Peer, frame: Uint8Array, epoch: number): Message | PartialMessage | null {
    const { links, metrics, verifier } = this.#modules;
    let message: Message | PartialMessage;
    try {
      message = decodeConsensus(frame);
    } catch (error) {
      metrics.refused("malformed");
      links.ban(from, `sent a malformed message: ${sentence(error)}`);
      return null;
    }
    metrics.message(message.type, "in");
    if (isVoteTraffic(message)) metrics.votes("in", frame.length);
    if (!verifier.wellFormed(message)) {
      metrics.refused("signature");
      links.ban(from, `sent a ${message.type} whose signature is no point of the group`);
      return null;
    }
    this.#holdAgainstArchive(from, message, epoch);
    return message;
  }

  /** What is said of epochs that are over says nothing to the replica: the archive looks at it. */
  #holdAgainstArchive(from: Peer, message: Message | PartialMessage, epoch: number): void {
    if (message.type !== "certificate" && message.type !== "checkpointCertificate") return;
    if (message.certificate.epoch < epoch) this.#modules.listener.past(from, message);
  }
}
