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
	CodePolicyMissing   Code = 106 // the bundles that bring the policy are not there yet

	CodePluginDenied  Code = 110 // a plugin denied
	CodePluginError   Code = 111 // a plugin trapped or answered nonsense
	CodePluginTimeout Code = 112 // a plugin used up its time or fuel
	CodePluginMemory  Code = 113 // a plugin asked for more memory than it may have
	CodePluginBackoff Code = 114 // a plugin that kept failing is out of service for a while
	CodePluginSession Code = 115 // a plugin has an instance for as many sessions as it may
	CodePluginBusy    Code = 116 // a native plugin has as many questions as it may, or too many decisions wait already
	CodePluginDown    Code = 117 // the process of a native plugin is not running

	CodeContract     Code = 120 // arguments or an ack that break the contract
	CodeUnknownEvent Code = 121 // an event or namespace that the contract does not have

	CodeUnauthenticated Code = 200 // no token where one is required
	CodeTokenInvalid    Code = 201 // a token that does not verify
	CodeTokenExpired    Code = 202 // a token past its time
	CodeKeys            Code = 203 // the keys to verify a token with are not there, or too old
	CodeIdentityExpired Code = 204 // the identity of a live connection is past its time
	CodeRefresh         Code = 205 // a refresh by another identity, or of none
	CodeTell            Code = 206 // the upstream cannot be told who the client is
	CodeTicketUnknown   Code = 207 // a connection ticket that was never issued, or long ago
	CodeTicketUsed      Code = 208 // a connection ticket that was used before
	CodeTicketExpired   Code = 209 // a connection ticket past its seconds
	CodeOrigin          Code = 210 // an origin that is not allowed
	CodeTicketBound     Code = 211 // a connection ticket for another namespace or address

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

	CodeElements        Code = 311 // more elements and members than limits.elements
	CodeNumber          Code = 312 // a number longer than limits.number
	CodeEventName       Code = 313 // an event name longer than limits.event_name
	CodeNamespaceName   Code = 314 // a namespace, or its query, longer than limits.namespace_name
	CodeAttachmentBytes Code = 315 // more bytes of attachments than limits.attachment_bytes
	CodeAckID           Code = 316 // an ack id of more digits than limits.ack_id
	CodeUnfinished      Code = 317 // attachments that did not come within limits.unfinished.time
	CodeUnfinishedBytes Code = 318 // attachments of unfinished packets above limits.unfinished.bytes
	CodeUnanswered      Code = 319 // more unanswered events than limits.acks

	CodeShield   Code = 320 // a virtual patch (shields)
	CodeLateAuth Code = 321 // a server 2.x has the client in the main namespace already, by another auth

	CodeEventRooms Code = 322 // one event about more rooms than limits.event_rooms
	CodeNotMember  Code = 323 // an emit about a room that the client is not in
	CodeRoomName   Code = 324 // the name of a room is longer than limits.room_name
	CodeKept       Code = 325 // a CONNECT or join too large to be kept: policy.reauthorize.keep

	CodeConnectionsTotal Code = 400 // limits.connections.total reached
	CodeConnectionsPerIP Code = 401 // limits.connections.per_ip reached
	CodeConnectionRate   Code = 402 // limits.connections.rate_per_ip exceeded
	CodeEventRate        Code = 403 // limits.events exceeded
	CodeTooManyDenials   Code = 404 // deny.max_per_minute exceeded

	CodeConnectionsPerIdentity Code = 405 // limits.connections.per_identity reached
	CodeIdentityRate           Code = 406 // limits.connections.rate_per_identity exceeded
	CodeTotalRate              Code = 407 // limits.connections.rate exceeded
	CodeConnectRate            Code = 408 // limits.connects exceeded
	CodeIdentityEvents         Code = 409 // limits.events.per_identity exceeded
	CodeEventBytes             Code = 410 // limits.events.bytes exceeded
	CodeDecisionTime           Code = 411 // limits.events.decision_time exceeded
	CodeFrames                 Code = 412 // limits.traffic.frames exceeded
	CodeTraffic                Code = 413 // limits.traffic.bytes exceeded
	CodeControlFrames          Code = 414 // limits.traffic.control exceeded
	CodeFragments              Code = 415 // limits.traffic.fragments exceeded
	CodeInflated               Code = 416 // a message that unfolds beyond compression.max_ratio

	CodeBanned Code = 420 // banned by a response
	CodeMuted  Code = 421 // muted by a response
	CodeMemory Code = 422 // limits.memory is used up

	CodeNeverConnected Code = 430 // no CONNECT within limits.sessions.connect_time
	CodeNeverPolled    Code = 431 // no poll within limits.sessions.poll_time
	CodeSlowMessage    Code = 432 // a message or body not whole within limits.http.body_time

	CodeHeaderBytes Code = 440 // headers larger than limits.http.header
	CodeHeaderCount Code = 441 // more headers than limits.http.headers
	CodeURL         Code = 442 // a URL longer than limits.http.url
	CodeCookie      Code = 443 // cookies longer than limits.http.cookie
	CodeUpgrades    Code = 444 // more upgrades than limits.sessions.upgrades
	CodeSlowBody    Code = 445 // a body of plain HTTP slower than limits.http.pass_time
	CodeSlowAnswer  Code = 446 // an answer of plain HTTP read slower than limits.http.pass_time
	CodeSlowHeaders Code = 447 // headers not here within limits.http.header_time

	CodeUpstreamDown    Code = 500 // the upstream cannot be reached
	CodeUpstreamRefused Code = 501 // the upstream refused the session
	CodeShutdown        Code = 502 // the gateway is stopping
)

