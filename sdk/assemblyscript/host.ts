// What the host does for a guest: ABI.md, section 6. An import is asked for only by a plugin that uses it.

// @ts-ignore: decorators of AssemblyScript
@external("siogw", "log") declare function hostLog(level: i32, p: usize, n: usize): void;
// @ts-ignore
@external("siogw", "counter") declare function hostCounter(p: usize, n: usize, delta: i64): void;
// @ts-ignore
@external("siogw", "time_ms") declare function hostTimeMs(): i64;
// @ts-ignore
@external("siogw", "random") declare function hostRandom(p: usize, n: usize): void;

/** The level of a line in the gateway's log. */
export enum Level { Debug, Info, Warn, Error }

/** Logs a line: 16 a packet, 1 KiB of each. */
export function log(level: Level, line: string): void {
  const b = String.UTF8.encode(line);
  hostLog(level, changetype<usize>(b), b.byteLength);
}

/** Adds to a counter of the plugin, named in lower case letters, digits and underscores; 64 times a packet. */
export function count(name: string, delta: i64): void {
  const b = String.UTF8.encode(name);
  hostCounter(changetype<usize>(b), b.byteLength, delta);
}

/** The packet's time in milliseconds since 1970, with the capability clock; 0 while the plugin is configured. */
export function timeMs(): i64 {
  return hostTimeMs();
}

/** n unpredictable bytes, with the capability random; 4 KiB a packet. */
export function random(n: i32): Uint8Array {
  const out = new Uint8Array(n);
  hostRandom(out.dataStart, n);
  return out;
}
