package engine

import "encoding/json"

// Code is a numbered reason for a denial. The numbers are part of the contract: they are never reused
// and never change their meaning. Hundreds group them by who refused.
type Code int

// The codes.
const (
	CodeNone Code = 0

	CodePolicyDenied    Code = 100 // a deny rule of the policy holds
	CodePolicyUndefined Code = 101 // no allow rule of the policy holds
	CodePolicyError     Code = 102 // the policy did not evaluate
	CodePolicyTimeout   Code = 103 // the policy did not evaluate in time
	CodeNoVerdict       Code = 104 // nothing allowed it: every plugin abstained, or none is there
	CodeTransform       Code = 105 // a transform could not be applied

	CodePluginDenied  Code = 110 // a plugin denied
	CodePluginError   Code = 111 // a plugin trapped or answered nonsense
	CodePluginTimeout Code = 112 // a plugin used up its time or fuel
	CodePluginMemory  Code = 113 // a plugin asked for more memory than it may have

	CodeUnauthenticated Code = 200 // no token where one is required
	CodeTokenInvalid    Code = 201 // a token that does not verify
	CodeTokenExpired    Code = 202 // a token past its time
	CodeOrigin          Code = 210 // an origin that is not allowed

	CodeMalformed      Code = 300 // bytes that are no packet, or a packet that two parsers could read differently
	CodeTooLarge       Code = 301 // more bytes than limits.payload
	CodeTooDeep        Code = 302 // JSON nested deeper than limits.depth
	CodeAttachments    Code = 303 // more attachments than limits.attachments
	CodeNamespaces     Code = 304 // more namespaces than limits.namespaces
	CodeState          Code = 305 // a packet that the session's state does not allow
	CodeNamespaceState Code = 306 // a packet to a namespace that is refused or left
	CodeUnknownAck     Code = 307 // an answer that nobody asked for
	CodeReservedEvent  Code = 308 // an event name that the protocol keeps to itself
	CodeRoom           Code = 309 // a mapped room that is no string
	CodeRooms          Code = 310 // more rooms than limits.rooms
	CodeShield         Code = 320 // a virtual patch (shields)

	CodeConnectionsTotal Code = 400 // limits.connections.total reached
	CodeConnectionsPerIP Code = 401 // limits.connections.per_ip reached
	CodeConnectionRate   Code = 402 // limits.connections.rate_per_ip exceeded
	CodeEventRate        Code = 403 // limits.events exceeded
	CodeTooManyDenials   Code = 404 // deny.max_per_minute exceeded

	CodeUpstreamDown    Code = 500 // the upstream cannot be reached
	CodeUpstreamRefused Code = 501 // the upstream refused the session
	CodeShutdown        Code = 502 // the gateway is stopping
)

var codeTexts = map[Code]string{
	CodePolicyDenied: "denied by policy", CodePolicyUndefined: "not allowed by policy",
	CodePolicyError: "policy error", CodePolicyTimeout: "policy timed out",
	CodeNoVerdict: "nothing allows this", CodeTransform: "transform failed",
	CodePluginDenied: "denied by plugin", CodePluginError: "plugin error",
	CodePluginTimeout: "plugin timed out", CodePluginMemory: "plugin out of memory",
	CodeUnauthenticated: "authentication required", CodeTokenInvalid: "invalid token",
	CodeTokenExpired: "token expired", CodeOrigin: "origin not allowed",
	CodeMalformed: "malformed packet", CodeTooLarge: "payload too large", CodeTooDeep: "nested too deeply",
	CodeAttachments: "too many attachments", CodeNamespaces: "too many namespaces",
	CodeState: "not allowed in this state", CodeNamespaceState: "namespace not connected",
	CodeUnknownAck: "answer nobody asked for", CodeReservedEvent: "reserved event name",
	CodeRoom: "room is not a string", CodeRooms: "too many rooms", CodeShield: "stopped by shield",
	CodeConnectionsTotal: "too many connections", CodeConnectionsPerIP: "too many connections from this address",
	CodeConnectionRate: "connecting too fast", CodeEventRate: "too many events",
	CodeTooManyDenials: "too many denials", CodeUpstreamDown: "upstream unavailable",
	CodeUpstreamRefused: "refused by upstream", CodeShutdown: "shutting down",
}

// String gives the reason in words, as a client may see it.
func (c Code) String() string { return codeTexts[c] }

// RateLimited reports whether a handshake refused for this reason answers 429 and not 403.
func (c Code) RateLimited() bool { return c >= 400 && c < 500 }

// Shown gives the code that a client sees: the policy's own where it gave one, else the number.
func (d *Denial) Shown() json.RawMessage {
	if d.Custom != nil {
		return d.Custom
	}
	b, _ := json.Marshal(int(d.Code)) // an int always marshals
	return b
}
