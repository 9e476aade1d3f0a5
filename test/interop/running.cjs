// The gateway that a scenario changes while it runs, and its metrics.
'use strict';
const fs = require('node:fs/promises');
const path = require('node:path');
const { WAIT } = require('./client.cjs');

const series = /^([a-z_]+)(?:\{(.*)\})? ([0-9.e+]+)$/;
const pair = /(\w+)="((?:[^"\\]|\\.)*)"/g;

function merge(base, over) {
  const isMap = (v) => v !== null && typeof v === 'object' && !Array.isArray(v);
  const out = { ...base };
  for (const [k, v] of Object.entries(over)) out[k] = isMap(v) && isMap(base[k]) ? merge(base[k], v) : v;
  return out;
}

class Running {
  #before = []; // metrics when the run began

  // gateway is {dir, pid, admin}, or absent where the server is alone.
  constructor(gateway) { this.gateway = gateway; }

  async begin() {
    if (this.gateway) this.#before = await this.#metrics().catch(() => []); // it may have no admin listener
  }

  // change replaces files as editors do; config is laid over the scenario's own configuration.
  async change({ files = {}, config, by }) {
    if (config) {
      const own = JSON.parse(await fs.readFile(path.join(this.gateway.dir, 'siogw.json')));
      files = { ...files, 'siogw.yaml': JSON.stringify(merge(own, config)) }; // which is YAML
    }
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(this.gateway.dir, name);
      await fs.writeFile(`${file}~`, text);
      await fs.rename(`${file}~`, file);
    }
    switch (by) {
      case 'sighup': process.kill(this.gateway.pid, 'SIGHUP'); return;
      case 'reload': await this.post('/reload', 200); return;
      case 'watch': return;
    }
    throw new Error(`no way to change ${by}`);
  }

  async post(to, status) {
    const res = await fetch(this.gateway.admin + to, { method: 'POST' });
    const text = await res.text();
    if (res.status !== status) throw new Error(`${to}: ${res.status} ${text}`);
  }

  async bundle({ name, refused, ...what }) {
    const res = await fetch(`${this.gateway.bundles}/bundles/${name}`, { method: 'PUT', body: JSON.stringify(what) });
    if (!res.ok) throw new Error(`bundle ${name}: ${res.status} ${await res.text()}`);
    const wanted = refused ? { name: 'siogw_opa_bundle_failing', labels: { bundle: name } }
      : { name: 'siogw_opa_bundle_active', labels: { bundle: name, revision: what.revision } };
    for (const end = Date.now() + WAIT; sum(await this.#metrics(), wanted) !== 1;) {
      if (Date.now() > end) throw new Error(`bundle ${name} ${what.revision} is not ${refused ? 'refused' : 'in force'}`);
      await new Promise((resolve) => { setTimeout(resolve, 20); });
    }
  }

  // counted waits till each of wanted, {name, labels, up}, is so much above what it was.
  async counted(wanted) {
    for (const end = Date.now() + WAIT; ;) {
      const now = await this.#metrics();
      const wrong = wanted.map((w) => ({ ...w, got: sum(now, w) - sum(this.#before, w) })).filter((w) => w.got !== w.up);
      if (wrong.length === 0) return;
      if (Date.now() > end || wrong.some((w) => w.got > w.up)) throw new Error(`counted ${JSON.stringify(wrong)}`);
      await new Promise((resolve) => { setTimeout(resolve, 20); });
    }
  }

  async #metrics() {
    const text = await (await fetch(`${this.gateway.admin}/metrics`)).text();
    return text.split('\n').map((line) => series.exec(line)).filter(Boolean).map(([, name, labels = '', value]) => (
      { name, labels: Object.fromEntries([...labels.matchAll(pair)].map(([, k, v]) => [k, v])), value: Number(value) }));
  }
}

// sum adds up the series of a name that have these labels, others beside them.
function sum(all, { name, labels = {} }) {
  return all.filter((m) => m.name === name && Object.entries(labels).every(([k, v]) => m.labels[k] === v))
    .reduce((n, m) => n + m.value, 0);
}

module.exports = { Running };
