package contract

import (
	"cmp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// asyncapi reads a document as users of Socket.IO write them: a channel is a namespace, a message an event,
// its payload the arguments.
func (l *loader) asyncapi(root spot) {
	version := root.get("asyncapi")
	out := false // whether what the application receives is sent by the server
	switch side := root.get("x-side"); side.text() {
	case "", "server":
	case "client":
		out = true
	default:
		l.fail(side, "want server or client: whose document this is")
	}
	switch major, _, _ := strings.Cut(version.text(), "."); major {
	case "2":
		l.channels2(root.get("channels"), out)
	case "3":
		l.operations3(root.get("operations"), out)
	default:
		l.fail(version, "AsyncAPI %s is not supported: want 2.x or 3.x", version.text())
	}
}

// channels2 reads AsyncAPI 2: the application's users publish what it receives, and subscribe to what it
// sends. https://www.asyncapi.com/docs/reference/specification/v2.6.0
func (l *loader) channels2(channels spot, flip bool) {
	for name, c := range channels.members() {
		c, _, ok := l.resolve(c)
		if !ok || !l.namespaceName(c, name) {
			continue
		}
		for key, out := range map[string]bool{"publish": flip, "subscribe": !flip} {
			for _, m := range messages2(c.get(key).get("message")) {
				l.message(m, spec{namespace: name, out: out})
			}
		}
	}
}

// messages2 gives the messages of an operation: one, or those of oneOf.
func messages2(m spot) []spot {
	if several := m.get("oneOf"); several.is(yaml.SequenceNode) {
		return several.items()
	}
	if m.there() {
		return []spot{m}
	}
	return nil
}

// operations3 reads AsyncAPI 3: the application sends or receives messages of a channel, and a reply is the
// answer. https://www.asyncapi.com/docs/reference/specification/v3.0.0
func (l *loader) operations3(operations spot, flip bool) {
	for _, o := range operations.members() {
		o, _, ok := l.resolve(o)
		if !ok {
			continue
		}
		s := spec{at: o}
		switch action := o.get("action"); action.text() {
		case "receive":
			s.out = flip
		case "send":
			s.out = !flip
		default:
			l.fail(oneOf(action, o), "action: want send or receive")
			continue
		}
		channel, key, ok := l.resolve(o.get("channel"))
		if !ok {
			continue
		}
		if !channel.there() {
			l.fail(o, "names no channel")
			continue
		}
		s.namespace = cmp.Or(channel.get("address").text(), key)
		if l.namespaceName(oneOf(channel.get("address"), channel), s.namespace) {
			l.operation(o, channel, s)
		}
	}
}

func (l *loader) operation(o, channel spot, s spec) {
	if reply := o.get("reply"); reply.there() {
		l.reply(reply, &s)
	}
	if o.get("x-ack-required").text() == "true" {
		s.ack = ackRequired
	}
	var m spot
	messages := o.get("messages")
	if messages.there() {
		for _, m = range messages.items() {
			l.message(m, s)
		}
		return
	}
	for s.name, m = range channel.get("messages").members() {
		l.message(m, s)
	}
}

func (l *loader) reply(reply spot, s *spec) {
	reply, _, ok := l.resolve(reply)
	if !ok {
		return
	}
	s.ack = ackOptional
	for _, m := range reply.get("messages").items() {
		if m, _, ok = l.resolve(m); !ok {
			continue
		}
		args := l.payload(m.get("payload"))
		if s.answer != nil {
			args = anyOf(s.answer, args)
		}
		s.answer = args
	}
}

// message adds the event that a message describes. s says what the operation says of it, and the name of a
// message that has none.
func (l *loader) message(m spot, s spec) {
	m, key, ok := l.resolve(m)
	if !ok {
		return
	}
	s.at = m
	s.name = cmp.Or(m.get("name").text(), m.get("messageId").text(), s.name, key)
	if s.name == "" {
		l.fail(m, "a message without a name: name is that of the event")
		return
	}
	format := oneOf(m.get("schemaFormat"), m.get("payload").get("schemaFormat"))
	if f := format.text(); f != "" && !isJSONSchema(f) {
		l.fail(format, "want JSON Schema, found %s", f)
		return
	}
	s.args = l.payload(m.get("payload"))
	if a := m.get("x-ack"); a.there() {
		l.ackOf(a, &s)
	}
	if m.get("x-ack-required").text() == "true" {
		s.ack = ackRequired
	}
	l.add(s)
}

// ackOf reads x-ack, an extension: {args: schema}, or the schema itself.
func (l *loader) ackOf(a spot, s *spec) {
	s.ack = max(s.ack, ackOptional)
	to, _, ok := l.resolve(a)
	if !ok || !to.is(yaml.MappingNode) || len(to.node.Content) == 0 {
		return // `x-ack: {}`: any answer
	}
	if args := to.get("args"); args.there() && !to.get("type").there() && !to.get("properties").there() {
		a = args
	}
	s.answer = l.payload(a)
}

func isJSONSchema(format string) bool {
	return slices.ContainsFunc([]string{"vnd.aai.asyncapi", "schema+json", "schema+yaml"}, func(known string) bool {
		return strings.Contains(format, known)
	})
}
