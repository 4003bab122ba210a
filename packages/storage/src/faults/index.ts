export {
  CrashError,
  dropAll,
  type Fate,
  type Fates,
  type Faults,
  FaultyFileSystem,
  fatesFrom,
  holeInLastWrite,
  keepAll,
  tearLastWrite,
  type Unsynced,
} from "./filesystem.ts";
