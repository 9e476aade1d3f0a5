// Runs examples/identity with real clients: the server, then, when a line with the gateway's URL comes, a story.
//
//   node identity.cjs ADMIN SECRET
'use strict';
const assert = require('node:assert');
const crypto = require('node:crypto');
const readline = require('node:readline');
const { Server } = require('socket.io');
const { io } = require('socket.io-client');
const { serve } = require('../../examples/identity/server.js');
const { auth } = require('../../examples/identity/client.js');

const [admin, secret] = process.argv.slice(2);
const { server, gateway } = serve({ Server, admin, secret });
const WAIT = 20000;

const once = (socket, event) => new Promise((resolve, reject) => {
  const timer = setTimeout(() => reject(new Error(`waited for ${event}`)), WAIT);
  socket.once(event, (...args) => { clearTimeout(timer); resolve(args); });
});

const base64url = (v) => Buffer.from(JSON.stringify(v)).toString('base64url');

async function story(url) {
  const login = await fetch(`${url}/login/ada`, { method: 'POST' });
  const headers = { cookie: login.headers.get('set-cookie').split(';')[0] };
  const open = (options, at = url) => io(at, { transports: ['websocket'], forceNew: true, reconnectionDelay: 20, ...options });

  // Each connection and reconnection has a ticket of its own.
  const ada = open({ auth: auth(url, headers) });
  await once(ada, 'connect');
  const who = await ada.timeout(WAIT).emitWithAck('whoami');
  assert.equal(who.sub, 'ada');
  assert.deepEqual(who.roles, ['member']);
  assert.deepEqual(who.claims, { plan: 'free' });
  assert.equal(who.by, 'ticket');
  assert.equal(who.namespace, '/');
  ada.io.engine.close();
  await once(ada, 'connect');
  const again = await ada.timeout(WAIT).emitWithAck('whoami');
  assert.notEqual(again.jti, who.jti);

  // A refresh tells the server by an event that no client can send.
  let next;
  await new Promise((resolve) => auth(url, headers)((a) => { next = a; resolve(); }));
  const refreshed = await ada.timeout(WAIT).emitWithAck('siogw:refresh', next);
  assert.equal(refreshed.ok, true);
  let told;
  for (let i = 0; i < 100 && (!told || told.jti === again.jti); i++) told = await ada.timeout(WAIT).emitWithAck('whoami');
  assert.notEqual(told.jti, again.jti);
  const forged = await ada.timeout(WAIT).emitWithAck('gateway:identity', 'x');
  assert.equal(forged.error.code, 308);

  // A ticket is for one CONNECT.
  await new Promise((resolve) => auth(url, headers)((a) => { next = a; resolve(); }));
  const first = open({ auth: next });
  await once(first, 'connect');
  const second = open({ auth: next, reconnection: false });
  assert.equal((await once(second, 'connect_error'))[0].data.code, 208);

  // Nobody is believed who only says so.
  const liar = open({ auth: { token: 'ey.ey.x', ticket: 'sgt_x' }, reconnection: false });
  assert.equal((await once(liar, 'connect_error'))[0].data.code, 207);
  const anybody = open({ auth: {}, reconnection: false });
  assert.equal((await once(anybody, 'connect_error'))[0].data.code, 200);

  // The server refuses what the gateway has not signed, of whoever reaches it directly.
  const direct = `http://127.0.0.1:${server.address().port}`;
  const { publicKey, privateKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { keys } = await (await fetch(`${admin}/.well-known/jwks.json`)).json();
  assert.equal(keys.length, 1);
  assert.equal(keys[0].d, undefined);
  const now = Math.floor(Date.now() / 1000);
  for (const head of [{ alg: 'ES256', kid: keys[0].kid }, { alg: 'none', kid: keys[0].kid }, { alg: 'ES256', kid: 'mine', jwk: publicKey.export({ format: 'jwk' }) }]) {
    const text = `${base64url(head)}.${base64url({ iss: 'siogw', aud: 'upstream', sub: 'ada', iat: now, exp: now + 60, namespace: '/' })}`;
    const sig = crypto.sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url');
    const thief = open({ auth: { token: `${text}.${sig}` }, reconnection: false }, direct);
    assert.equal((await once(thief, 'connect_error'))[0].message, 'not signed by the gateway');
    thief.close();
  }
  await assert.rejects(gateway.verify(''), /no token/);
  for (const socket of [ada, first, second, liar, anybody]) socket.close();
}

server.listen(0, '127.0.0.1', () => process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`));
readline.createInterface({ input: process.stdin }).once('line', (url) => {
  story(url).then(() => ({ ok: true }), (err) => ({ ok: false, error: err.stack }))
    .then((result) => process.stdout.write(`${JSON.stringify(result)}\n`));
}).on('close', () => process.exit(0));
