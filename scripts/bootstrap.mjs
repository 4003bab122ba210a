/**
 * The door to every command of this repository. It runs on whatever Node the user has (20 or newer), needs no
 * installed package, and does what is missing before it starts the program asked for:
 *
 *     node scripts/bootstrap.mjs <devnet|test|check|bench|coverage|mutate|invariants|model|explore|twins|prove|compile|codegen> [arguments...]
 *
 * 1. installs the packages when node_modules does not match package-lock.json. This happens under Node 22,
 *    because npm under an older Node leaves out the native part of Hardhat without saying so;
 * 2. compiles the contracts when their sources changed;
 * 3. runs the program under the Node 22 that the installation brought, passing on signals and the exit code.
 *
 * Everything it says itself goes to stderr: stdout belongs to the program.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { constants, tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const inRoot = (...names) => join(root, ...names);

const nodeModules = inRoot("node_modules");
const lockFile = inRoot("package-lock.json");
const installStamp = join(nodeModules, ".install-stamp");
const compileStamp = inRoot("artifacts", ".compile-stamp");
const guardFile = inRoot(".bootstrap.lock");
const hardhat = join(nodeModules, "hardhat", "dist", "src", "cli.js");

/** The oldest Node that runs this file, and the oldest that runs TypeScript sources without a flag. */
const OLDEST_NODE = 20;
const OLDEST_RUNTIME = [22, 18];
/** How often a long step says that it is still at it. */
const PROGRESS_MS = 4000;
/** The same signal twice within this time is one wish: a terminal and npm both pass Ctrl-C on. */
const SAME_SIGNAL_MS = 500;
/** How long npm may take to stop; it likes to tidy up for half a minute, which the next run does anyway. */
const NPM_STOP_MS = 1500;
/** How often to look whether the npm that started us still lives. */
const PARENT_CHECK_MS = 500;

const commands = {
  devnet: { program: ["packages/cli/bin/aitbc-hybrid.mjs", "devnet"], contracts: true },
  test: { program: ["scripts/test.ts"], contracts: true },
  check: { program: ["scripts/check.ts"], contracts: true },
  bench: { program: ["scripts/bench.ts"], contracts: true },
  coverage: { program: ["scripts/coverage.ts"], contracts: true },
  model: { program: ["scripts/model.ts"], contracts: false },
  explore: { program: ["scripts/explore.ts"], contracts: false },
  twins: { program: ["scripts/twins.ts"], contracts: false },
  invariants: { program: ["scripts/invariants.ts"], contracts: true },
  prove: { program: ["scripts/prove.ts"], contracts: false },
  mutate: { program: ["scripts/mutate.ts"], contracts: true },
  compile: { contracts: true },
  codegen: { program: ["scripts/codegen.ts"], contracts: true },
};

const STOPPING = ["SIGINT", "SIGTERM", "SIGHUP"];
const parent = process.ppid;
const onWindows = process.platform === "win32";
const say = (text) => process.stderr.write(`${text}\n`);
const seconds = (since) => `${Math.round((Date.now() - since) / 1000)} s`;

/** An error whose message is all the user needs; it is printed without a stack. */
class Explained extends Error {}

/** A step was stopped by a signal, which ends this process too once what it holds is released. */
class Interrupted extends Error {
  constructor(signal) {
    super(`stopped by ${signal}`);
    this.signal = signal;
  }
}

/**
 * Runs a program to its end with its output collected, calling `tick` every few seconds. It gets a process group
 * of its own, so that a signal reaches what it started too: npm does not pass signals on to another npm.
 */
function collect(command, args, options, tick) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      detached: !onWindows,
      ...options,
    });
    let output = "";
    const keep = (chunk) => {
      output = (output + chunk).slice(-200_000);
    };
    child.stdout.setEncoding("utf8").on("data", keep);
    child.stderr.setEncoding("utf8").on("data", keep);
    const timer = setInterval(tick, PROGRESS_MS);
    const send = (signal) => {
      try {
        if (onWindows) child.kill(signal);
        else process.kill(-child.pid, signal);
      } catch (error) {
        if (error.code !== "ESRCH") throw error;
      }
    };
    const stop = passSignals((signal) => {
      send(signal);
      setTimeout(send, NPM_STOP_MS, "SIGKILL").unref();
    });
    child.on("error", (error) => {
      clearInterval(timer);
      stop();
      reject(error);
    });
    child.on("close", (code, signal) => {
      clearInterval(timer);
      stop();
      resolve({ code, signal, output });
    });
  });
}

