package shields

// webSocket are attacks on ws, the WebSocket server under engine.io.
var webSocket = []*Shield{
	{
		ID: "CVE-2016-10542", Aliases: []string{"GHSA-6663-c963-2gqg"},
		Stops:   "one frame of hundreds of megabytes",
		Affects: "ws <= 1.1.0",
		By:      Limit, How: "limits.payload, held against the length that the frame announces",
	},
	{
		ID:      "GHSA-5v72-xg48-5rpm",
		Stops:   "a WebSocket extension that names a property of every object, which crashes the server",
		Affects: "ws 0.2.6 - 1.1.4, 2.0.0 - 3.3.0",
		By:      ProtocolBreak, How: "the handshake with the server is the gateway's own; none of a client's WebSocket headers is in it",
	},
	{
		ID: "CVE-2021-32640", Aliases: []string{"GHSA-6fc8-4gx4-v693"},
		Stops:   "thousands of blanks in Sec-WebSocket-Protocol, which keep a CPU busy",
		Affects: "ws 5.0.0 - 5.2.2, 6.0.0 - 6.2.1, 7.0.0 - 7.4.5",
		By:      ProtocolBreak, How: "the handshake with the server is the gateway's own; none of a client's WebSocket headers is in it",
	},
	{
		ID: "CVE-2024-37890", Aliases: []string{"GHSA-3h5v-q93c-6h6q"},
		Stops:   "more than 2000 headers in front of Upgrade, which crash the server",
		Affects: "ws 2.1.0 - 5.2.3, 6.0.0 - 6.2.2, 7.0.0 - 7.5.9, 8.0.0 - 8.17.0",
		By:      ProtocolBreak, How: "the handshake with the server is the gateway's own, with the few headers of an allow-list",
	},
	{
		ID: "CVE-2026-48779", Aliases: []string{"GHSA-96hv-2xvq-fx4p"},
		Stops:   "a message of one-byte fragments without end, each of which costs an object",
		Affects: "ws 1.1.0 - 5.2.4, 6.0.0 - 6.2.3, 7.0.0 - 7.5.10, 8.0.0 - 8.20.1",
		By:      ProtocolBreak, How: "fragments are joined at the gateway, within limits.payload",
	},
	{
		ID:      "CVE-2026-62389",
		Stops:   "as many fragments as are allowed, on many connections",
		Affects: "ws < 5.2.6, 6.0.0 - 6.2.4, 7.0.0 - 7.5.11, 8.0.0 - 8.21.0",
		By:      ProtocolBreak, How: "fragments are joined at the gateway, within limits.payload and limits.connections",
		CountedAs: "CVE-2026-48779",
	},
	{
		ID:      "ws-ping-flood",
		Stops:   "ping frames from a client that reads no pong: all pongs are kept",
		Affects: "ws < 5.2.8, 6.0.0 - 6.2.6, 7.0.0 - 7.5.13, 8.0.0 - 8.22.0",
		By:      ProtocolBreak, How: "the gateway answers pings itself, and its send buffer is bounded",
	},
}
