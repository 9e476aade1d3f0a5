// A socket.io server that does for itself what siogw does in front of one, as applications do: a JWT at the connection,
// then for each event a schema by hand, roles and rooms, and markup taken out of the text.
//
//   BENCH_SECRET=… node node.cjs FOLDER-OF-NODE_MODULES HOST:PORT
'use strict';
const { createHmac, timingSafeEqual } = require('node:crypto');
const { createRequire } = require('node:module');
const { createServer } = require('node:http');

const [modules, address] = process.argv.slice(2);
const { Server } = createRequire(`${modules}/`)('socket.io');
const secret = process.env.BENCH_SECRET;

// verify gives the claims of a token by HS256, or throws.
function verify(token) {
  const [head, body, signature, more] = String(token).split('.');
  if (!signature || more !== undefined) throw new Error('no JWT');
  const { alg } = JSON.parse(Buffer.from(head, 'base64url'));
  if (alg !== 'HS256') throw new Error('algorithm');
  const want = createHmac('sha256', secret).update(`${head}.${body}`).digest();
  const got = Buffer.from(signature, 'base64url');
  if (got.length !== want.length || !timingSafeEqual(got, want)) throw new Error('signature');
  const claims = JSON.parse(Buffer.from(body, 'base64url'));
  if (!(claims.exp > Date.now() / 1000)) throw new Error('expired');
  return claims;
}

// What policy.rego says, of events.
const grants = {
  guest: ['ping', 'whoami'],
  member: ['message', 'typing', 'read', 'react', 'profile'],
  moderator: ['mute', 'kick', 'pin'],
};
const rooms = new Set(['general', 'random', 'help']);

function allowed({ roles = [], banned }, event, { room, text }) {
  if (banned === true || (event === 'message' && text.length > 2000)) return false;
  if (room === 'announcements' && !roles.includes('moderator')) return false;
  if (!roles.includes('admin') && !roles.some((r) => grants[r]?.includes(event))) return false;
  return room === undefined || rooms.has(room) || roles.includes('moderator');
}

// What contract.yaml says, of messages.
const members = new Set(['room', 'text', 'reply_to']);

function fits(m) {
  if (typeof m !== 'object' || m === null || Array.isArray(m)) return false;
  for (const name of Object.keys(m)) if (!members.has(name)) return false;
  return typeof m.room === 'string' && m.room.length >= 1 && m.room.length <= 64
    && typeof m.text === 'string' && m.text.length <= 2000
    && (m.reply_to === undefined || (Number.isInteger(m.reply_to) && m.reply_to >= 0));
}

const suspicious = /<[a-z/!?]|javascript:|vbscript:|data:text/i;
const clean = (text) => (suspicious.test(text)
  ? text.replace(/<(script|style)\b[\s\S]*?<\/\1\s*>/gi, '').replace(/<[a-z/!?][^>]*>?/gi, '').replace(/(javascript|vbscript|data):/gi, 'unsafe:$1:')
  : text);

const server = createServer();
const io = new Server(server, { transports: ['websocket'] });
io.use((socket, next) => {
  try {
    socket.data.claims = verify(socket.handshake.auth.token);
    next();
  } catch (err) {
    next(err);
  }
});
io.on('connection', (socket) => {
  socket.on('message', (m, ack) => {
    if (!fits(m) || !allowed(socket.data.claims, 'message', m)) {
      if (typeof ack === 'function') ack({ error: { code: 'denied' } });
      return;
    }
    m.text = clean(m.text);
    if (typeof ack === 'function') ack(m);
  });
});
const [host, port] = address.split(':');
server.listen(Number(port), host, 4096);
process.on('SIGTERM', () => process.exit(0));
