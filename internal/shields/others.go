package shields

import "github.com/siogw/siogw/engine"

// plugins are attacks on packages that listen to events of their own.
var plugins = []*Shield{
	{
		ID: "CVE-2020-15779", Aliases: []string{"GHSA-9h4g-27m8-qjrg"},
		Stops:   "a file name with a path in it, which writes outside of the upload folder",
		Affects: "socket.io-file, all versions",
		By:      Rule, How: "createFile: name and uploadTo are plain names, without separators and dots alone",
		match: uploadPath,
	},
	{
		ID: "CVE-2020-24807", Aliases: []string{"GHSA-6495-8jvh-f28x", "GHSA-r2gr-fhmr-66c5"},
		Stops:   "a file that a server or browser would run, past the type check of the client",
		Affects: "socket.io-file, all versions",
		By:      Rule, How: "createFile: no part of the name is an extension of programs, scripts or active documents",
		match: uploadType,
	},
	{
		ID:      "admin-ui",
		Stops:   "a CONNECT to /admin, where @socket.io/admin-ui shows and steers everything",
		Affects: "@socket.io/admin-ui without auth, or in development mode",
		By:      Rule, How: "opt in: /admin is for clients with a verified identity only",
		Default: engine.Off, match: adminNamespace,
	},
}

// others are attacks on servers that are not the reference's.
var others = []*Shield{
	{
		ID: "CVE-2019-13611", Aliases: []string{"GHSA-j3jp-gvr5-7hwq"},
		Stops:   "a WebSocket from a page of another origin, with the user's cookies",
		Affects: "python-engineio < 3.9.0; the reference checks no origin of a WebSocket in any version",
		By:      OriginCheck, How: "origins, exact, on polling and WebSocket alike",
	},
	{
		ID: "CVE-2026-48802", Aliases: []string{"GHSA-cgwc-pv48-fhj5"},
		Stops:   "pongs that nobody asked for, each of which starts a thread",
		Affects: "python-engineio <= 4.13.1",
		By:      ProtocolBreak, How: "heartbeats end at the gateway",
	},
	{
		ID: "CVE-2026-48804", Aliases: []string{"GHSA-5w7q-77mv-v69f"},
		Stops:   "a binary packet before CONNECT, whose attachments are kept",
		Affects: "python-socketio < 5.16.2",
		By:      StateMachine, How: "no packet passes before its namespace is connected, and none incomplete",
	},
	{
		ID:      "CVE-2026-48809",
		Stops:   "a body that is read whole before anything is checked, and messages without a limit",
		Affects: "python-engineio <= 4.13.1",
		By:      Limit, How: "a request is checked before its body is read, and limits.payload bounds it",
		CountedAs: "CVE-2020-36048",
	},
	{
		ID:      "CVE-2026-128131",
		Stops:   "compressed messages and bodies that unfold without a limit",
		Affects: "aiohttp < 3.14.4",
		By:      ProtocolBreak, How: "compression ends at the gateway, which offers none by default and bounds what it unfolds",
	},
	{
		ID:      "CVE-2026-44545",
		Stops:   "WebSocket messages without a limit",
		Affects: "daphne < 4.2.2",
		By:      Limit, How: "limits.payload",
		CountedAs: "CVE-2016-10542",
	},
	{
		ID:      "netty-socketio-945",
		Stops:   "an announced number of attachments that is allocated at once",
		Affects: "netty-socketio <= 2.0.6",
		By:      Limit, How: "limits.attachments",
		CountedAs: "CVE-2026-33151",
	},
	{
		ID:      "go-socketio-attachments",
		Stops:   "an announced number of attachments that is allocated at once, in one frame",
		Affects: "googollee/go-socket.io <= 1.7.0",
		By:      Limit, How: "limits.attachments",
		CountedAs: "CVE-2026-33151",
	},
	{
		ID:      "go-socketio-sids",
		Stops:   "guessing session ids that count 1, 2, 3",
		Affects: "googollee/go-socket.io 1.7.0",
		By:      ProtocolBreak, How: "session ids are the gateway's own, 144 random bits, honoured from one address only",
	},
}
