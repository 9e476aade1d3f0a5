"use strict";
// Two real Socket.IO clients, the attacks that one of them makes, and the gateway's decisions as they come.
// Whatever arrives is shown with textContent: the page shows an attack, it never suffers one.

const $ = (selector, root = document) => root.querySelector(selector);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const nonce = () => Math.random().toString(36).slice(2, 10);

// el makes an element: el("b", "class", child, ...); strings become text.
function el(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

function clone(id) {
  return document.getElementById(id).content.cloneNode(true);
}

const route = { bypass: false };
const socketPath = () => (route.bypass ? "/bypass/socket.io/" : "/socket.io/");

async function login(user) {
  const answer = await fetch("/login", { method: "POST", body: new URLSearchParams({ user }) });
  return (await answer.json()).token;
}

function open(getToken, extra) {
  return io("/chat", {
    path: socketPath(), forceNew: true, transports: ["websocket", "polling"], tryAllTransports: true,
    reconnectionDelay: 300, reconnectionDelayMax: 1000,
    auth: (use) => getToken().then((token) => use({ token })), ...extra,
  });
}

// ---- decisions -------------------------------------------------------------------------------------------

const KEPT = 600, ROWS = 150;
const decisions = new Map(); // id → { data, row, at }
const totals = { allow: 0, transform: 0, deny: 0 };
let selected = null;

const effectOf = (d) => (d.effect === "deny" ? "deny" : d.kind === "disconnect" ? "none" : d.transformed ? "transform" : "allow");
const effectWord = { allow: "allowed", deny: "refused", transform: "changed", none: "ended" };

function showTotals() {
  for (const effect in totals) $("#count-" + effect).textContent = totals[effect].toLocaleString("en");
}

const took = (us) => (us < 1000 ? Math.round(us) + " µs" : (us / 1000).toFixed(1) + " ms");

// ruleOf says who decided: the rule where there is one, else the plugin, else the gateway itself.
function ruleOf(d) {
  const steps = d.steps || [];
  if (d.transformed) { // where the log marks who changed it, that one; else all who were asked
    const changed = steps.filter((s) => s.transformed);
    return (changed.length ? changed : steps).map((s) => s.plugin).join(", ");
  }
  const step = steps.find((s) => s.plugin === d.by) || steps.find((s) => s.effect === "allow");
  const rules = (step && step.rules) || [];
  return rules.length ? rules[0].replace(/^.*\//, "") : (step && step.plugin) || d.by || "gateway";
}

function summary(d) {
  const user = (d.identity && d.identity.sub) || "";
  const arrow = d.direction === "out" ? " ← " : " → ";
  const name = d.event || d.namespace;
  const what = el("span", "what", d.kind);
  if (name) what.append(arrow, el("b", "", name));
  if (d.room) what.append(" #" + d.room);
  if (user) what.append(" · " + user);
  return what;
}

// alike decisions that follow each other share a row, so that a flood stays readable.
const alike = (d) => [d.kind, d.direction, d.event, d.room, d.effect, d.code, d.reason, d.transformed, d.session && d.session.id].join("|");

function addRow(d) {
  const first = $("#stream").firstElementChild;
  if (first && first.group === alike(d)) return growRow(first, d);
  const effect = effectOf(d);
  const row = el("li");
  const button = el("button", "", el("span", "chip " + effect, effectWord[effect]), summary(d),
    el("span", "took", took(d.us)), el("span", "why", d.reason ? d.reason + " · " + ruleOf(d) : ruleOf(d)));
  button.type = "button";
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => select(row.last));
  row.append(button);
  Object.assign(row, { group: alike(d), last: d.decision_id, times: 1 });
  Object.assign(row.dataset, { id: d.decision_id, effect, kind: d.kind, event: d.event || "", code: d.code || "" });
  $("#stream").prepend(row);
  while ($("#stream").childElementCount > ROWS) $("#stream").lastElementChild.remove();
  return row;
}

function growRow(row, d) {
  row.times++;
  row.last = d.decision_id;
  row.dataset.times = row.times;
  $(".took", row).replaceChildren(el("span", "times", "×" + row.times + " "), took(d.us));
  return row;
}

function addDecision(d) {
  decisions.set(d.decision_id, { data: d, row: addRow(d), at: performance.now() });
  if (decisions.size > KEPT) decisions.delete(decisions.keys().next().value);
}

function select(id) {
  const found = decisions.get(id);
  if (!found) return;
  showTab("decisions");
  if (selected) $("button", selected).setAttribute("aria-pressed", "false");
  selected = found.row;
  $("button", selected).setAttribute("aria-pressed", "true");
  selected.scrollIntoView({ block: "nearest" });
  $("#detail-title").textContent = "Decision " + id;
  $("#detail").textContent = JSON.stringify(found.data, null, 2).replace(/"((?:[^"\\]|\\.){200})(?:[^"\\]|\\.)*"/g, '"$1…"');
}

