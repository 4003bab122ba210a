export { Cluster, type ClusterOptions, reaches } from "./cluster.ts";
export { freePorts } from "./ports.ts";
export { FakeSettlement } from "./settlement.ts";
