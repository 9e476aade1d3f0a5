'use strict';
// A server of the versions that its one argument names, as JSON: {"socket.io":"4.6.1","engine.io":"6.2.0",
// "parser":"4.2.0","ws":"8.16.0"}; what is absent is what socket.io brings. Its first line of output is
// {"port":N}; later ones, {"saw":"…"}, are effects of attacks that do not end it.
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');

const want = JSON.parse(process.argv[2]);
const say = (o) => fs.writeSync(1, JSON.stringify(o) + '\n');
const seen = [];
const saw = (what) => { if (!seen.includes(what)) { seen.push(what); say({ saw: what }); } };

const version = (name) => (want[name] ? require(`${name}-${want[name]}`) : undefined);
const sio = version('socket.io');
const ioOptions = { transports: ['polling', 'websocket'], ...want.options };
if (want.parser) ioOptions.parser = require(`socket.io-parser-${want.parser}`);

const server = http.createServer((req, res) => { res.statusCode = 404; res.end(); });
const io = sio.Server ? new sio.Server(ioOptions) : sio(ioOptions);
const engine = version('engine.io');
if (engine || want.ws) {
  const lib = engine || require(require.resolve('engine.io', { paths: [require.resolve(`socket.io-${want['socket.io']}`)] }));
  const options = { path: '/socket.io', perMessageDeflate: false, ...want.options };
  if (want['socket.io'][0] === '2') options.initialPacket = '0'; // the CONNECT that attach would have it send
  if (want.ws) options.wsEngine = parseInt(want['engine.io']) < 5 ? `ws-${want.ws}` : require(`ws-${want.ws}`).Server; // 4 and older want its name
  io.bind(lib.attach(server, options));
} else {
  io.attach(server, ioOptions);
}

if (want.adminUI) require('@socket.io/admin-ui').instrument(io, { auth: false });

const folder = want.file && fs.mkdtempSync(path.join(os.tmpdir(), 'siogw-upload-'));
if (folder) {
  fs.mkdirSync(path.join(folder, 'in'));
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
}
const exists = (name) => fs.existsSync(path.join(folder, name));

function merge(to, from) { // as applications do
  for (const key of Object.keys(from)) {
    if (from[key] && typeof from[key] === 'object' && to[key]) merge(to[key], from[key]); else to[key] = from[key];
  }
}

io.on('connection', (socket) => {
  socket.on('echo', (value, ack) => { if (typeof ack === 'function') ack(value); else socket.emit('echo', value); });
  socket.on('type', (value) => saw(typeof value));
  socket.on('settings', (value) => { merge({}, value); if ({}.polluted) saw('polluted'); });
  socket.on('disconnect', (reason) => { if (want.adminUI && reason === 'server namespace disconnect') saw('steered'); });
  // The answer waits until the watchers below had their turn.
  socket.on('seen', (ack) => setTimeout(() => ack(seen), 250));
  if (folder) new (require('socket.io-file'))(socket, { uploadDir: path.join(folder, 'in'), accepts: ['image/png'] });
});

// Effects that do not end the process. CPU time and not the clock: the machine may be busy.
const base = process.memoryUsage().rss;
let cpu = process.cpuUsage();
let long = 0;
setInterval(() => {
  const now = process.cpuUsage();
  if (now.user - cpu.user > 1e5 && ++long === 10) saw('busy'); // turns of the loop that took 0.1 s of CPU
  cpu = now;
  if (process.memoryUsage().rss - base > 96 << 20) saw('memory');
  if (folder && exists('escaped.txt')) saw('escaped');
  if (folder && exists('in/shell.js')) saw('script');
}, 50);

process.on('SIGINT', () => process.exit(0));
process.stdin.resume().on('end', () => process.exit(0)); // ends with its test
server.listen(0, '127.0.0.1', () => say({ port: server.address().port }));
