import { Level, log } from "./host";

/** The compiler calls it where the code throws. What fails while the line is made ends at once. */
let aborting: bool = false;

export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  if (!aborting) {
    aborting = true;
    const what = message === null ? "aborted" : message;
    const where = file === null ? "" : file;
    log(Level.Error, what + " at " + where + ":" + line.toString() + ":" + column.toString());
  }
  unreachable();
}
