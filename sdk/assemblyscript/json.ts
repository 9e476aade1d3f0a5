import { Text } from "./text";
import { setText, stringEnd } from "./escape";

/** What a JSON value is. */
export enum Kind {
  None, // nothing is there
  Key, // of a member; in a walk only
  String,
  Number,
  Word, // true, false or null
  Array,
  Object,
}

@inline
export function isSpace(c: u8): bool {
  return c <= 0x20 && (c == 0x20 || c == 0x0a || c == 0x09 || c == 0x0d);
}

@inline
export function skipSpace(at: usize, end: usize): usize {
  while (at < end && isSpace(load<u8>(at))) at++;
  return at;
}

/** The end of a number or word. */
export function scalarEnd(at: usize, end: usize): usize {
  while (at < end) {
    const c = load<u8>(at);
    if (c <= 0x20 || c == 0x2c || c == 0x5d || c == 0x7d) break;
    at++;
  }
  return at;
}

/** The end of the value that begins at at, 0 when there is none. */
function valueEnd(at: usize, end: usize): usize {
  let depth = 0;
  while (at < end) {
    const c = load<u8>(at);
    if (c == 0x22) {
      at = stringEnd(at + 1, end);
      if (at == 0) return 0;
      at++;
    } else if (c == 0x5b || c == 0x7b) {
      depth++;
      at++;
      continue;
    } else if (c == 0x5d || c == 0x7d) {
      if (--depth < 0) return 0;
      at++;
    } else if (depth > 0 && (c == 0x2c || c == 0x3a || isSpace(c))) {
      at++;
      continue;
    } else {
      const to = scalarEnd(at, end);
      if (to == at) return 0;
      at = to;
    }
    if (depth == 0) return at;
  }
  return 0;
}

/** Which kind begins with this byte. */
export function kindOf(c: u8): Kind {
  switch (c) {
    case 0x22: return Kind.String;
    case 0x5b: return Kind.Array;
    case 0x7b: return Kind.Object;
    case 0x74: case 0x66: case 0x6e: return Kind.Word;
  }
  return Kind.Number;
}

/** A JSON value as it is written, in the view. Nothing is built of it: what is not asked for is skipped. */
export class Value {
  constructor(
    public p: usize = 0,
    public n: usize = 0,
  ) {}

  get kind(): Kind {
    return this.n == 0 ? Kind.None : kindOf(load<u8>(this.p));
  }

  /** As it is written. */
  get raw(): string {
    return String.UTF8.decodeUnsafe(this.p, this.n);
  }

  /** The text of a string, without escapes; empty for anything else. */
  get text(): Text {
    const t = new Text(this.p, 0);
    if (this.kind == Kind.String) {
      const end = stringEnd(this.p + 1, this.p + this.n);
      if (end != 0) setText(t, this.p + 1, end - this.p - 1);
    }
    return t;
  }

  toString(): string {
    return this.text.toString();
  }

  /** NaN when it is no number. */
  get number(): f64 {
    return this.kind == Kind.Number ? parseFloat(this.raw) : NaN;
  }

  /** Whether it is written as an integer of at most 18 digits; integer gives it. */
  get isInteger(): bool {
    const from: usize = this.n > 0 && load<u8>(this.p) == 0x2d ? 1 : 0;
    if (this.n <= from || this.n - from > 18) return false;
    for (let i = from; i < this.n; i++) {
      const c = load<u8>(this.p + i);
      if (c < 0x30 || c > 0x39) return false;
    }
    return true;
  }

  /** 0 when isInteger is false. */
  get integer(): i64 {
    return this.isInteger ? I64.parseInt(this.raw) : 0;
  }

  /** Whether it is true. */
  get isTrue(): bool {
    return new Text(this.p, this.n).is("true");
  }

  /** The value at an RFC 6901 pointer, such as /args/0/text; of kind None when there is none. */
  get(pointer: string): Value {
    let v: Value = this;
    const tokens = pointer.split("/");
    for (let i = 1; i < tokens.length; i++) {
      const token = tokens[i].replaceAll("~1", "/").replaceAll("~0", "~");
      v = v.kind == Kind.Array ? v.element(token) : v.member(token);
    }
    return v;
  }

  private element(token: string): Value {
    for (let m = this.members(); m.next(); ) {
      if (m.index.toString() == token) return m.value;
    }
    return new Value();
  }

  /** The value of an object's member. */
  member(key: string): Value {
    if (this.kind == Kind.Object) {
      for (let m = this.members(); m.next(); ) {
        if (m.key.toString() == key) return m.value;
      }
    }
    return new Value();
  }

  /** The members of an object or the elements of an array, of anything else none: for (let m = v.members(); m.next(); ) */
  members(): Members {
    return new Members(this.p, this.kind >= Kind.Array ? this.p + this.n : this.p);
  }
}

/** Members, one by one. key and value are new for each where they are used; they end where the text is no JSON. */
export class Members {
  /** Without escapes; empty in an array. It changes with next. */
  key: Text = new Text();
  /** From 0. */
  index: i32 = -1;

  private from: usize = 0;
  private to: usize = 0;
  private object: bool = false;

  constructor(
    private at: usize, // of the bracket, or the comma in front of the next
    private end: usize,
  ) {
    this.object = at < end && load<u8>(at) == 0x7b;
  }

  get value(): Value {
    return new Value(this.from, this.to - this.from);
  }

  next(): bool {
    let at = this.at;
    const end = this.end;
    this.at = end;
    if (at >= end || (this.index >= 0 && load<u8>(at) != 0x2c)) return false;
    at = skipSpace(at + 1, end);
    if (this.object) {
      if (at >= end || load<u8>(at) != 0x22) return false;
      const to = stringEnd(at + 1, end);
      if (to == 0) return false;
      setText(this.key, at + 1, to - at - 1);
      at = skipSpace(to + 1, end);
      if (at >= end || load<u8>(at) != 0x3a) return false;
      at = skipSpace(at + 1, end);
    }
    const to = valueEnd(at, end);
    if (to == 0) return false;
    this.from = at;
    this.to = to;
    this.at = skipSpace(to, end);
    this.index++;
    return true;
  }
}
