// An application behind siogw: it gives the clients that have logged in one-time tickets, and believes the gateway alone.
//
//   npm install socket.io && node server.js
'use strict';
const crypto = require('node:crypto');
const http = require('node:http');
const { GatewayIdentity } = require('./gateway-identity.js');

// serve makes the application. admin is the gateway's admin listener, secret that of identity.tickets.
function serve({ Server, admin, secret }) {
  const sessions = new Map(); // of the application's own login, which you have already
  const cookie = (req) => /(?:^|; )app=([\w-]+)/.exec(req.headers.cookie ?? '')?.[1];
  const routes = {
    'POST /login/ada': (req, res) => {
      const id = crypto.randomUUID();
      sessions.set(id, { sub: 'ada', roles: ['member'] });
      res.setHeader('Set-Cookie', `app=${id}; HttpOnly; SameSite=Strict; Path=/`);
      res.end();
    },
    'POST /ticket': async (req, res) => {
      const who = sessions.get(cookie(req));
      if (!who) return res.writeHead(401).end();
      const answer = await fetch(`${admin}/tickets`, {
        method: 'POST', headers: { authorization: `Bearer ${secret}` },
        body: JSON.stringify({ ...who, ip: req.headers['x-forwarded-for'], claims: { plan: 'free' } }),
      });
      if (!answer.ok) return res.writeHead(503).end(await answer.text());
      res.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(await answer.text());
    },
  };
  const server = http.createServer((req, res) => {
    const route = routes[`${req.method} ${req.url}`];
    if (!route) return res.writeHead(404).end();
    Promise.resolve(route(req, res)).catch(() => res.writeHead(502).end());
  });
  const io = new Server(server);
  const gateway = new GatewayIdentity({ jwks: `${admin}/.well-known/jwks.json` });
  for (const namespace of ['/', '/chat']) {
    io.of(namespace).use(gateway.middleware()).on('connection', (socket) => {
      socket.on('whoami', (ack) => ack(socket.data.identity ?? null));
      socket.on('gateway:identity', async (token) => { // a client has refreshed; no client can send this
        socket.data.identity = await gateway.verify(token);
      });
    });
  }
  return { server, gateway };
}

module.exports = { serve };

if (require.main === module) {
  const { Server } = require('socket.io');
  const secret = require('node:fs').readFileSync(`${__dirname}/tickets.secret`, 'utf8').trim();
  serve({ Server, admin: 'http://127.0.0.1:9090', secret }).server.listen(3000, '127.0.0.1');
}