// find waits for a decision made since a moment that the test accepts: the stream may be behind the client.
async function find(since, accepts) {
  for (let tries = 0; tries < 30; tries++) {
    for (const { data, at } of decisions.values()) if (at >= since && accepts(data)) return data.decision_id;
    await sleep(50);
  }
  return "";
}

function follow() {
  const source = new EventSource("/demo/decisions");
  source.addEventListener("hello", (message) => {
    decisions.clear();
    $("#stream").replaceChildren();
    Object.assign(totals, JSON.parse(message.data));
    showTotals();
  });
  source.addEventListener("past", (message) => addDecision(JSON.parse(message.data)));
  source.addEventListener("decision", (message) => {
    const d = JSON.parse(message.data);
    addDecision(d);
    if (effectOf(d) in totals) totals[effectOf(d)]++;
    showTotals();
  });
}

function decisionLink(id) {
  const link = el("button", "link", id.slice(0, 8));
  link.type = "button";
  link.title = "Show decision " + id;
  link.addEventListener("click", () => select(id));
  return link;
}

// ---- chat users ------------------------------------------------------------------------------------------

class User {
  constructor(id, name, role, rooms) {
    Object.assign(this, { id, name, role, rooms, sent: new Map(), waiting: new Set() });
    this.root = document.getElementById(id);
    this.root.append(clone("chat-template"));
    $(".avatar", this.root).textContent = name[0];
    $(".name", this.root).textContent = name;
    $(".role", this.root).textContent = role;
    $("select", this.root).append(...rooms.map((r) => new Option("#" + r, r)));
    $(".messages", this.root).setAttribute("aria-label", "What " + name + " receives");
    $("form", this.root).addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit(event.target.elements);
    });
  }

  async submit({ room, text }) {
    const typed = text.value;
    text.value = "";
    await this.settled(); // a room is open once it was joined
    this.refused(await this.say(room.value, typed));
  }

  connect() {
    if (this.socket) this.socket.removeAllListeners().disconnect();
    this.ready = false;
    this.status(false, "connecting");
    const socket = (this.socket = open(() => login(this.id)));
    socket.on("connect", () => this.enter());
    socket.on("connect_error", (error) => this.status(false, error.message));
    socket.on("disconnect", (reason) => this.left(reason));
    socket.onAny((event, ...args) => this.got(event, args));
  }

  async enter() {
    for (const room of this.rooms) {
      const answer = this.refused(await this.ask("join", room));
      if (!this.greeted) (answer.history || []).forEach((message) => this.onMessage(message));
    }
    this.ready = this.greeted = true;
    this.status(true, "connected");
    this.heard("ready");
  }

  left(reason) {
    this.ready = false;
    this.status(false, "reconnecting");
    this.note("disconnected: " + reason, "deny");
    this.heard("left", reason);
    if (reason === "io server disconnect") setTimeout((socket) => socket === this.socket && socket.connect(), 2500, this.socket);
  }

  got(event, args) {
    const show = { message: "onMessage", reaction: "onReaction", profile: "onProfile", banned: "onBanned", debug: "onDebug", "siogw:denied": "onDenied" }[event];
    if (show) this[show](args[0]);
    this.heard(event, args[0]);
  }

  // heard hands what happened to those who wait for it; until gives a promise of the next that is accepted, null in time.
  heard(event, value) {
    for (const one of this.waiting) one(event, value);
  }

  until(event, accepts = () => true, ms = 3000) {
    return new Promise((done) => {
      const finish = (value) => { this.waiting.delete(one); clearTimeout(timer); done(value); };
      const one = (name, value) => { if (name === event && accepts(value)) finish(value === undefined ? true : value); };
      const timer = setTimeout(finish, ms, null);
      this.waiting.add(one);
    });
  }

  settled() {
    return this.ready ? true : this.until("ready", undefined, 8000);
  }

  // ask emits and gives the answer; { lost: true } when none came.
  ask(event, ...args) {
    return new Promise((done) => this.socket.timeout(2500).emit(event, ...args, (error, answer) => done(error ? { lost: true } : answer || {})));
  }

  // unlessLeft gives the answer that was asked for, or { left: reason } when the session ended instead.
  async unlessLeft(asked) {
    const left = this.until("left");
    const answer = await asked;
    const reason = answer.lost && (await left);
    return reason ? { left: reason } : answer;
  }

  say(room, text, from = this.name, id = nonce()) {
    sentTexts.set(id, text);
    if (sentTexts.size > 200) sentTexts.delete(sentTexts.keys().next().value);
    return this.ask("message", { id, room, from, text });
  }

  refused(answer) {
    if (answer.error) this.onDenied(answer);
    return answer;
  }

  onMessage({ id, room, from, text }) {
    const line = el("li", "", el("span", "who", from), " ", el("span", "room", "#" + room), " ", el("span", "raw", brief(text)));
    const sent = sentTexts.get(id);
    if (sent !== undefined && sent !== text) {
      line.append(" ", el("span", "badge", "changed by siogw"), el("span", "was", "sent: ", el("s", "", sent)));
    }
    this.add(line);
  }

  onReaction({ from, what }) {
    this.repeated(from + " " + what);
  }

  // onProfile merges as a careless client would, looks at what that did to every object, and cleans up.
  onProfile({ from, profile }) {
    merge({}, profile);
    const polluted = {}.isAdmin === true;
    delete Object.prototype.isAdmin;
    if (polluted) this.note("({}).isAdmin is now true here: " + from + "'s profile polluted every object", "bad");
    else this.note(from + " changed their profile");
    this.heard("merged", polluted);
  }

  onBanned({ user, by }) {
    this.note(by + " banned " + user, user === this.name ? "bad" : "");
  }

  onDebug(values) {
    this.note("debug: " + JSON.stringify(values));
  }

  onDenied({ error: { reason, decision_id: id } }) {
    this.repeated("refused: " + reason, "deny", decisionLink(id));
  }

  // repeated adds a note, or counts one more where the same is among the latest lines.
  repeated(text, kind = "", ...more) {
    const same = [...$(".messages", this.root).children].slice(-4).find((line) => line.repeats === text);
    if (same) return void (same.count.textContent = " ×" + ++same.times);
    const count = el("b", "");
    this.add(Object.assign(el("li", "note " + kind, text, count, " ", ...more), { repeats: text, times: 1, count }));
  }

  note(text, kind = "") {
    this.add(el("li", "note " + kind, text));
  }

  add(line) {
    const list = $(".messages", this.root);
    list.append(line);
    while (list.childElementCount > 80) list.firstElementChild.remove();
    list.scrollTop = list.scrollHeight;
  }

  status(on, text) {
    const status = $(".status", this.root);
    status.classList.toggle("on", on);
    status.textContent = text;
  }
}

