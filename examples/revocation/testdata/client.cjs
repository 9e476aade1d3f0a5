// A user with socket.io-client: connects with a token, asks again and again, and prints a line for each change of the answer.
'use strict';
const [url, token, library] = process.argv.slice(2);
const socket = require(library)(url, { auth: { token }, transports: ['websocket'], reconnection: false });

let last;
function tell(what) {
  if (what !== last) process.stdout.write(`${what}\n`);
  last = what;
}

let n = 0;
function ask() {
  socket.emit('echo', n++, (answer) => {
    tell(answer && answer.error ? `refused: ${answer.error.code}` : 'answered');
    setTimeout(ask, 5);
  });
}
socket.on('connect', ask);
socket.on('connect_error', (err) => tell(`connect_error: ${err.data ? err.data.code : err.message}`));
socket.on('disconnect', (reason) => tell(`disconnect: ${reason}`));
