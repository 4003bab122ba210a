import type { Certificate, CheckpointCertificate, Evidence, RestartVote } from "@aitbc-hybrid/protocol";
import type { Duties, Held } from "../../src/settlement/index.ts";

/** Keeps what a node owes the settlement chain, and posts nothing. */
export class KeptDuties implements Duties {
  readonly checkpoints: CheckpointCertificate[] = [];
  readonly certificates: Certificate[] = [];
  readonly restarts: RestartVote[] = [];
  readonly offences: Evidence[] = [];
  vectorOf: Parameters<Duties["accruals"]>[0] = async () => null;

  checkpoint(certificate: CheckpointCertificate): void {
    this.checkpoints.push(certificate);
  }
  epoch(): void {}
  accruals(vectorOf: Parameters<Duties["accruals"]>[0]): void {
    this.vectorOf = vectorOf;
  }
  evidence(evidence: Evidence): void {
    this.offences.push(evidence);
  }
  restart(vote: RestartVote): void {
    this.restarts.push(vote);
  }
  certificate({ certificate }: Held): void {
    this.certificates.push(certificate);
  }
  ready(): void {}
  recoveries(): void {}
  onIncluded(): () => void {
    return () => {};
  }
  async close(): Promise<void> {}
}
