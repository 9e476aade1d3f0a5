// Bytes outside of the collected memory: the view, what is freed of escapes, and what is written.

/** UTF-8 text in the view. It is valid until the verdict is given; toString makes a string of it, for good. */
export class Text {
  constructor(
    public p: usize = 0, // address
    public n: usize = 0, // bytes
  ) {}

  /** Whether it is s, which must be ASCII. Cheaper than to make a string. */
  is(s: string): bool {
    if (<usize>s.length != this.n) return false;
    for (let i = 0; i < s.length; i++) {
      if (<i32>load<u8>(this.p + i) != s.charCodeAt(i)) return false;
    }
    return true;
  }

  same(other: Text): bool {
    return this.n == other.n && memory.compare(this.p, other.p, this.n) == 0;
  }

  /** Its bytes, one by one. */
  @inline
  byte(i: i32): u8 {
    assert(<usize>i < this.n);
    return load<u8>(this.p + <usize>i);
  }

  @inline
  get length(): i32 {
    return <i32>this.n;
  }

  toString(): string {
    return String.UTF8.decodeUnsafe(this.p, this.n);
  }
}

/** A buffer that grows, and is used again in the next call. */
export class Buffer {
  p: usize = 0;
  n: usize = 0;
  private cap: usize = 0;

  constructor() {} // without one the compiler fails on a global of this class

  @inline
  room(n: usize): usize {
    if (n > this.cap - this.n) this.grow(n);
    return this.p + this.n;
  }

  private grow(n: usize): void {
    assert(n < 1 << 28 && this.n < 1 << 28, "more is written than a verdict may hold");
    const cap = max(this.cap * 2, this.n + n + 256);
    this.p = this.p == 0 ? heap.alloc(cap) : heap.realloc(this.p, cap);
    this.cap = cap;
  }

  bytes(p: usize, n: usize): void {
    memory.copy(this.room(n), p, n);
    this.n += n;
  }

  byte(c: u8): void {
    store<u8>(this.room(1), c);
    this.n++;
  }

  text(s: string): void {
    // At most three bytes for each unit of UTF-16.
    this.n += String.UTF8.encodeUnsafe(changetype<usize>(s), s.length, this.room(<usize>s.length * 3), false, String.UTF8.ErrorMode.REPLACE);
  }

  /** Writes s as a JSON string. */
  quoted(s: string): void {
    const from = scratch.n;
    scratch.text(s);
    this.quotedBytes(scratch.p + from, scratch.n - from);
    scratch.n = from;
  }

  /** Writes UTF-8 text as a JSON string. Runs of bytes that need no escape are copied at once. */
  quotedBytes(p: usize, n: usize): void {
    this.byte(0x22);
    let from: usize = 0;
    for (let i: usize = 0; i < n; i++) {
      const c = load<u8>(p + i);
      if (c >= 0x20 && c != 0x22 && c != 0x5c) continue;
      this.bytes(p + from, i - from);
      from = i + 1;
      this.byte(0x5c);
      if (c >= 0x20) {
        this.byte(c);
        continue;
      }
      this.text("u00");
      this.byte(0x30 + (c >> 4));
      this.byte((c & 15) < 10 ? 0x30 + (c & 15) : 0x57 + (c & 15));
    }
    this.bytes(p + from, n - from);
    this.byte(0x22);
  }

  toString(): string {
    return String.UTF8.decodeUnsafe(this.p, this.n);
  }
}

const scratch = new Buffer();

// Room is given from chunks, each twice as large as the one before. They are kept for the calls that follow.
const chunks = new StaticArray<usize>(20);
let chunk: i32 = 0;
let used: usize = 0;

/** Gives all room back: for guest.ts. */
export function beginRoom(): void {
  chunk = 0;
  used = 0;
}

/** n bytes until the verdict is given. */
export function room(n: usize): usize {
  assert(n < 1 << 29);
  while (used + n > (<usize>4096 << chunk)) {
    assert(++chunk < chunks.length);
    used = 0;
  }
  if (chunks[chunk] == 0) chunks[chunk] = heap.alloc(<usize>4096 << chunk);
  used += n;
  return chunks[chunk] + used - n;
}
