// One run of one scenario: the verbs.
'use strict';
const { Client, expect, WAIT } = require('./client.cjs');
const { Running } = require('./running.cjs');
const { revive, plain, match } = require('./values.cjs');

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

class Run {
  #clients = new Map();

  constructor(job) { this.job = job; this.running = new Running(job.gateway); }

  async all() {
    let step = -1;
    try {
      await this.#control('/reset');
      await this.running.begin();
      for (const s of this.job.steps) {
        step++;
        await this.#step(s);
      }
      for (const [name, c] of this.#clients) expect(`left over at ${name}`, '', c.leftovers());
      return { ok: true };
    } catch (err) {
      return { ok: false, step, error: err.message };
    } finally {
      for (const c of this.#clients.values()) c.close();
    }
  }

  async #step(s) {
    const [[verb, arg], ...more] = Object.entries(s);
    if (more.length > 0) throw new Error(`a step has one verb: ${Object.keys(s)}`);
    const known = Run.verbs[verb];
    if (!known) throw new Error(`no verb ${verb}`);
    for (const key of Object.keys(arg)) if (!known.keys.includes(key)) throw new Error(`${verb} has no key ${key}`);
    await known.run.call(this, arg);
  }

  #client(name = 'a') {
    const c = this.#clients.get(name);
    if (!c) throw new Error(`no client ${name}`);
    return c;
  }

  #at({ as, namespace }) { return this.#client(as).at(namespace); }

