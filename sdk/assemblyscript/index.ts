// Plugins of the siogw gateway in AssemblyScript. A plugin is an assembly/index.ts that says what judges:
//
//   import { onJudge, View, Verdict } from "../sdk";
//
//   onJudge((view: View, verdict: Verdict): void => {
//     for (let s = view.strings(); s.next(); ) {
//       if (s.text.length > 20 && s.text == s.text.toUpperCase()) verdict.replaceString(s.number, s.text.toLowerCase());
//     }
//   });
//
// Whatever goes wrong, such as a view of another kind than expected, aborts: the gateway then denies, and logs the message.
// README.md says how a plugin is built and tested; hostabi/ABI.md what the gateway promises.

export { onConfigure, onJudge } from "./registry";
export { Attachments, Strings, View } from "./view";
export { Kind, Members, Value } from "./json";
export { Walk } from "./walk";
export { Text } from "./text";
export { Verdict, jsonString } from "./verdict";
export { Level, count, log, random, timeMs } from "./host";
export { KV, KVError } from "./kv";
