import type { Millis, Peer } from "@aitbc-hybrid/protocol";
import type { EventQueue, Network } from "../events/index.ts";
import { type Scenario, WORLD_START } from "../scenario.ts";
import type { Shell } from "../shell/index.ts";
import type { Journal } from "./journal.ts";

export interface FaultModules {
  readonly queue: EventQueue;
  readonly network: Network;
  readonly shells: readonly Shell[];
  readonly journal: Journal;
  /** Kills processes now and starts them again after a while. */
  readonly crash: (nodes: readonly number[], down: Millis) => void;
}

/** Queues the faults of a schedule. */
export function queueFaults(scenario: Scenario, modules: FaultModules): void {
  const { queue, network, shells, journal, crash } = modules;
  const peersOf = (groups: readonly (readonly number[])[]): Peer[][] => {
    const result: Peer[][] = groups.map(() => []);
    for (const shell of shells) {
      const found = groups.findIndex((group) => group.includes(shell.validator));
      const group = Math.max(0, found) + (shell.peer.endsWith("t") ? 1 : 0);
      result[group % groups.length]!.push(shell.peer);
    }
    return result;
  };
  for (const [validator, at] of scenario.gone)
    queue.at(WORLD_START + at, () => {
      journal.write(`v${validator} is gone`);
      for (const shell of shells) if (shell.validator === validator && shell.up) shell.crash();
    });
  for (const fault of scenario.faults) {
    if (fault.kind === "crash") queue.at(WORLD_START + fault.at, () => crash(fault.nodes, fault.down));
    else if (fault.kind === "blackout") {
      queue.at(WORLD_START + fault.from, () => {
        journal.write("blackout");
        network.blackout = true;
      });
      queue.at(WORLD_START + fault.to, () => {
        network.blackout = false;
      });
    } else if (fault.kind === "partition") {
      queue.at(WORLD_START + fault.from, () => {
        journal.write("partition");
        network.partition(peersOf(fault.groups));
      });
      queue.at(WORLD_START + fault.to, () => {
        journal.write("heal");
        network.heal(scenario.reconnect);
      });
    } else {
      const shell = shells[fault.node]!;
      shell.crashAtWrite = {
        write: fault.write,
        run: () => {
          if (queue.now < WORLD_START + scenario.stabilization)
            crash([fault.node, ...fault.others], fault.down);
        },
      };
    }
  }
}
