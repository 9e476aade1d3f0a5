// Package rego decides by Rego policies, through the Open Policy Agent's evaluator.
//
// A policy is package siogw.authz. It has up to three rules that count:
//
//	allow      true allows; anything undefined or false does not
//	deny       a set (or array) of strings, or of objects {code, reason, data}; any member denies
//	transform  an array of RFC 6902 operations under /args or /auth
//
// Every input needs allow, but for the server's ack to an event (kind "ack", direction "out"): the event
// was allowed already, so there only deny and transform count.
//
// Whatever goes wrong denies. That holds for errors of built-in functions too: to_number on a client's
// "abc" is not quietly undefined, as in plain OPA, because in a deny rule undefined would allow. Ask first
// (is_number, regex.match) where the client's content decides whether a function works.
package rego
