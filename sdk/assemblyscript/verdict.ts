import { Buffer } from "./text";

const enum Effect { Allow, Deny, Abstain }

const enum Change { Nothing, Args, Patch, Strings }

/** s as a JSON string. */
export function jsonString(s: string): string {
  const b = new Buffer();
  b.quoted(s);
  const out = b.toString();
  heap.free(b.p);
  return out;
}

/**
 * A plugin's answer. As it comes it allows, and changes nothing. The first denial counts, and forgets all changes; of replaceArgs,
 * patch and replaceString a verdict holds one sort, and another one after it aborts. Parameters named json are JSON text.
 */
export class Verdict {
  private effect: Effect = Effect.Allow;
  private change: Change = Change.Nothing;
  private denial: Buffer = new Buffer();
  private args: Buffer = new Buffer();
  private auth: Buffer = new Buffer();
  private attachments: Buffer = new Buffer();
  private labels: Buffer = new Buffer();

  /** Forgets what was said, and keeps the memory: for guest.ts. */
  begin(): void {
    this.effect = Effect.Allow;
    this.change = Change.Nothing;
    this.denial.n = this.args.n = this.auth.n = this.attachments.n = this.labels.n = 0;
  }

  /** Denies. The client sees both: the reason must not repeat what it sent. */
  deny(code: string, reason: string): void {
    if (this.denied) return;
    this.effect = Effect.Deny;
    key(this.denial, "code");
    this.denial.quoted(code);
    key(this.denial, "reason");
    this.denial.quoted(reason);
  }

  /** Denies with a number for a code. */
  denyNumber(code: i64, reason: string): void {
    if (this.denied) return;
    this.effect = Effect.Deny;
    key(this.denial, "code");
    this.denial.text(code.toString());
    key(this.denial, "reason");
    this.denial.quoted(reason);
  }

  /** What else the client may know; after a denial. */
  denyData(json: string): void {
    assert(this.denied, "data go with a denial");
    key(this.denial, "data");
    this.denial.text(json);
  }

  get denied(): bool {
    return this.effect == Effect.Deny;
  }

  /** Leaves the packet to others. */
  abstain(): void {
    if (!this.denied) this.effect = Effect.Abstain;
  }

  private changing(change: Change): Buffer {
    assert(this.change == change || this.change == Change.Nothing, "a verdict changes the arguments in one way");
    this.change = change;
    return this.args;
  }

  /** Replaces all arguments by a JSON array. */
  replaceArgs(json: string): void {
    const b = this.changing(Change.Args);
    b.n = 0;
    b.text(json);
  }

  /** Replaces the payload of a CONNECT by a JSON object. */
  replaceAuth(json: string): void {
    this.auth.n = 0;
    this.auth.text(json);
  }

  /** Replaces a text of the arguments by its number in the view strings. */
  replaceString(i: i32, to: string): void {
    const b = this.changing(Change.Strings);
    key(b, i.toString());
    b.quoted(to);
  }

  /** Replaces a binary attachment by its number in the packet; no bytes leave it empty. */
  replaceAttachment(i: i32, to: Uint8Array): void {
    const b = this.attachments;
    key(b, i.toString());
    b.byte(0x22);
    base64(b, to);
    b.byte(0x22);
  }

  /** An operation of RFC 6902, under /args or /auth; json is "" for remove. */
  patch(op: string, path: string, json: string): void {
    const b = this.changing(Change.Patch);
    if (b.n > 0) b.byte(0x2c);
    b.text('{"op":');
    b.quoted(op);
    b.text(',"path":');
    b.quoted(path);
    if (json.length > 0) {
      b.text(',"value":');
      b.text(json);
    }
    b.byte(0x7d);
  }

  /** Replaces the text at a pointer by a patch. */
  patchText(path: string, to: string): void {
    this.patch("replace", path, jsonString(to));
  }

  /** Tells later plugins and the policy something: input.plugins.NAME.name. Each name once. */
  label(name: string, json: string): void {
    key(this.labels, name);
    this.labels.text(json);
  }

  /** The label score, a finite number. */
  score(score: f64): void {
    assert(isFinite(score), "a score is a finite number");
    this.label("score", score == Math.trunc(score) && Math.abs(score) < 1e15 ? (<i64>score).toString() : score.toString());
  }

  /** Writes the verdict's JSON, nothing for the plain allow: for guest.ts. */
  write(out: Buffer): void {
    out.n = 0;
    switch (this.effect) {
      case Effect.Allow:
        if (this.change == Change.Nothing && this.auth.n + this.attachments.n + this.labels.n == 0) return;
        out.text('{"effect":"allow"');
        part(out, ["", "args", "patch", "strings"][<i32>this.change], ["", "", "[]", "{}"][<i32>this.change], this.args);
        part(out, "auth", "", this.auth);
        part(out, "attachments", "{}", this.attachments);
        break;
      case Effect.Deny:
        out.text('{"effect":"deny",');
        out.bytes(this.denial.p, this.denial.n);
        break;
      default:
        out.text('{"effect":"abstain"');
    }
    part(out, "labels", "{}", this.labels);
    out.byte(0x7d);
  }
}

/** Begins a member of what is written. */
function key(b: Buffer, name: string): void {
  if (b.n > 0) b.byte(0x2c);
  b.quoted(name);
  b.byte(0x3a);
}

function part(out: Buffer, name: string, brackets: string, body: Buffer): void {
  if (body.n == 0) return;
  key(out, name);
  if (brackets.length > 0) out.byte(<u8>brackets.charCodeAt(0));
  out.bytes(body.p, body.n);
  if (brackets.length > 0) out.byte(<u8>brackets.charCodeAt(1));
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function base64(b: Buffer, data: Uint8Array): void {
  for (let i = 0; i < data.length; i += 3) {
    const n = min(3, data.length - i);
    let v: u32 = 0;
    for (let j = 0; j < 3; j++) v = (v << 8) | (j < n ? <u32>data[i + j] : 0);
    for (let j = 0; j < 4; j++) {
      b.byte(j > n ? 0x3d : <u8>letters.charCodeAt((v >> (18 - 6 * j)) & 63));
    }
  }
}
