import { Verdict } from "./verdict";
import { Value } from "./json";
import { View } from "./view";

export type Configure = (config: Value) => string | null;
export type Judge = (view: View, verdict: Verdict) => void;

export let configure: Configure = (_config: Value): string | null => null;
export let judge: Judge = (_view: View, _verdict: Verdict): void => {
  throw new Error("the plugin registered no judge");
};

/**
 * Registers the reader of the operator's configuration: JSON, of kind None when there is none. It gives null, or why it refuses; a
 * refused configuration keeps the gateway from starting. The value is valid during the call.
 */
export function onConfigure(f: Configure): void {
  configure = f;
}

/** Registers the judge of packets. What it does not deny is allowed. */
export function onJudge(f: Judge): void {
  judge = f;
}
