export { recover } from "./activate.ts";
export { certificateFor, restartDue, restartSeats, tendRecovery } from "./restart.ts";
