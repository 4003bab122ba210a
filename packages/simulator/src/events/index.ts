export { Clock } from "./clock.ts";
export { Disk } from "./disk.ts";
export { type Endpoint, type Links, Network, type NetworkOptions } from "./network.ts";
export { EventQueue } from "./queue.ts";