// brief keeps a long text from filling the page.
function brief(text) {
  return text.length > 300 ? text.slice(0, 120) + "… (" + text.length.toLocaleString("en") + " characters)" : text;
}

const sentTexts = new Map(); // message id → text as typed, of both users

function merge(target, source) {
  for (const key in source) {
    if (Object.hasOwn(source, key) && source[key] instanceof Object) merge((target[key] ??= {}), source[key]);
    else target[key] = source[key];
  }
}

const ada = new User("ada", "Ada", "moderator", ["general", "staff"]);
const mallory = new User("mallory", "Mallory", "guest", ["general"]);

// ---- attacks ---------------------------------------------------------------------------------------------

const denied = (error) => ({ effect: "deny", said: error.code + ": " + error.reason, id: error.decision_id });
const through = (said) => ({ effect: "bad", said });
const cut = ({ left }, id) => {
  const why = id ? " (" + decisions.get(id).data.reason + ")" : "";
  return { effect: "deny", how: "disconnected:", said: left + why + ", then connected anew", id };
};
const lost = { effect: "none", said: "no answer came" };

// answered reads an ack: an error is a refusal, anything else got through.
function answered(answer, success) {
  if (answer.lost) return lost;
  return answer.error ? { ...denied(answer.error), how: "ack error" } : through(success(answer));
}

