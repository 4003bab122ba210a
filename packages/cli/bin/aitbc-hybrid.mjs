#!/usr/bin/env node
// Plain JavaScript, so that an old Node can still say what is missing instead of a syntax error.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `aitbc-hybrid needs Node 22.18 or newer, this is ${process.versions.node}. ` +
      "Inside the repository `npm start` and `npx aitbc-hybrid` bring their own.\n",
  );
  process.exit(2);
}
const { main } = await import("@aitbc-hybrid/cli");
process.exitCode = await main(process.argv.slice(2));
