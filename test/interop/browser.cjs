// Speaks from a page in Chromium and prints what came back, as JSON. Usage: node browser.cjs URL CHROMIUM BUNDLE
'use strict';
const { chromium } = require('playwright-core');

const [url, executablePath, bundle] = process.argv.slice(2);

// talk runs in the page.
async function talk() {
  const socket = globalThis.io({ transports: ['websocket'], reconnection: false });
  await new Promise((resolve, reject) => { socket.on('connect', resolve); socket.on('connect_error', reject); });
  const { extensions } = socket.io.engine.transport.ws;
  const ask = (...args) => new Promise((resolve, reject) => {
    socket.timeout(20000).emit('echo', ...args, (err, ...got) => (err ? reject(err) : resolve(got)));
  });
  const ack = await ask('x'.repeat(30000), 'ünï ☃ 😀 \u2028', 1.5, { a: [null, { b: true }] }, new Uint8Array([1, 2, 3]).buffer);
  const [refused] = await ask({ _placeholder: true, num: 0 });
  socket.disconnect();
  return { extensions, letters: ack[0]?.length, bytes: [...new Uint8Array(ack[4])], rest: ack.slice(1, 4), refused };
}

async function main() {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'] });
  try {
    const page = await browser.newPage();
    await page.goto(`${url}/page`);
    await page.addScriptTag({ path: `${__dirname}/node_modules/socket.io/client-dist/${bundle}` });
    process.stdout.write(JSON.stringify(await page.evaluate(talk)));
  } finally {
    await browser.close();
  }
}

main().catch((err) => {
  process.stderr.write(`${err.stack}\n`);
  process.exit(1);
});
