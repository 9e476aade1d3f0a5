package shields

// socketIO are attacks on socket.io and socket.io-parser.
var socketIO = []*Shield{
	{
		ID: "CVE-2017-16031", Aliases: []string{"GHSA-qv2v-m59f-v5fw"},
		Stops:   "guessing a session id made by Math.random(), which takes the session over",
		Affects: "socket.io <= 0.9.6",
		By:      ProtocolBreak, How: "session ids are the gateway's own, 144 random bits, and the protocol of 0.9 (/socket.io/1/) is not forwarded",
	},
	{
		ID: "CVE-2020-28481", Aliases: []string{"GHSA-fxwf-4rqh-v8g3"},
		Stops:   "a page of another origin that polls with the user's cookies: every origin is reflected",
		Affects: "socket.io < 2.4.0, and 2.5.1",
		By:      OriginCheck, How: "origins, exact, on polling and WebSocket alike; the server's own CORS headers are dropped",
	},
	{
		ID: "CVE-2024-38355", Aliases: []string{"GHSA-25hc-qcg6-38wj"},
		Stops:   `the event "error", which crashes a server without a listener for it`,
		Affects: "socket.io < 2.5.1, 3.0.0 - 4.6.1",
		By:      Rule, How: `no client sends an event named "error"`,
		match: errorEvent,
	},
	{
		ID: "CVE-2020-36049", Aliases: []string{"GHSA-xfhh-g9f5-x4m4"},
		Stops:   "an ack id of millions of digits, which exhausts the memory",
		Affects: "socket.io-parser < 3.3.2, 3.4.0",
		By:      CanonicalForm, How: "ack ids are decimal and at most 2^53-1; the message is bounded by limits.payload before",
	},
	{
		ID: "CVE-2022-2421", Aliases: []string{"GHSA-qm95-pgcg-qqfq"},
		Stops:   "a placeholder whose number is no number, which hands a function to the event handler",
		Affects: "socket.io-parser < 3.3.3, 3.4.0 - 3.4.1, 4.0.0 - 4.0.4, 4.1.0 - 4.2.0",
		By:      CanonicalForm, How: "each attachment is named by exactly one placeholder, in its one form",
	},
	{
		ID: "CVE-2023-32695", Aliases: []string{"GHSA-cqmj-92xf-r6r9"},
		Stops:   "an event name that is an object, which crashes the server",
		Affects: "socket.io-parser 3.4.0 - 3.4.2, 4.0.4 - 4.2.2",
		By:      CanonicalForm, How: "an event name is a string",
	},
	{
		ID: "CVE-2026-33151", Aliases: []string{"GHSA-677m-j7p3-52f9"},
		Stops:   "a packet that announces attachments without end, which are all kept; also from a server to its clients",
		Affects: "socket.io-parser < 3.3.5, 3.4.0 - 3.4.3, 4.0.0 - 4.2.5",
		By:      Limit, How: "limits.attachments and limits.payload, in both directions; an incomplete packet never travels on",
	},
	{
		ID: "CVE-2026-69185", Aliases: []string{"GHSA-2m8v-j782-fhvr"},
		Stops:   "a binary packet that announces no attachment, after which all are kept; also from a server to its clients",
		Affects: "socket.io-parser < 3.3.6, 3.4.0 - 3.4.4, 4.0.0 - 4.2.6",
		By:      CanonicalForm, How: "a binary packet has attachments",
	},
	{
		ID:      "prototype-pollution",
		Stops:   "keys that reach a prototype when a handler merges the object; also from a server to its clients",
		Affects: "applications",
		By:      CanonicalForm, How: "no key __proto__, and no prototype in a constructor, however they are escaped",
	},
	{
		ID:      "deep-nesting",
		Stops:   "thousands of nested arrays, which crash a server that sends them back",
		Affects: "socket.io <= 4.8.4",
		By:      Limit, How: "limits.depth",
	},
}
