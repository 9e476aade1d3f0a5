// A real Socket.IO server with a fixed set of handlers. It trusts everybody and notes all that it got.
//
//   node server.cjs '{"connectionStateRecovery":{}}'      options of socket.io, and its version: 2, 3 or 4
//
// It prints {"port","control"} and then serves until its stdin ends. The control port answers POST:
//   /log    what the server received since the last reset, as JSON
//   /reset  forget it
//   /down   stop listening and drop every connection; /up listens on the same port again
//   /emit   {"namespace","event","args"}: emit to everybody there
'use strict';
const http = require('node:http');
const { revive, plain } = require('./values.cjs');
const old = require('./old.cjs');

const { version = '4', ...options } = JSON.parse(process.argv[2] || '{}');
const Server = { 2: () => require('sios2'), 3: () => require('sios3').Server, 4: () => require('socket.io').Server }[version]();
const counts = new WeakMap(); // of sockets
let log = [];
let httpServer;
let io;

const note = (entry) => { if (log.length < 20000) log.push(entry); };

const handlers = {
  // The same arguments back: as the ack where one is asked for, else as an event.
  echo: (socket, args, ack) => (ack ? ack(...args) : socket.emit('echo', ...args)),
  // Asks the client, and tells it what it answered.
  ask: (socket, [event, ...args]) => socket.emit(event, ...args, (...answer) => socket.emit('asked', ...answer)),
  join: async (socket, [room], ack) => { await socket.join(room); if (ack) ack('joined', room); },
  leave: async (socket, [room], ack) => { await socket.leave(room); if (ack) ack('left', room); },
  room: (socket, [room, event, ...args], ack) => { socket.nsp.to(room).emit(event, ...args); if (ack) ack('sent'); },
  message: (socket, args, ack) => { socket.nsp.emit('message', ...args); if (ack) ack('sent'); },
  bcast: (socket, [event, ...args], ack) => { socket.nsp.emit(event, ...args); if (ack) ack('sent'); },
  say: (socket, [event, ...args], ack) => { socket.emit(event, ...args); if (ack) ack('said'); },
  volatile: (socket, [event, ...args]) => socket.volatile.emit(event, ...args),
  kick: (socket, [whole]) => socket.disconnect(whole === true),
  goodbye: (socket, args) => { socket.emit('bye', ...args); socket.disconnect(true); },
  drop: (socket) => socket.conn.close(),
  whoami: (socket, _, ack) => ack({
    id: socket.id,
    auth: old.auth(socket), query: socket.handshake.query, headers: socket.handshake.headers,
    rooms: old.rooms(socket).filter((r) => r !== socket.id).sort(), recovered: socket.recovered,
    transport: socket.conn.transport.name,
  }),
  // Order, client to server: count 0, 1, 2…, then counted says whether they came so.
  count: (socket, [i]) => {
    if (!counts.has(socket)) counts.set(socket, { n: 0, ordered: true });
    const c = counts.get(socket);
    if (i !== c.n) c.ordered = false;
    c.n++;
  },
  counted: (socket, _, ack) => { ack(counts.get(socket) ?? { n: 0, ordered: true }); counts.delete(socket); },
  // Order, server to client.
  burst: (socket, [n]) => { for (let i = 0; i < n; i++) socket.emit('tick', i); },
};

function onConnection(socket) {
  const namespace = socket.nsp.name;
  note({ kind: 'connection', namespace, auth: plain(old.auth(socket)), recovered: socket.recovered });
  socket.on('disconnect', (reason) => note({ kind: 'disconnect', namespace, reason }));
  const heard = (event, ...args) => {
    const ack = typeof args.at(-1) === 'function' ? args.pop() : undefined;
    note({ kind: 'event', namespace, event, args: plain(args), ack: ack !== undefined });
    handlers[event]?.(socket, args, ack);
  };
  if (version < 3) old.serve(socket, heard);
  else socket.onAny(heard);
}

function start(port) {
  httpServer = http.createServer((req, res) => { res.statusCode = 404; res.end(`page ${req.url}`); });
  const parser = options.parser && { parser: require(options.parser) };
  io = new Server(httpServer, { serveClient: false, ...options, ...parser });
  io.of('/chat').on('connection', onConnection);
  io.of('/admin').use((socket, next) => {
    if (old.auth(socket).token === 'admin') return next();
    next(Object.assign(new Error('nope'), { data: { code: 42 } }));
  }).on('connection', onConnection);
  io.of(/^\/dyn-\d+$/).on('connection', onConnection);
  io.on('connection', onConnection);
  return new Promise((resolve) => httpServer.listen(port, '127.0.0.1', () => resolve(httpServer.address().port)));
}

async function stop() {
  for (const client of Object.values(io.engine.clients)) client.transport.socket?.terminate?.();
  const closed = new Promise((resolve) => httpServer.close(resolve));
  httpServer.closeAllConnections();
  await closed;
}

async function command(path, body) {
  switch (path) {
    case '/log': return log;
    case '/reset': log = []; return true;
    case '/down': await stop(); return true;
    case '/up': await start(port); return true;
    case '/emit': io.of(body.namespace ?? '/').emit(body.event, ...revive(body.args ?? [])); return true;
  }
  throw new Error(`no command ${path}`);
}

let port;
const control = http.createServer((req, res) => {
  let text = '';
  req.on('data', (chunk) => { text += chunk; });
  req.on('end', () => command(req.url, text ? JSON.parse(text) : {}).then(
    (answer) => res.end(JSON.stringify(answer)),
    (err) => { res.statusCode = 500; res.end(String(err.stack)); },
  ));
});

start(0).then((got) => {
  port = got;
  control.listen(0, '127.0.0.1', () => {
    process.stdout.write(JSON.stringify({ port, control: control.address().port }) + '\n');
  });
});
process.stdin.on('end', () => process.exit(0)).resume();
