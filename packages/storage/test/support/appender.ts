import { WriteAheadLog } from "../../src/index.ts";

// Appends to the log in the folder named by the argument and prints each acknowledged index, until it is killed.
const log = await WriteAheadLog.open({ directory: process.argv[2]!, segmentBytes: 4000 });
for (let next = log.next; ; ) {
  const group = Array.from({ length: 7 }, (_, i) =>
    log.append(new TextEncoder().encode(`record ${next + i}`)),
  );
  next += group.length;
  for (const index of await Promise.all(group)) process.stdout.write(`${index}\n`);
}
