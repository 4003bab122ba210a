import { createServer } from "node:net";
import { DevnetError } from "./errors.ts";

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ port, host: "127.0.0.1" }, () => {
      const address = server.address();
      const bound = typeof address === "object" && address !== null ? address.port : port;
      server.close(() => resolve(bound));
    });
  });
}

/**
 * `count` TCP ports on loopback: contiguous from `base`, or any free ones where `base` is null.
 * @throws DevnetError PORT_IN_USE naming the port and what to do.
 */
export async function choosePorts(base: number | null, count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let i = 0; i < count; i++) {
    try {
      ports.push(await listenOnce(base === null ? 0 : base + i));
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code;
      if (code === "EADDRINUSE" || code === "EACCES") {
        throw new DevnetError(
          "PORT_IN_USE",
          `port ${base! + i} on 127.0.0.1 is in use${code === "EACCES" ? " or not permitted" : ""}: stop what listens there ` +
            `(perhaps another devnet), or start with --port-base N to use ${count} other ports from N on`,
          { cause },
        );
      }
      throw cause;
    }
  }
  return ports;
}
