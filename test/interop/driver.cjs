// Runs scenarios with a real socket.io-client: one job a line on stdin, one result a line on stdout.
//
//   job     {"version":"4","transport":"upgrade","url":"http://…","control":"http://…","steps":[…]}, with "parser" the
//           package of another parser, and "gateway" {"dir","pid","admin"} for steps that change it
//   result  {"ok":true} or {"ok":false,"step":2,"error":"…"}
//
// A step is an object with one key, the verb; README.md lists them.
'use strict';
const readline = require('node:readline');
const { Run } = require('./run.cjs');

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const run = new Run(JSON.parse(line));
    const result = await run.all();
    process.stdout.write(JSON.stringify(result) + '\n');
  }
}

main().then(() => process.exit(0), (err) => {
  process.stderr.write(`${err.stack}\n`);
  process.exit(1);
});
