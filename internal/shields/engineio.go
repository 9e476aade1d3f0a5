package shields

// engineIO are attacks on engine.io and its HTTP server.
var engineIO = []*Shield{
	{
		ID: "CVE-2020-36048", Aliases: []string{"GHSA-j4f2-536g-r55m"},
		Stops:   "a post of millions of tiny packets, which exhausts memory and CPU",
		Affects: "engine.io < 3.6.0",
		By:      Limit, How: "limits.payload bounds a post before it is read, and packets are read one by one",
	},
	{
		ID: "CVE-2022-21676", Aliases: []string{"GHSA-273r-mgr4-v34f"},
		Stops:   "an invalid frame in one segment with the WebSocket handshake, which crashes the server",
		Affects: "engine.io 4.0.0 - 4.1.1, 5.0.0 - 5.2.0, 6.0.0 - 6.1.0",
		By:      ProtocolBreak, How: "frames end at the gateway; those to the server are its own, after the handshake",
	},
	{
		ID: "CVE-2022-41940", Aliases: []string{"GHSA-r7qp-cfhv-p84w"},
		Stops:   "an upgrade request for a foreign path, reset a second later, which crashes the server",
		Affects: "engine.io < 3.6.1, 4.0.0 - 6.2.0",
		By:      ProtocolBreak, How: "an upgrade on another path is answered 400 and never forwarded",
	},
	{
		ID:      "engineio-upgrade-reset",
		Stops:   "an upgrade request for a foreign path, reset within the second, which crashes the server",
		Affects: "engine.io <= 6.6.11, 3.6.2",
		By:      ProtocolBreak, How: "an upgrade on another path is answered 400 and never forwarded",
		CountedAs: "CVE-2022-41940",
	},
	{
		ID: "CVE-2023-31125", Aliases: []string{"GHSA-q9mw-68c2-j6m5"},
		Stops:   "a WebSocket request for an unknown transport, which crashes the server",
		Affects: "engine.io 5.1.0 - 6.4.1",
		By:      ProtocolBreak, How: "transports: another one is refused, and the server's sessions are the gateway's own",
	},
	{
		ID: "CVE-2026-59724", Aliases: []string{"GHSA-gr94-w7qr-f4j3"},
		Stops:   "a WebTransport session for the id __proto__, which crashes the server",
		Affects: "engine.io 6.5.0 - 6.6.6 with WebTransport",
		By:      ProtocolBreak, How: "no HTTP/3 passes, and webtransport is not among the upgrades that are offered",
		CountedAs: "-",
	},
	{
		ID: "CVE-2026-59725", Aliases: []string{"GHSA-r635-g3xr-vw7x"},
		Stops:   "a post of application/octet-stream, which is never answered and keeps a descriptor",
		Affects: "engine.io < 6.6.7",
		By:      ProtocolBreak, How: "posts end at the gateway; this one is answered 400 and ends the session",
	},
	{
		ID: "CVE-2026-102599", Aliases: []string{"GHSA-2gc4-cqfq-p2gv"},
		Stops:   "an upgrade in another protocol revision than its session, which crashes the server",
		Affects: "engine.io 6.6.0 - 6.6.9",
		By:      ProtocolBreak, How: "a session keeps its revision, and the server sees no upgrade",
	},
	{
		ID: "CVE-2026-102600", Aliases: []string{"GHSA-wfpm-5gcm-94cg"},
		Stops:   "a session id that names a property of every object, which crashes the other nodes of a cluster",
		Affects: "@socket.io/cluster-engine < 0.1.1",
		By:      ProtocolBreak, How: "only session ids that the gateway gave are known, and none travels on",
	},
}
