// The store of a plugin, with the capability kv: ABI.md, sections 6 and 7.

// @ts-ignore: decorators of AssemblyScript
@external("siogw", "kv_get") declare function kvGet(k: usize, kn: usize, v: usize, vn: usize): i32;
// @ts-ignore
@external("siogw", "kv_set") declare function kvSet(k: usize, kn: usize, v: usize, vn: usize, ttl: i64): i32;
// @ts-ignore
@external("siogw", "kv_delete") declare function kvDelete(k: usize, kn: usize): i32;
// @ts-ignore
@external("siogw", "kv_add") declare function kvAdd(k: usize, kn: usize, delta: i64, ttl: i64, sum: usize): i32;

/** What the store answers when it could not; 0 is no error. */
export enum KVError {
  None = 0,
  NoEntry = -1,
  Full = -2, // what was there before is unchanged
  Size = -3, // of a key: 1 to 256 bytes; of a value: 64 KiB
  NoNumber = -4,
  Unavailable = -5, // while the plugin is configured, after 64 calls of one packet, or the store cannot be reached
}

const sum = memory.data(8, 8);

/** The store. It is bounded, shared by a plugin's instances, and emptied by time alone. */
export class KV {
  /** Of the call that came last. */
  static error: KVError = KVError.None;

  private static answered(n: i32): bool {
    KV.error = n < 0 ? n : KVError.None;
    return n >= 0;
  }

  /** The value at key, null when there is none. */
  static get(key: string): string | null {
    const k = String.UTF8.encode(key);
    let room = new ArrayBuffer(256);
    for (let tries = 0; tries < 3; tries++) {
      const n = kvGet(changetype<usize>(k), k.byteLength, changetype<usize>(room), room.byteLength);
      if (!KV.answered(n)) return null;
      if (n <= room.byteLength) return String.UTF8.decodeUnsafe(changetype<usize>(room), n);
      room = new ArrayBuffer(n);
    }
    KV.error = KVError.Unavailable; // it grew each time
    return null;
  }

  /** Stores a value for ttl milliseconds, at most the operator's limit. */
  static set(key: string, value: string, ttl: i64): bool {
    const k = String.UTF8.encode(key), v = String.UTF8.encode(value);
    return KV.answered(kvSet(changetype<usize>(k), k.byteLength, changetype<usize>(v), v.byteLength, ttl));
  }

  /** Removes an entry; false when there was none. */
  static delete(key: string): bool {
    const k = String.UTF8.encode(key);
    const n = kvDelete(changetype<usize>(k), k.byteLength);
    return KV.answered(n) && n > 0;
  }

  /**
   * Adds to the number at key, at once for all who do so, and gives the sum; 0 with an error. A new entry lives for ttl milliseconds; one
   * that is there keeps its end.
   */
  static add(key: string, delta: i64, ttl: i64): i64 {
    const k = String.UTF8.encode(key);
    return KV.answered(kvAdd(changetype<usize>(k), k.byteLength, delta, ttl, sum)) ? load<i64>(sum) : 0;
  }
}