const attacks = [
  {
    id: "script", name: "Script injection", sends: 'message "… <img src=x onerror=alert(1)>"',
    async run(since) {
      const id = nonce(), text = "Look, Ada! <img src=x onerror=alert(1)>";
      const received = ada.until("message", (m) => m.id === id);
      const answer = await mallory.say("general", text, "Mallory", id);
      if (answer.error || answer.lost) return answered(answer);
      const message = await received;
      if (!message) return lost;
      if (message.text === text) return through("Ada's browser got the markup as it was sent");
      const decision = await find(since, (d) => d.transformed && d.event === "message" && d.args && d.args[0].id === id);
      return { effect: "transform", how: "Ada got", said: "“" + message.text + "”", id: decision };
    },
  },
  {
    id: "room", name: "Enter a forbidden room", sends: 'join "staff"',
    run: async () => answered(await mallory.ask("join", "staff"), (a) => "inside #staff, reading: “" + a.history[0].text + "”"),
  },
  {
    id: "admin", name: "Forged admin event", sends: 'admin:ban { user: "Ada" }',
    async run() {
      const result = answered(await mallory.ask("admin:ban", { user: "Ada" }), () => "the server believed it: Ada was thrown out");
      if (result.effect === "bad") await ada.until("ready", undefined, 8000);
      return result;
    },
  },
  {
    id: "impersonate", name: "Speak as Ada", sends: 'message { from: "Ada", … }',
    run: async () => answered(await mallory.say("general", "Everyone: send Mallory your password.", "Ada"), () => "the room reads it as Ada's words"),
  },
  {
    id: "oversize", name: "Oversize payload", sends: "message of 64 KiB",
    async run(since) {
      const answer = await mallory.unlessLeft(mallory.say("general", "A".repeat(65536)));
      if (!answer.left) return answered(answer, () => "64 KiB delivered to everyone in the room");
      const id = await find(since, (d) => d.code === 301 || /large/.test(d.reason || ""));
      return cut(answer, id);
    },
  },
  {
    id: "flood", name: "Event flood", sends: "reaction × 200 in one burst",
    async run() {
      let delivered = 0, refusals = 0, first = null, reason = "";
      const count = (event, value) => {
        if (event === "siogw:denied") { refusals++; first ??= value.error; }
        if (event === "left") reason = value;
      };
      const receive = (event) => { if (event === "reaction") delivered++; };
      mallory.waiting.add(count);
      ada.waiting.add(receive);
      for (let i = 0; i < 200; i++) mallory.socket.emit("reaction", "♥");
      for (let quiet = 0, before = -1; quiet < 20 && !reason && delivered + refusals < 200; await sleep(80)) {
        quiet = before === delivered + refusals ? quiet + 1 : 0;
        before = delivered + refusals;
      }
      await sleep(150); // for what is still on its way to Ada
      mallory.waiting.delete(count);
      ada.waiting.delete(receive);
      if (!first) return through(delivered + " reactions in Ada's face");
      const end = reason ? ", then disconnected" : "";
      return { ...denied(first), how: delivered + " passed, " + refusals + " refused" + end + ";" };
    },
  },
  {
    id: "pollution", name: "Prototype pollution", sends: 'profile { "__proto__": { "isAdmin": true } }',
    async run(since) {
      const merged = ada.until("merged");
      const profile = JSON.parse('{"color":"red","__proto__":{"isAdmin":true}}'); // an own key, as on the wire
      const answer = await mallory.unlessLeft(mallory.ask("profile", profile));
      if (answer.left) return cut(answer, await find(since, (d) => d.effect === "deny" && d.code === 300));
      if (answer.error || answer.lost) return answered(answer);
      return (await merged) ? through("every object in Ada's page was an admin") : lost;
    },
  },
  {
    id: "token", name: "Forged token", sends: 'CONNECT { token: roles → ["moderator"] }',
    run: () => connectWith(forge),
  },
  {
    id: "secret", name: "Make the server leak", sends: "debug → the server answers with its keys",
    async run(since) {
      const received = mallory.until("debug");
      mallory.socket.emit("debug");
      const values = await received;
      if (!values) return lost;
      if (!values.api_key.includes("[redacted]")) return through("the server's key: " + values.api_key);
      const id = await find(since, (d) => d.transformed && d.event === "debug");
      return { effect: "transform", how: "Mallory got", said: "api_key: " + values.api_key, id };
    },
  },
];