var codeTexts = map[Code]string{
	CodePolicyDenied: "denied by policy", CodePolicyUndefined: "not allowed by policy",
	CodePolicyError: "policy error", CodePolicyTimeout: "policy timed out",
	CodeNoVerdict: "nothing allows this", CodePolicyMissing: "no policy yet", CodeTransform: "transform failed",
	CodePluginDenied: "denied by plugin", CodePluginError: "plugin error",
	CodePluginTimeout: "plugin timed out", CodePluginMemory: "plugin out of memory",
	CodePluginBackoff: "plugin out of service", CodePluginSession: "plugin serves too many sessions",
	CodePluginBusy: "plugin busy", CodePluginDown: "plugin down",
	CodeContract: "contract violated", CodeUnknownEvent: "event not in contract",
	CodeUnauthenticated: "authentication required", CodeTokenInvalid: "invalid token",
	CodeKeys: "keys unavailable", CodeIdentityExpired: "identity expired", CodeRefresh: "not a refresh of this identity",
	CodeTokenExpired: "token expired", CodeOrigin: "origin not allowed",
	CodeTell: "identity cannot be told", CodeTicketUnknown: "unknown ticket", CodeTicketUsed: "ticket used before",
	CodeTicketExpired: "ticket expired", CodeTicketBound: "ticket is for another place",
	CodeMalformed: "malformed packet", CodeTooLarge: "payload too large", CodeTooDeep: "nested too deeply",
	CodeAttachments: "too many attachments", CodeNamespaces: "too many namespaces",
	CodeState: "not allowed in this state", CodeNamespaceState: "namespace not connected",
	CodeUnknownAck: "answer nobody asked for", CodeReservedEvent: "reserved event name",
	CodeRoom: "room is not a string", CodeRooms: "too many rooms", CodeShield: "stopped by shield",
	CodeLateAuth:   "entered with another auth already",
	CodeEventRooms: "too many rooms at a time", CodeNotMember: "not in this room", CodeRoomName: "room name too long",
	CodeKept:             "too much to remember",
	CodeConnectionsTotal: "too many connections", CodeConnectionsPerIP: "too many connections from this address",
	CodeConnectionRate: "connecting too fast", CodeEventRate: "too many events",
	CodeTooManyDenials: "too many denials", CodeUpstreamDown: "upstream unavailable",
	CodeUpstreamRefused: "refused by upstream", CodeShutdown: "shutting down",

	CodeElements: "too many elements", CodeNumber: "number too long", CodeEventName: "event name too long",
	CodeNamespaceName: "namespace too long", CodeAttachmentBytes: "attachments too large", CodeAckID: "ack id too long",
	CodeUnfinished: "attachments did not come in time", CodeUnfinishedBytes: "too many unfinished attachments",
	CodeUnanswered:             "too many unanswered events",
	CodeConnectionsPerIdentity: "too many connections of this identity",
	CodeIdentityRate:           "identity connecting too fast", CodeTotalRate: "too many new connections",
	CodeConnectRate: "too many CONNECTs", CodeIdentityEvents: "too many events of this identity",
	CodeEventBytes: "too many bytes of events", CodeDecisionTime: "too costly to decide",
	CodeFrames: "too many frames", CodeTraffic: "too many bytes", CodeControlFrames: "too many control frames",
	CodeFragments: "too many fragments", CodeInflated: "unfolds too far", CodeBanned: "banned", CodeMuted: "muted", CodeMemory: "out of memory",
	CodeNeverConnected: "no CONNECT in time", CodeNeverPolled: "no poll in time", CodeSlowMessage: "message too slow",
	CodeHeaderBytes: "headers too large", CodeHeaderCount: "too many headers", CodeURL: "URL too long",
	CodeCookie: "cookie too long", CodeUpgrades: "too many upgrades",
	CodeSlowBody: "body too slow", CodeSlowAnswer: "answer read too slowly", CodeSlowHeaders: "headers too slow",
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