/**
 * Hands every signal that asks us to stop to `send`, and SIGTERM when the npm that started us is gone (killed, it
 * takes nobody along). Returns what undoes that.
 */
function passSignals(send) {
  const last = new Map();
  const pass = (signal) => {
    const now = Date.now();
    if (now - (last.get(signal) ?? 0) < SAME_SIGNAL_MS) return;
    last.set(signal, now);
    send(signal);
  };
  for (const signal of STOPPING) process.on(signal, pass);
  const orphaned = () => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    pass("SIGTERM");
  };
  const timer =
    process.env.npm_lifecycle_event === undefined ? undefined : setInterval(orphaned, PARENT_CHECK_MS);
  return () => {
    clearInterval(timer);
    for (const signal of STOPPING) process.off(signal, pass);
  };
}

/** Ends this process as the child ended: by the same signal or with the same exit code. */
function endAs(code, signal) {
  if (signal === null) process.exit(code ?? 1);
  process.kill(process.pid, signal);
  // Only reached for a signal that does not end us.
  setTimeout(() => process.exit(128 + (constants.signals[signal] ?? 0)), 1000);
}

/** The environment for programs of ours: Node 22 first in PATH, nothing of the npm run that started us. */
function environment(runtime) {
  const env = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (/^npm_(package|lifecycle|node_execpath|command$|config_local_prefix$|config_prefix$)/.test(name))
      continue;
    env[name] = value;
  }
  const path = Object.keys(env).find((name) => name.toUpperCase() === "PATH") ?? "PATH";
  if (runtime !== undefined) {
    env[path] = [dirname(runtime), join(nodeModules, ".bin"), env[path]].filter(Boolean).join(delimiter);
  }
  return env;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Runs `work` while holding a lock on this checkout; a lock whose owner has died is taken over. */
