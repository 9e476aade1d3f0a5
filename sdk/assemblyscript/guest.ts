// The plugin as the host sees it: ABI.md, sections 2 and 5. The compiler gets this file as an entry beside the plugin's own.
import "./abort";
import { Buffer, beginRoom } from "./text";
import { Value } from "./json";
import { Verdict } from "./verdict";
import { View } from "./view";
import { configure, judge } from "./registry";

let buffer: usize = 0;
const answer = new Buffer();
const verdict = new Verdict();

function place(): u64 {
  return answer.n == 0 ? 0 : ((<u64>answer.p) << 32) | <u64>answer.n;
}

export function siogw_alloc(n: u32): usize {
  if (buffer != 0) heap.free(buffer);
  buffer = heap.alloc(n);
  return buffer;
}

export function siogw_configure(p: usize, n: usize): u64 {
  beginRoom();
  const problem = configure(n == 0 ? new Value() : new View(p, n).json());
  answer.n = 0;
  if (problem !== null) answer.text(problem.length > 0 ? problem : "it is refused");
  return place();
}

export function siogw_decide(p: usize, n: usize): u64 {
  beginRoom();
  verdict.begin();
  judge(new View(p, n), verdict);
  verdict.write(answer);
  return place();
}
