// keeper: see README.md above this folder.
import { KV, KVError, Value, Verdict, View, jsonString, onConfigure, onJudge, random, timeMs } from "../sdk";

let configured = ""; // what configure found, as JSON

function failure(): string {
  switch (KV.error) {
    case KVError.NoEntry: return '"none"';
    case KVError.Full: return '"full"';
    case KVError.Size: return '"size"';
    case KVError.NoNumber: return '"number"';
    case KVError.Unavailable: return '"unavailable"';
  }
  return '"ok"';
}

function get(key: string): string {
  const value = KV.get(key);
  return value === null ? failure() : '{"value":' + jsonString(value) + "}";
}

function set(key: string, value: string, ttl: i64): string {
  KV.set(key, value, ttl);
  return failure();
}

function remove(key: string): string {
  const gone = KV.delete(key);
  return KV.error != KVError.None ? failure() : gone ? "true" : "false";
}

function add(key: string, delta: i64, ttl: i64): string {
  const sum = KV.add(key, delta, ttl);
  return KV.error != KVError.None ? failure() : sum.toString();
}

function hex(n: i32): string {
  const bytes = random(n);
  let s = "";
  for (let i = 0; i < n; i++) s += "0123456789abcdef".charAt(bytes[i] >> 4) + "0123456789abcdef".charAt(bytes[i] & 15);
  return jsonString(s);
}

onConfigure((config: Value): string | null => {
  if (config.get("/random").n > 0) random(1);
  configured = "[" + set("k", "v", 0) + "," + timeMs().toString() + "]";
  return null;
});

onJudge((view: View, verdict: Verdict): void => {
  const answers: string[] = [];
  for (let m = view.json().members(); m.next(); ) answers.push(run(m.value, verdict));
  if (!verdict.denied) verdict.replaceArgs("[" + answers.join(",") + "]");
});

function run(command: Value, verdict: Verdict): string {
  const verb = command.get("/0").toString(), key = command.get("/1").toString();
  if (verb == "set") return set(key, command.get("/2").toString(), command.get("/3").integer);
  if (verb == "get") return get(key);
  if (verb == "delete") return remove(key);
  if (verb == "add") return add(key, command.get("/2").integer, command.get("/3").integer);
  if (verb == "now") return timeMs().toString();
  if (verb == "random") return hex(<i32>command.get("/1").integer);
  if (verb == "configured") return configured;
  verdict.deny("command", "there is no such command");
  return "";
}