// forge gives Mallory's token with another role in it; the signature stays that of the old one.
async function forge() {
  const [head, body, signature] = (await login("mallory")).split(".");
  const claims = JSON.parse(atob(body.replace(/-/g, "+").replace(/_/g, "/")));
  const changed = btoa(JSON.stringify({ ...claims, name: "Admin", roles: ["moderator"] }));
  return [head, changed.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, ""), signature].join(".");
}

async function connectWith(getToken) {
  const socket = open(getToken, { reconnection: false });
  const result = await new Promise((done) => {
    socket.on("connect", () => done(through("connected as a moderator")));
    socket.on("connect_error", ({ message, data }) => done(
      data ? { effect: "deny", how: "CONNECT_ERROR", said: data.code + ": " + message, id: data.decision_id } : lost));
    setTimeout(done, 4000, lost);
  });
  socket.removeAllListeners().disconnect();
  return result;
}

let queue = Promise.resolve();

function addAttack(attack) {
  const item = clone("attack-template");
  const button = $("button", item), result = $(".result", item);
  $("li", item).id = "attack-" + attack.id;
  button.textContent = attack.name;
  attack.idle = () => { result.replaceChildren(el("code", "", attack.sends)); result.removeAttribute("data-effect"); };
  attack.start = () => (queue = queue.then(async () => {
    result.textContent = "…";
    await Promise.all([ada.settled(), mallory.settled()]);
    showResult(result, await attack.run(performance.now()).catch((error) => ({ effect: "none", said: String(error) })));
  }));
  button.addEventListener("click", attack.start);
  attack.idle();
  $("#attacks").append(item);
}

const resultWord = { deny: "refused", transform: "changed", bad: "got through", none: "unclear" };

function showResult(node, { effect, how, said, id }) {
  node.replaceChildren(el("span", "chip " + effect, resultWord[effect]), " " + (how ? how + " " : ""), el("span", "said", said));
  if (id) node.append(" ", decisionLink(id));
  node.dataset.decision = id || "";
  node.dataset.effect = effect;
}

// ---- the page --------------------------------------------------------------------------------------------

const tabs = ["decisions", "policy", "config"];

function showTab(name) {
  for (const tab of tabs) {
    const button = $("#tab-" + tab);
    button.setAttribute("aria-selected", String(tab === name));
    button.tabIndex = tab === name ? 0 : -1;
    $("#pane-" + tab).hidden = tab !== name;
  }
}

function setUpTabs() {
  for (const [i, tab] of tabs.entries()) {
    $("#tab-" + tab).addEventListener("click", () => showTab(tab));
    $("#tab-" + tab).addEventListener("keydown", ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: tabs.length - 1 }[key];
      if (!step) return;
      const next = tabs[(i + step) % tabs.length];
      showTab(next);
      $("#tab-" + next).focus();
    });
  }
}

async function showFile(name, target) {
  $(target).textContent = await (await fetch(name)).text();
}

function setRoute(bypass) {
  route.bypass = bypass;
  document.body.classList.toggle("bypassed", bypass);
  $("#route-hint").textContent = bypass ? "Straight to the chat server, which trusts everybody." : "Every packet goes through siogw.";
  for (const attack of attacks) attack.idle();
  for (const user of [ada, mallory]) user.connect();
}

attacks.forEach(addAttack);
setUpTabs();
follow();
showFile("policy.rego", "#file-policy");
showFile("siogw.yaml", "#file-config");
$("#all").addEventListener("click", () => attacks.forEach((attack) => attack.start()));
$("#bypass").addEventListener("change", (event) => setRoute(event.target.checked));
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", () => navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent)
    .then(() => { button.textContent = "Copied"; }));
}
setRoute($("#bypass").checked);
