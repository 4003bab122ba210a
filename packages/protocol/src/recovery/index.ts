export { recover } from "./activate.ts";
export { certificateFor, quietFrom, restartSeats, tendRecovery } from "./restart.ts";
