import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Command, CommanderError } from "commander";
import { COMMANDS } from "./commands/index.ts";
import { EXIT, UsageError } from "./errors.ts";

/** What `--version` prints: the package's version and, inside a checkout, the commit. */
function version(): string {
  const { version: number } = JSON.parse(
    readFileSync(fileURLToPath(new URL("../package.json", import.meta.url)), "utf8"),
  ) as { version: string };
  try {
    const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], {
      cwd: fileURLToPath(new URL(".", import.meta.url)),
      stdio: ["ignore", "pipe", "ignore"],
    });
    return `${number} (${commit.toString().trim()})`;
  } catch {
    return number;
  }
}

/** Runs the command line; resolves to the exit code. Never throws. */
export async function main(args: readonly string[]): Promise<number> {
  let code: number = EXIT.ok;
  const told = version();
  const program = new Command("aitbc-hybrid")
    .description("Hybrid proof-of-authority / proof-of-stake consensus for AITBC")
    .version(told, "-V, --version")
    .showHelpAfterError("(add --help for all options)")
    .exitOverride();
  const run =
    <A extends unknown[]>(action: (...given: A) => Promise<number>) =>
    async (...given: A): Promise<void> => {
      code = await action(...given);
    };
  const [asked = ""] = args;
  for (const name of Object.hasOwn(COMMANDS, asked) ? [asked] : Object.keys(COMMANDS)) {
    program.addCommand((await COMMANDS[name]!(run, told)).exitOverride());
  }
  program.addHelpText(
    "after",
    "\nExit codes: 0 done, 1 failed, 2 usage or keys, 3 slashed or locked, 4 halted, 5 a devnet fell short, 130 interrupted.",
  );
  try {
    await program.parseAsync([...args], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`aitbc-hybrid: ${message}\n`);
    if (process.env.AITBC_HYBRID_DEBUG !== undefined && error instanceof Error) {
      process.stderr.write(`${error.stack}\n`);
    }
    return error instanceof UsageError || usageCode(error) ? EXIT.usage : EXIT.failed;
  }
}

const USAGE_CODES = new Set([
  "OPTION",
  "KEYSTORE",
  "PORT_IN_USE",
  "DATA_VERSION",
  "PASSWORD_UNREADABLE",
  "PASSWORD_EMPTY",
]);

function usageCode(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" && (USAGE_CODES.has(code) || code.startsWith("KEYSTORE_"));
}
