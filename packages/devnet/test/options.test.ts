import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { checkOptions, DevnetError, type DevnetOptions, parseDuration } from "@aitbc-hybrid/devnet";
import { MODES, type Mode } from "@aitbc-hybrid/protocol";
import { choosePorts } from "../src/ports.ts";

const options: DevnetOptions = {
  authorities: 4,
  stakers: 3,
  mode: "balanced",
  forMs: null,
  folder: "/nowhere",
  reset: false,
  portBase: null,
  rate: 50,
  misbehave: false,
  kill: false,
};

const refuses = (changed: Partial<DevnetOptions>, names: RegExp): void => {
  assert.throws(
    () => checkOptions({ ...options, ...changed }),
    (error) => error instanceof DevnetError && error.code === "OPTION" && names.test(error.message),
  );
};

test("durations have a unit and are above zero", () => {
  assert.equal(parseDuration("500ms", "--for"), 500);
  assert.equal(parseDuration("30s", "--for"), 30_000);
  assert.equal(parseDuration("1.5m", "--for"), 90_000);
  assert.equal(parseDuration("2h", "--for"), 7_200_000);
  for (const text of ["30", "s", "-1s", "0s", "1 day", ""]) {
    assert.throws(() => parseDuration(text, "--for"), /--for .*such as 30s/);
  }
});

test("options out of range are refused by name, value and range", () => {
  checkOptions(options);
  refuses({ authorities: 3 }, /--authorities is 3.*from 4 to 21/);
  refuses({ stakers: 80 }, /--stakers is 80.*from 3 to 79/);
  refuses({ rate: 0 }, /--rate is 0/);
  refuses({ portBase: 65_530 }, /--port-base is 65530/);
  for (const mode of MODES) checkOptions({ ...options, mode });
  refuses({ mode: "faster" as Mode }, /--mode is "faster".*fast, balanced, secure/);
});

test("a port in use is named, with what to do", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  try {
    await assert.rejects(
      choosePorts(port, 1),
      (error) =>
        error instanceof DevnetError &&
        error.code === "PORT_IN_USE" &&
        error.message.includes(String(port)) &&
        error.message.includes("--port-base"),
    );
  } finally {
    server.close();
  }
});

test("two that look for free ports before either uses them get different ones", async () => {
  const chosen = await Promise.all(Array.from({ length: 8 }, () => choosePorts(null, 201)));
  try {
    assert.equal(new Set(chosen.flatMap(({ numbers }) => numbers)).size, 8 * 201);
  } finally {
    await Promise.all(chosen.map((ports) => ports.release()));
  }
});
