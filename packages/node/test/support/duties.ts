import type { CheckpointCertificate } from "@aitbc-hybrid/protocol";
import type { Duties } from "../../src/settlement/index.ts";

/** Keeps what a node owes the settlement chain, and posts nothing. */
export class KeptDuties implements Duties {
  readonly checkpoints: CheckpointCertificate[] = [];
  vectorOf: Parameters<Duties["accruals"]>[0] = async () => null;

  checkpoint(certificate: CheckpointCertificate): void {
    this.checkpoints.push(certificate);
  }
  epoch(): void {}
  accruals(vectorOf: Parameters<Duties["accruals"]>[0]): void {
    this.vectorOf = vectorOf;
  }
  evidence(): void {}
  certificate(): void {}
  restart(): void {}
  recoveries(): void {}
  onIncluded(): () => void {
    return () => {};
  }
  async close(): Promise<void> {}
}