  async #control(path, body = {}) {
    const res = await fetch(this.job.control + path, { method: 'POST', body: JSON.stringify(body) });
    if (!res.ok) throw new Error(`${path}: ${await res.text()}`);
    return res.json();
  }

  async #life(arg, was, want) {
    const got = await this.#at(arg).life.take(was);
    expect(was, { $sub: { was, ...want } }, got);
  }

  static verbs = {
    connect: {
      keys: ['as', 'namespace', 'auth', 'query', 'headers', 'reconnect', 'error', 'recovered', 'upgrading'],
      async run({ as = 'a', error, recovered, upgrading, ...arg }) {
        const c = this.#clients.get(as) ?? new Client(this.job, arg);
        this.#clients.set(as, c);
        const got = await c.enter(arg);
        if (error) return expect('connect_error', { $sub: { was: 'connect_error', ...error } }, got);
        expect('connect', { $sub: { was: 'connect', ...(recovered !== undefined && { recovered }) } }, got);
        if (!upgrading) await c.settled();
      },
    },
    connected: { // again, by itself
      keys: ['as', 'namespace', 'recovered'],
      async run({ recovered, ...arg }) {
        await this.#life(arg, 'connect', recovered === undefined ? {} : { recovered });
        await this.#client(arg.as).settled();
      },
    },
    disconnected: {
      keys: ['as', 'namespace', 'reason'],
      run({ reason, ...arg }) { return this.#life(arg, 'disconnect', { reason }); },
    },
    leave: {
      keys: ['as', 'namespace'],
      async run(arg) {
        this.#at(arg).socket.disconnect();
        await this.#life(arg, 'disconnect', { reason: 'io client disconnect' });
      },
    },
    cut: { keys: ['as'], run({ as }) { this.#client(as).cut(); } },
    settled: {
      keys: ['as', 'extensions'],
      async run({ as, extensions }) {
        const c = this.#client(as);
        await c.settled();
        if (extensions !== undefined) expect('extensions', extensions, c.manager.engine.transport.ws.extensions);
      },
    },
    emit: { // ack: what the answer must be; no_ack: that none comes
      keys: ['as', 'namespace', 'event', 'args', 'ack', 'no_ack', 'volatile'],
      async run({ event, args = [], ack, no_ack: noAck, volatile, ...arg }) {
        const { socket } = this.#at(arg);
        const from = volatile ? socket.volatile : socket;
        if (ack === undefined && !noAck) return void from.emit(event, ...revive(args));
        const answer = new Promise((resolve) => { from.emit(event, ...revive(args), (...got) => resolve(plain(got))); });
        const got = await Promise.race([answer, pause(noAck ? 300 : WAIT)]);
        if (noAck) return expect(`ack of ${event}`, undefined, got);
        if (got === undefined) throw new Error(`no ack of ${event} in ${WAIT} ms`);
        expect(`ack of ${event}`, ack, got);
      },
    },
    id: { // the server knows this client by the id that it has itself
      keys: ['as', 'namespace'],
      async run(arg) {
        const { socket } = this.#at(arg);
        const got = await Promise.race([new Promise((resolve) => { socket.emit('whoami', resolve); }), pause(WAIT)]);
        // Clients 1.x leave the namespace out.
        expect('id', socket.id, this.job.version === '1' ? got?.id.split('#').at(-1) : got?.id);
      },
    },
    answer: { // what this client answers when the server asks with that event
      keys: ['as', 'namespace', 'event', 'args'],
      run({ event, args = [], ...arg }) { this.#at(arg).answers[event] = revive(args); },
    },
    expect: { // the next event at that socket
      keys: ['as', 'namespace', 'event', 'args'],
      async run({ event, args = [], ...arg }) {
        const got = await this.#at(arg).events.take(event);
        expect('event', { event, args }, got);
      },
    },
    quiet: { // no event has come and none comes
      keys: ['as', 'namespace', 'ms'],
      async run({ ms = 200, ...arg }) {
        await pause(ms);
        expect('events', [], this.#at(arg).events.items);
      },
    },
    up: { // n events to the server, in order
      keys: ['as', 'namespace', 'n'],
      async run({ n, ...arg }) {
        const { socket } = this.#at(arg);
        for (let i = 0; i < n; i++) socket.emit('count', i);
        const got = await Promise.race([new Promise((resolve) => { socket.emit('counted', resolve); }), pause(2 * WAIT)]);
        expect('counted', { n, ordered: true }, got);
      },
    },
    down: { // n events to the client, in order
      keys: ['as', 'namespace', 'n'],
      async run({ n, ...arg }) {
        const s = this.#at(arg);
        s.socket.emit('burst', n);
        for (let i = 0; i < n; i++) expect('tick', { event: 'tick', args: [i] }, await s.events.take(`tick ${i}`));
      },
    },
    flood: { // n events at once, each with an ack: how many were answered as ok, how many as denied
      keys: ['as', 'namespace', 'event', 'n', 'ok', 'denied'],
      async run({ event, n, ok, denied, ...arg }) {
        const { socket } = this.#at(arg);
        const one = (i) => new Promise((resolve) => { socket.emit(event, i, resolve); });
        const all = Promise.all(Array.from({ length: n }, (_, i) => one(i)));
        const got = await Promise.race([all, pause(WAIT)]);
        if (!got) throw new Error('not every event was answered');
        const refused = got.filter((x) => match(denied, plain(x)));
        const passed = got.filter((x) => typeof x === 'number');
        expect('answers', n, refused.length + passed.length);
        if (passed.length < ok[0] || passed.length > ok[1]) throw new Error(`${passed.length} of ${n} passed, want ${ok}`);
      },
    },
    saw: { // the server received this, in this order, other things between
      keys: ['log'],
      async run({ log }) {
        for (const end = Date.now() + WAIT; ; await pause(20)) {
          const got = await this.#control('/log');
          let at = 0;
          for (const entry of got) if (at < log.length && match({ $sub: log[at] }, entry)) at++;
          if (at === log.length) return;
          if (Date.now() > end) throw new Error(`the server saw ${JSON.stringify(got).slice(0, 2000)}, not ${JSON.stringify(log[at])}`);
        }
      },
    },
    unseen: { // the server received nothing like this; ask after a later packet of the same client was answered
      keys: ['log'],
      async run({ log }) {
        const got = await this.#control('/log');
        for (const no of log) for (const entry of got) if (match({ $sub: no }, entry)) throw new Error(`the server saw ${JSON.stringify(entry)}`);
      },
    },
    server: { // down, up, or emit to everybody
      keys: ['down', 'up', 'emit'],
      async run({ down, up, emit }) {
        if (down) await this.#control('/down');
        if (up) await this.#control('/up');
        if (emit) await this.#control('/emit', emit);
      },
    },
    change: { // files or keys of the gateway, and how it comes to read them: sighup, reload (POST; answered when it has), watch
      keys: ['files', 'config', 'by'],
      run(arg) { return this.running.change(arg); },
    },
    together: { // other steps, all at once
      keys: ['steps'],
      async run({ steps }) { await Promise.all(steps.map((s) => this.#step(s))); },
    },
    reauthorize: { keys: [], run() { return this.running.post('/reauthorize', 202); } },
    bundle: { // offers a bundle of policies, and waits till it is in force; refused: till it has failed
      keys: ['name', 'revision', 'roots', 'modules', 'data', 'delta', 'key', 'algo', 'tampered', 'refused'],
      run(arg) { return this.running.bundle(arg); },
    },
    counted: { // metrics of the gateway have gone up by so much since the run began; waits for it
      keys: ['metrics'],
      run({ metrics }) { return this.running.counted(metrics); },
    },
    http: { // a plain request
      keys: ['method', 'path', 'headers', 'body', 'status', 'json', 'text', 'type'],
      async run({ path, status, json, text, type, ...init }) {
        const res = await fetch(this.job.url + path, init);
        const got = await res.text();
        expect(`status of ${path} (${got.slice(0, 200)})`, status, res.status);
        if (type !== undefined) expect('content-type', type, res.headers.get('content-type'));
        if (text !== undefined) expect('body', text, got);
        if (json !== undefined) expect('body', json, JSON.parse(got));
      },
    },
  };
}

module.exports = { Run };
