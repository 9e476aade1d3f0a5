// What a plugin of the siogw gateway sees and gives. For editors: nothing of it runs.

/** What `siogw plugin` and the gateway know a plugin by. Only `view` and `kinds` matter to most. */
export interface Manifest {
  abi?: 1;
  name?: string;
  version?: string;
  description?: string;
  /** What `decide` gets; default `input`. The less, the cheaper. */
  view?: 'input' | 'args' | 'fields' | 'strings' | 'attachments';
  /** With view `fields`: JSON pointers into the input, such as `/args/0/text`. */
  fields?: string[];
  /** With view `attachments`: how many bytes of each are shown, 1 to 65536; default 4096. */
  prefix?: number;
  /** The packets that it is asked about; default all. */
  kinds?: Kind[];
  /** The verdict depends on the view and the configuration alone. Not with capabilities. */
  pure?: boolean;
  /** How long what it keeps in variables lives; default `shared`. */
  lifetime?: 'shared' | 'session' | 'call';
  /** What the operator has to grant: `siogw.kv`, `Date.now()`, `Math.random()`. */
  capabilities?: ('kv' | 'clock' | 'random')[];
}

export type Kind = 'handshake' | 'connect' | 'join' | 'leave' | 'event' | 'ack' | 'emit';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The view `input`. Keys that do not apply are absent. */
export interface Input {
  version: 'siogw/v1';
  kind: Kind;
  direction: 'in' | 'out';
  /** RFC 3339. */
  time: string;
  namespace: string;
  event?: string;
  args?: Json[];
  auth?: { [key: string]: Json };
  room?: string;
  ack?: boolean;
  bytes?: number;
  attachments?: { bytes: number; type: string }[];
  identity: { authenticated: boolean; sub?: string; roles?: string[]; claims?: { [key: string]: Json }; expires_at?: number };
  session: {
    id: string;
    eio: number;
    transport: string;
    ip: string;
    secure: boolean;
    age_ms: number;
    rooms: string[];
    namespaces: string[];
    origin?: string;
    headers?: { [key: string]: string };
    query?: { [key: string]: string };
  };
  /** What earlier plugins told, by their names. */
  plugins?: { [name: string]: { [label: string]: Json } };
}

/** One of the view `attachments`. */
export interface Attachment {
  /** Its size; `data` may be less of it. */
  bytes: number;
  data: Uint8Array;
}

/** An answer. Nothing (`undefined`) allows, and changes nothing. */
export interface Verdict {
  /** Default `allow`. `abstain` leaves it to others. */
  effect?: 'allow' | 'deny' | 'abstain';
  /** Of a denial; the client sees these three. At most 128 bytes, 1 KiB, 16 KiB. */
  code?: string | number;
  reason?: string;
  data?: unknown;
  /** Changes of the packet: at most one of args, patch and strings. */
  args?: unknown[];
  patch?: { op: string; path: string; from?: string; value?: unknown }[];
  /** The number of a string in the view `strings`, and what is to stand there. */
  strings?: { [index: number]: string };
  /** The number of an attachment, and its new content; `null` drops it. A string is base64. */
  attachments?: { [index: number]: Uint8Array | ArrayBuffer | string | null };
  auth?: { [key: string]: unknown };
  /** What later plugins and the policy see as `input.plugins.NAME`. */
  labels?: { [key: string]: unknown };
  score?: number;
}

export interface Siogw {
  /** What the operator wrote under `config:`. */
  readonly config: any;
  /** A line of the gateway's log, at level info; console.log is the same. 16 a packet, 1 KiB each. */
  log(...all: unknown[]): void;
  debug(...all: unknown[]): void;
  info(...all: unknown[]): void;
  warn(...all: unknown[]): void;
  error(...all: unknown[]): void;
  /** Adds to a counter, named in `[a-z0-9_]`. 64 a packet, 32 names. */
  counter(name: string, delta?: number): void;
  /** A label of this packet. 16 a packet, 1 KiB of JSON each. */
  label(key: string, value: unknown): void;
  allow(changes?: Omit<Verdict, 'effect' | 'code' | 'reason' | 'data'>): Verdict;
  deny(code: string | number, reason?: string, data?: unknown): Verdict;
  abstain(): Verdict;
  /** The store, with the capability `kv` only. */
  readonly kv: Store;
}

/** Shared by all instances of the plugin. 64 calls a packet. What cannot be done throws. */
export interface Store {
  /** `undefined` when there is none. */
  get(key: string): string | undefined;
  /** Stores text, for `ttl` milliseconds; without, as long as the operator lets it. */
  set(key: string, value: string, ttl?: number): void;
  /** Whether there was one. */
  delete(key: string): boolean;
  /** Adds to a number at once for all, and gives the sum. A new one lives `ttl` milliseconds. `add(key, 0)` reads it. */
  add(key: string, delta?: number, ttl?: number): number;
}

/** `export default`. */
export type Decide<View = Input> = (view: View, siogw: Siogw) => Verdict | undefined | void;
/** `export function configure`. What it throws refuses the configuration. */
export type Configure = (config: any, siogw: Siogw) => void;
