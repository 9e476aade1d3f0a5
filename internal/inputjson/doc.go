// Package inputjson renders an [engine.Input] as the JSON document that policies and plugins are promised
// (the input contract), and reads it back. There is one rendering: the Rego terms are tested against it.
//
// Keys that do not apply are absent: namespace on a handshake, event and ack where the packet is no event,
// args and attachments where the kind has none, auth and room where there is none. version, kind,
// direction, time, bytes, identity, session and plugins are always there.
package inputjson
