import { Text } from "./text";
import { Kind, Value, kindOf, scalarEnd, skipSpace } from "./json";
import { setText, stringEnd } from "./escape";

/** How deep arrays and objects may be nested; the gateway's own limit is lower. */
const DEEP = 128;

const enum State { Value, First, Key, Colon, After, Ended }

/** Comes by every key and scalar of a value, in order: for (let w = new Walk(v, "/args"); w.next(); ) */
export class Walk {
  /** Key, String, Number or Word. */
  kind: Kind = Kind.None;
  /** Of a key or string without escapes, otherwise as it is written. It changes with next. */
  text: Text = new Text();
  /** Arrays and objects around it. */
  depth: i32 = 0;
  /** After the end: whether the text was no JSON, or nested more than 128 deep. */
  bad: bool = false;

  private state: State = State.Value;
  private at: usize;
  private end: usize;
  // For each level an array's index, or -1; and an object's key.
  private indices: StaticArray<i32> = new StaticArray<i32>(DEEP);
  private keys: StaticArray<usize> = new StaticArray<usize>(2 * DEEP);

  /** base is the pointer of the value itself, such as "/args"; pointers begin with it. */
  constructor(value: Value, private base: string = "") {
    this.at = value.p;
    this.end = value.p + value.n;
  }

  next(): bool {
    while (this.state != State.Ended) {
      const at = skipSpace(this.at, this.end);
      this.at = at;
      if (at >= this.end) {
        this.bad = this.state != State.After || this.depth > 0;
        this.state = State.Ended;
        return false;
      }
      const c = load<u8>(at);
      switch (this.state) {
        case State.Key:
          if (c != 0x22 || !this.string(Kind.Key, State.Colon)) return this.fail();
          this.keys[2 * this.depth - 2] = this.text.p;
          this.keys[2 * this.depth - 1] = this.text.n;
          return true;
        case State.Colon:
          if (c != 0x3a) return this.fail();
          this.go(State.Value);
          break;
        case State.Value:
          if (c == 0x22) return this.string(Kind.String, State.After) || this.fail();
          if (c != 0x5b && c != 0x7b) return this.scalar(c);
          if (this.depth == DEEP) return this.fail();
          this.indices[this.depth++] = c == 0x5b ? 0 : -1;
          this.keys[2 * this.depth - 1] = 0;
          this.go(State.First);
          break;
        default:
          if (!this.behind(c)) return this.fail();
      }
    }
    return false;
  }

  private go(next: State): void {
    this.at++;
    this.state = next;
  }

  private fail(): bool {
    this.bad = true;
    this.state = State.Ended;
    return false;
  }

  private string(kind: Kind, next: State): bool {
    const from = this.at + 1, to = stringEnd(from, this.end);
    if (to == 0) return false;
    setText(this.text, from, to - from);
    this.at = to + 1;
    this.kind = kind;
    this.state = next;
    return true;
  }

  private scalar(c: u8): bool {
    const to = scalarEnd(this.at, this.end);
    if (to == this.at) return this.fail();
    this.text.p = this.at;
    this.text.n = to - this.at;
    this.at = to;
    this.kind = kindOf(c);
    this.state = State.After;
    return true;
  }

  /** Reads what stands behind a value, or at the beginning of a container; false when that is no JSON. */
  private behind(c: u8): bool {
    if (this.depth == 0) return false;
    const array = this.indices[this.depth - 1] >= 0;
    if (c == (array ? 0x5d : 0x7d)) {
      this.depth--;
      this.go(State.After);
      return true;
    }
    if (this.state == State.After) {
      if (c != 0x2c) return false;
      if (array) this.indices[this.depth - 1]++;
      this.at++;
    }
    this.state = array ? State.Value : State.Key;
    return true;
  }

  /** The RFC 6901 pointer of the node; of a key that of its value. */
  get pointer(): string {
    let out = this.base;
    for (let i = 0; i < this.depth; i++) {
      if (this.indices[i] >= 0) {
        out += "/" + this.indices[i].toString();
      } else {
        const key = String.UTF8.decodeUnsafe(this.keys[2 * i], this.keys[2 * i + 1]);
        out += "/" + key.replaceAll("~", "~0").replaceAll("/", "~1");
      }
    }
    return out;
  }
}
