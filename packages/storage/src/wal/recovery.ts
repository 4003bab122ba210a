import { join } from "node:path";
import { StorageError } from "../errors.ts";
import type { FileSystem, StoredFile } from "../fs.ts";
import { frameBytes, laterProof, readFrame } from "./frame.ts";
import { hasSegmentHeader, SEGMENT_HEADER, segmentFirst, segmentHeader, segmentName } from "./segment.ts";

/** A segment as recovery leaves it: its records are `first` to `next` - 1 and end at byte `end`. */
export interface Segment {
  readonly first: number;
  next: number;
  end: number;
}

/** A log as recovery leaves it, with the last segment open. At least one segment, ascending, without gaps. */
export interface Recovered {
  readonly segments: Segment[];
  readonly active: StoredFile;
}

/**
 * Reads the log in an existing directory and makes it sound. What a crash can leave is mended: a last segment without its header, a torn tail
 * (cut off; nothing of it was ever acknowledged). What a crash cannot leave is damage and throws CORRUPTED. Afterwards
 * everything that is readable is on the disk, hence as good as acknowledged.
 */
export async function recover(fs: FileSystem, directory: string): Promise<Recovered> {
  const firsts = (await fs.list(directory))
    .map(segmentFirst)
    .filter((first) => first !== null)
    .sort((a, b) => a - b);
  if (firsts.length === 0) {
    const active = await createSegment(fs, directory, 0);
    return { segments: [{ first: 0, next: 0, end: SEGMENT_HEADER }], active };
  }
  const segments: Segment[] = [];
  for (const first of firsts.slice(0, -1)) {
    checkGap(directory, segments.at(-1), first);
    segments.push(await readSealed(fs, directory, first));
  }
  const last = firsts.at(-1)!;
  checkGap(directory, segments.at(-1), last);
  const { segment, active } = await readLast(fs, directory, last);
  segments.push(segment);
  return { segments, active };
}

/** Creates the segment that starts with `first`; returns once its header and name are on the disk. */
export async function createSegment(fs: FileSystem, directory: string, first: number): Promise<StoredFile> {
  const file = await fs.open(join(directory, segmentName(first)), true);
  await file.write(segmentHeader(first), 0);
  await file.sync();
  await fs.syncDirectory(directory);
  return file;
}

async function readSealed(fs: FileSystem, directory: string, first: number): Promise<Segment> {
  const name = segmentName(first);
  const file = await fs.open(join(directory, name), false);
  try {
    const content = await file.read(0, await file.size());
    if (!hasSegmentHeader(content, first)) throw damaged(directory, name, 0, first);
    const segment = scan(content, first);
    // It was complete on the disk before the next one was begun.
    if (segment.end !== content.length) throw damaged(directory, name, segment.end, segment.next);
    return segment;
  } finally {
    await file.close();
  }
}

async function readLast(
  fs: FileSystem,
  directory: string,
  first: number,
): Promise<{ segment: Segment; active: StoredFile }> {
  const name = segmentName(first);
  const path = join(directory, name);
  const file = await fs.open(path, false);
  const content = await file.read(0, await file.size());
  if (!hasSegmentHeader(content, first)) {
    await file.close();
    // Records follow only once the header is on the disk: without any, the crash came before.
    if (content.length > SEGMENT_HEADER) throw damaged(directory, name, 0, first);
    await fs.remove(path);
    const active = await createSegment(fs, directory, first);
    return { segment: { first, next: first, end: SEGMENT_HEADER }, active };
  }
  const segment = scan(content, first);
  if (segment.end !== content.length) {
    if (laterProof(content, segment.end, segment.next)) {
      await file.close();
      throw damaged(directory, name, segment.end, segment.next);
    }
    await file.truncate(segment.end);
  }
  // What was read may have been in the machine's memory only, if the process died and the machine did not.
  await file.sync();
  await fs.syncDirectory(directory);
  return { segment, active: file };
}

function scan(content: Uint8Array, first: number): Segment {
  const segment = { first, next: first, end: SEGMENT_HEADER };
  for (;;) {
    const frame = readFrame(content, segment.end);
    if (frame === null || frame.index !== segment.next) return segment;
    segment.next++;
    segment.end += frameBytes(frame.data.length);
  }
}

function checkGap(directory: string, before: Segment | undefined, first: number): void {
  if (before === undefined || before.next === first) return;
  throw damaged(directory, segmentName(before.first), before.end, before.next);
}

function damaged(directory: string, name: string, offset: number, index: number): StorageError {
  return new StorageError(
    "CORRUPTED",
    `The log in ${directory} is damaged: record ${index} was stored and cannot be read (${name}, byte ${offset}). Restore the folder from its backup; going on without it can make a validator contradict its own votes.`,
  );
}