async function alone(work) {
  const started = Date.now();
  let told = started - PROGRESS_MS;
  for (;;) {
    try {
      const file = openSync(guardFile, "wx");
      writeSync(file, String(process.pid));
      closeSync(file);
      break;
    } catch (error) {
      if (error.code !== "EEXIST") {
        throw new Explained(
          `Cannot write to ${root} (${error.code}). Check its permissions and the free space.`,
        );
      }
    }
    let owner = 0;
    try {
      owner = Number(readFileSync(guardFile, "utf8"));
      // An owner writes its number right after it creates the file; an empty old file was left by a crash.
      if (owner === 0 && Date.now() - statSync(guardFile).mtimeMs < 5000) owner = process.pid;
    } catch {
      continue;
    }
    if (owner === 0 || (owner !== process.pid && !isAlive(owner))) {
      rmSync(guardFile, { force: true });
      continue;
    }
    if (Date.now() - told > PROGRESS_MS * 2) {
      say(`Another run (process ${owner}) is installing or compiling here; waiting, ${seconds(started)}.`);
      told = Date.now();
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  const release = () => rmSync(guardFile, { force: true });
  process.on("exit", release);
  try {
    return await work();
  } finally {
    process.off("exit", release);
    release();
  }
}

const hashOf = (text) => createHash("sha256").update(text).digest("hex");

/** Whether an entry of the lock file is for this machine. */
function fitsHere(entry) {
  const allowed = (list, value) =>
    list === undefined ||
    (list.some((item) => item.startsWith("!")) ? !list.includes(`!${value}`) : list.includes(value));
  if (!allowed(entry.os, process.platform) || !allowed(entry.cpu, process.arch)) return false;
  if (entry.libc === undefined) return true;
  const glibc = process.report?.getReport?.()?.header?.glibcVersionRuntime !== undefined;
  return entry.libc.includes(glibc ? "glibc" : "musl");
}

/** Whether node_modules holds what the lock file lists: by our own stamp, else by npm's own list. */
function isInstalled(lock, lockHash) {
  if (!existsSync(join(nodeModules, "node", "bin", "node")) && !supportsTypeScript()) return false;
  try {
    if (readFileSync(installStamp, "utf8") === lockHash) return true;
  } catch {
    // No stamp: somebody may have run npm by hand.
  }
  let present;
  try {
    present = JSON.parse(readFileSync(join(nodeModules, ".package-lock.json"), "utf8")).packages;
  } catch {
    return false;
  }
  return Object.entries(lock.packages).every(([path, entry]) => {
    if (path === "" || !path.includes("node_modules/")) return true;
    if (entry.link) return existsSync(inRoot(path));
    if (entry.optional === true && !fitsHere(entry)) return true;
    // Optional packages without a platform may be absent for reasons of their own (a build that failed).
    if (present[path] === undefined) return entry.optional === true && entry.cpu === undefined;
    return present[path].version === entry.version;
  });
}

function supportsTypeScript() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  return major > OLDEST_RUNTIME[0] || (major === OLDEST_RUNTIME[0] && minor >= OLDEST_RUNTIME[1]);
}

/** A sentence for the ways in which npm fails. */
function explainInstall(output) {
  const has = (...codes) => codes.some((code) => output.includes(code));
  if (
    has(
      "ENOTFOUND",
      "EAI_AGAIN",
      "ENETUNREACH",
      "ECONNREFUSED",
      "ETIMEDOUT",
      "ECONNRESET",
      "ERR_SOCKET_TIMEOUT",
    )
  ) {
    return "The npm registry cannot be reached. Check the network connection (and `npm config get registry`, `npm config get proxy`), then run the command again.";
  }
  if (has("ENOSPC"))
    return "The disk is full. The packages need about 1.2 GB with npm's cache; free some space, then run the command again.";
  if (has("EACCES", "EPERM", "EROFS"))
    return `npm may not write here. Check who owns ${root} and npm's cache (\`npm config get cache\`), then run the command again.`;
  if (has("EUSAGE"))
    return "package.json and package-lock.json do not agree. If you changed a dependency, run `npm install` and then `node scripts/lock.ts`; else restore both files.";
  if (has("EINTEGRITY"))
    return "A downloaded package is damaged. Run `npm cache clean --force`, then run the command again.";
  if (has("E404", "ETARGET"))
    return "The registry lacks a package or version that this project needs (`npm config get registry` says which registry it is).";
  if (has("CERT", "SELF_SIGNED"))
    return "The registry's certificate is not accepted. Behind a proxy that rewrites TLS, set npm's `cafile`.";
  return "npm could not install the packages; its own words are above.";
}

async function install(lock, lockHash) {
  const started = Date.now();
  const total = Object.entries(lock.packages).filter(
    ([path, entry]) =>
      path.includes("node_modules/") && !entry.link && (entry.optional !== true || fitsHere(entry)),
  );
  const done = () => total.filter(([path]) => existsSync(inRoot(path, "package.json"))).length;
  say(`Installing ${total.length} packages (once; takes a minute or so) ...`);
  // npm works in another folder: `npm exec` would otherwise take the Node of the node_modules it replaces.
  const ci = ["npm", "ci", "--prefix", root, "--no-audit", "--no-fund", "--no-progress", "--loglevel=error"];
  const version = JSON.parse(readFileSync(inRoot("package.json"), "utf8")).devDependencies.node;
  const argv = supportsTypeScript() ? ci : ["npm", "exec", "--yes", `--package=node@${version}`, "--", ...ci];
  let result;
  try {
    result = await collect(
      argv[0],
      argv.slice(1),
      { cwd: tmpdir(), env: environment(), shell: onWindows },
      () => {
        const count = done();
        const what = count === 0 ? "fetching" : `${count} of ${total.length} packages unpacked`;
        say(`  ${what}, ${seconds(started)}`);
      },
    );
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    throw new Explained(
      "npm is not to be found. It comes with Node (https://nodejs.org); install it and run the command again.",
    );
  }
  if (result.signal !== null) throw new Interrupted(result.signal);
  if (result.code !== 0) {
    say(result.output.trim());
    throw new Explained(explainInstall(result.output));
  }
  if (!existsSync(join(nodeModules, "node", "bin", "node")) && !supportsTypeScript()) {
    throw new Explained(
      "The packages are installed, but not the Node 22 that one of them fetches when it is installed. Allow install scripts (`npm config delete ignore-scripts`), remove node_modules and run the command again, or use Node 22.18 or newer.",
    );
  }
  writeFileSync(installStamp, lockHash);
  say(`Installed ${total.length} packages in ${seconds(started)}.`);
}

/** All files below `folder` that `wanted` accepts, in a stable order. */
function filesBelow(folder, wanted) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesBelow(path, wanted);
      return wanted(entry.name) ? [path] : [];
    });
}

