// One named client of a scenario: a Manager, its sockets by namespace, and what came to each.
'use strict';
const { plain, match } = require('./values.cjs');
const old = require('./old.cjs');

// WAIT bounds every wait for the other side, in milliseconds: only a failure, or a very busy machine, waits so long.
const WAIT = 20000;

const packages = { 1: 'sioc1', 2: 'sioc2', 3: 'sioc3', 4: 'socket.io-client' };
const transports = { polling: ['polling'], websocket: ['websocket'], upgrade: ['polling', 'websocket'] };
const show = (v) => JSON.stringify(v);

// Inbox keeps what came, in order, and wakes the one who waits.
class Inbox {
  #items = [];
  #wake = () => {};

  put(item) { this.#items.push(item); this.#wake(); }

  get items() { return this.#items; }

  // take gives the next item, or fails after WAIT.
  async take(what) {
    if (this.#items.length === 0) {
      await new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`waited ${WAIT} ms for ${what}`)), WAIT);
        this.#wake = () => { clearTimeout(timer); resolve(); };
      });
    }
    return this.#items.shift();
  }
}

class Client {
  #sockets = new Map();

  constructor(job, { reconnect = false, query, headers }) {
    const { Manager } = require(packages[job.version]);
    this.job = job;
    this.old = job.version < 3;
    this.manager = new Manager(job.url, {
      transports: transports[job.transport], reconnection: reconnect, reconnectionDelay: 20, reconnectionDelayMax: 100,
      timeout: WAIT, autoConnect: false, forceNew: true, query, extraHeaders: headers, path: job.path,
      ...(job.parser && { parser: require(job.parser) }),
    });
  }

  at(namespace = '/') {
    const s = this.#sockets.get(namespace);
    if (!s) throw new Error(`not connected to ${namespace}`);
    return s;
  }

  // enter connects to a namespace and gives its first word: connect or connect_error.
  async enter({ namespace = '/', auth }) {
    const known = this.#sockets.get(namespace);
    const s = known ?? { events: new Inbox(), life: new Inbox(), answers: {} };
    if (known) {
      s.socket.auth = auth ?? {};
      s.socket.query = old.queryOf(auth); // which newer ones do not read
    } else {
      s.socket = this.manager.socket(namespace, this.old ? { query: old.queryOf(auth) } : { auth });
      this.#sockets.set(namespace, s);
      this.#listen(s);
    }
    s.socket.connect();
    return s.life.take(`an answer to CONNECT ${namespace}`);
  }

  #listen(s) {
    s.socket.on('connect', () => s.life.put({ was: 'connect', recovered: s.socket.recovered === true }));
    s.socket.on('connect_error', (err) => s.life.put({ was: 'connect_error', message: err.message, data: plain(err.data) }));
    if (this.old) s.socket.on('error', (err) => s.life.put({ was: 'connect_error', ...plain(old.refusal(err)) }));
    s.socket.on('disconnect', (reason) => s.life.put({ was: 'disconnect', reason }));
    const heard = (event, ...args) => {
      const ack = typeof args.at(-1) === 'function' ? args.pop() : undefined;
      s.events.put({ event, args: plain(args) });
      if (ack && Object.hasOwn(s.answers, event)) ack(...s.answers[event]);
    };
    if (this.old) old.listen(s.socket, heard);
    else s.socket.onAny(heard);
  }

  // settled waits until the wanted transport is in use.
  async settled() {
    const want = this.job.transport === 'polling' ? 'polling' : 'websocket';
    const { engine } = this.manager;
    for (const end = Date.now() + WAIT; engine.transport.name !== want;) {
      if (Date.now() > end) throw new Error(`the transport is ${engine.transport.name}, not ${want}`);
      await new Promise((resolve) => { setTimeout(resolve, 5); });
    }
  }

  // cut breaks the connection under the client's feet.
  cut() {
    const { engine } = this.manager;
    if (engine.transport.ws?.terminate) engine.transport.ws.terminate();
    else engine.close();
  }

  // leftovers names what came and was not expected.
  leftovers() {
    const all = [...this.#sockets].flatMap(([nsp, s]) => [...s.events.items, ...s.life.items].map((x) => `${nsp} ${show(x)}`));
    return all.slice(0, 5).join('; ');
  }

  close() {
    this.manager.reconnection(false);
    for (const s of this.#sockets.values()) s.socket.disconnect();
    this.manager.engine?.close();
  }
}

// expect fails when got is not as wanted.
function expect(what, want, got) {
  if (!match(want, got)) throw new Error(`${what}: got ${show(got)?.slice(0, 2000)}, want ${show(want)}`);
}

module.exports = { Client, expect, WAIT };
