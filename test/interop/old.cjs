// What clients 1.x and 2.x, and servers 2.x, do in another way than those after them.
'use strict';

// OWN are the keys of a handshake's query that are Engine.IO's, or an old server's addition.
const OWN = ['EIO', 'transport', 'sid', 't', 'j', 'b64'];

// queryOf writes auth as the query of an old client's CONNECT.
const queryOf = (auth) => (auth && Object.keys(auth).length > 0 ? new URLSearchParams(auth).toString() : undefined);

// listen calls f with each event that comes to an old client's socket, which knows no onAny.
function listen(socket, f) {
  socket.onevent = (packet) => f(...packet.data, ...(packet.id == null ? [] : [socket.ack(packet.id)]));
}

// refusal makes of what an old client is told on error what newer ones give as an Error.
const refusal = (err) => (typeof err === 'string' ? { message: err } : { message: err?.message, data: err });

// serve calls f with each event that comes to a 2.x server's socket.
const serve = (socket, f) => socket.use((args, next) => { f(...args); next(); });

// auth gives what a client authenticated with: servers 2.x have only the query.
function auth(socket) {
  if (socket.handshake.auth) return socket.handshake.auth;
  return Object.fromEntries(Object.entries(socket.handshake.query).filter(([k]) => !OWN.includes(k)));
}

// rooms gives the rooms of a socket, which are the keys of an object in servers 2.x.
const rooms = (socket) => (socket.rooms instanceof Set ? [...socket.rooms] : Object.keys(socket.rooms));

module.exports = { queryOf, listen, refusal, serve, auth, rooms };