/** A hash of everything the compiled contracts depend on. */
function sourcesHash(lockHash) {
  const isSource = (name) => name.endsWith(".sol") && !name.endsWith(".t.sol");
  const files = [
    inRoot("hardhat.config.ts"),
    ...filesBelow(inRoot("contracts"), isSource),
    ...filesBelow(inRoot("test"), isSource),
  ];
  const hash = createHash("sha256").update(lockHash);
  for (const file of files)
    hash.update(file.slice(root.length)).update("\0").update(readFileSync(file)).update("\0");
  return hash.digest("hex");
}

async function compile(runtime, lockHash) {
  const wanted = sourcesHash(lockHash);
  // Beside the sources the stamp names what was built: types somebody deleted are noticed, and so are artifacts of
  // another build, such as the instrumented ones that measuring the coverage leaves behind.
  const builds = inRoot("artifacts", "build-info");
  const stamp = () => {
    const made = existsSync(builds) ? readdirSync(builds).sort() : [];
    return [wanted, existsSync(inRoot("typechain")), ...made].join("\n");
  };
  if (existsSync(compileStamp) && readFileSync(compileStamp, "utf8") === stamp()) return false;
  const started = Date.now();
  say("Compiling the contracts ...");
  const args = [hardhat, "build", "--no-tests", "--quiet"];
  const result = await collect(runtime, args, { cwd: root, env: environment(runtime) }, () => {
    say(`  still compiling, ${seconds(started)}`);
  });
  if (result.signal !== null) throw new Interrupted(result.signal);
  if (result.code !== 0) {
    say(result.output.trim());
    throw new Explained("The contracts do not compile; the compiler's words are above.");
  }
  mkdirSync(dirname(compileStamp), { recursive: true });
  writeFileSync(compileStamp, stamp());
  say(`Compiled the contracts in ${seconds(started)}.`);
  return true;
}

function usage() {
  say(`Usage: node scripts/bootstrap.mjs <${Object.keys(commands).join("|")}> [arguments...]`);
}

async function main() {
  const [name = "", ...rest] = process.argv.slice(2);
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    usage();
    process.exit(name === "--help" || name === "-h" ? 0 : 2);
  }
  if (Number(process.versions.node.split(".")[0]) < OLDEST_NODE) {
    throw new Explained(
      `This is Node ${process.versions.node}; the project needs Node ${OLDEST_NODE} or newer. Install a current one from https://nodejs.org (or \`nvm install 22\`), then run the command again.`,
    );
  }
  if (!existsSync(lockFile)) throw new Explained(`${lockFile} is missing; is this a whole checkout?`);
  const lockText = readFileSync(lockFile, "utf8");
  const lockHash = hashOf(lockText);
  const lock = JSON.parse(lockText);

  const runtime = await alone(async () => {
    if (!isInstalled(lock, lockHash)) await install(lock, lockHash);
    else writeFileSync(installStamp, lockHash);
    const own = join(nodeModules, "node", "bin", "node");
    const node = existsSync(own) ? own : process.execPath;
    const fresh = command.contracts ? await compile(node, lockHash) : false;
    if (name === "compile" && !fresh) say("The contracts are compiled and up to date.");
    return node;
  });
  if (command.program === undefined) return;

  const [file, ...fixed] = command.program;
  const child = spawn(runtime, [inRoot(file), ...fixed, ...rest], {
    cwd: root,
    stdio: "inherit",
    env: environment(runtime),
  });
  const stop = passSignals((signal) => child.kill(signal));
  child.on("error", (error) => {
    say(`Cannot run ${runtime}: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    stop();
    endAs(code, signal);
  });
}

main().catch((error) => {
  if (error instanceof Interrupted) return endAs(null, error.signal);
  say(error instanceof Explained ? error.message : (error?.stack ?? String(error)));
  process.exit(1);
});
