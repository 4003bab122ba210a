import type { Blocks } from "./blocks.ts";
import type { Certificates } from "./certificates.ts";
import type { Epochs } from "./epochs.ts";
import type { Replicas } from "./replicas.ts";
import type { Instance } from "./types.ts";

/** What stands behind everything that the model's contracts and nodes do. */
export interface Shared {
  readonly instance: Instance;
  readonly blocks: Blocks;
  readonly replicas: Replicas;
  readonly certificates: Certificates;
  readonly epochs: Epochs;
}
