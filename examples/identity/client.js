// Clients fetch a ticket for each connection, also when they come back by themselves: socket.io-client calls auth then.
'use strict';

const auth = (origin, headers = {}) => async (give) => {
  const answer = await fetch(`${origin}/ticket`, { method: 'POST', headers }); // in a page: fetch('/ticket', …), with its cookie
  give(answer.ok ? { ticket: (await answer.json()).ticket } : {});
};

module.exports = { auth };
