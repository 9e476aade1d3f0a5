import { Value } from "./json";
import { Walk } from "./walk";

/** What a plugin gets to see of a packet: what its manifest's view says. Another view aborts. It is valid during the call. */
export class View {
  constructor(
    public p: usize,
    public n: usize,
  ) {}

  /** The JSON of the views input, args and fields. */
  json(): Value {
    let p = this.p, n = this.n;
    while (n > 0 && load<u8>(p) <= 0x20) {
      p++;
      n--;
    }
    while (n > 0 && load<u8>(p + n - 1) <= 0x20) n--;
    return new Value(p, n);
  }

  /** Every key and scalar of that JSON, in order. */
  walk(): Walk {
    return new Walk(this.json());
  }

  /** The texts of the view strings: for (let s = view.strings(); s.next(); ) */
  strings(): Strings {
    return new Strings(this.p, this.p + this.n);
  }

  /** The attachments of the view attachments: for (let a = view.attachments(); a.next(); ) */
  attachments(): Attachments {
    return new Attachments(this.p, this.p + this.n);
  }
}

/** Takes a view apart. */
class Parts {
  /** In the view, from 0. */
  number: i32 = -1;
  /** Where the part that came last begins, and how long it is. */
  p: usize = 0;
  n: usize = 0;
  protected left: u32;

  constructor(
    protected at: usize,
    protected end: usize,
  ) {
    this.left = this.take32();
  }

  protected more(): bool {
    assert(this.left > 0 || this.at == this.end, "bytes behind the view; does the manifest ask for this one?");
    if (this.left == 0) return false;
    this.left--;
    this.number++;
    return true;
  }

  protected take32(): u32 {
    assert(this.end - this.at >= 4, "the view ends early; does the manifest ask for this one?");
    this.at += 4;
    return load<u32>(this.at - 4);
  }

  protected take(): void {
    this.n = <usize>this.take32();
    this.p = this.at;
    assert(this.n <= this.end - this.at, "the view ends early; does the manifest ask for this one?");
    this.at += this.n;
  }
}

/** The texts of a view. */
export class Strings extends Parts {
  next(): bool {
    if (!this.more()) return false;
    this.take();
    return true;
  }

  /** Made anew each time that it is asked for. */
  get text(): string {
    return String.UTF8.decodeUnsafe(this.p, this.n);
  }
}

/** The attachments of a view. */
export class Attachments extends Parts {
  /** Bytes of the whole. */
  size: u32 = 0;

  next(): bool {
    if (!this.more()) return false;
    this.size = this.take32();
    this.take();
    return true;
  }

  /** As many of the first bytes as the manifest's prefix says; a copy. */
  get data(): Uint8Array {
    const out = new Uint8Array(<i32>this.n);
    memory.copy(out.dataStart, this.p, this.n);
    return out;
  }
}
