package demo

import "encoding/json"

// line is a message that the chat remembers.
type line struct {
	ID   string `json:"id"`
	Room string `json:"room"`
	From string `json:"from"`
	Text string `json:"text"`
}

var history = map[string][]line{
	"general": {{"h1", "general", "Ada", "Good morning! The release is out, thank you all."}},
	"staff":   {{"h2", "staff", "Ada", "Moderators only: the recovery code is 7741-8830."}},
}

var done = map[string]bool{"ok": true}

// handle does what an event says, whoever sent it, and gives the answer for its ack; chat.mu is held.
func (cl *client) handle(event string, arg json.RawMessage) any {
	switch event {
	case "join":
		return cl.join(arg)
	case "leave":
		delete(cl.rooms, text(arg))
	case "message":
		cl.message(arg)
	case "reaction":
		cl.chat.broadcast(eventFrame("reaction", map[string]any{"from": cl.name, "what": arg}), everybody)
	case "profile":
		cl.chat.broadcast(eventFrame("profile", map[string]any{"from": cl.name, "profile": arg}), everybody)
	case "admin:ban":
		cl.ban(arg)
	case "debug":
		cl.send(eventFrame("debug", leaked))
	}
	return done
}

// leaked is what a forgotten debug event of a server gives away. The values are made up.
var leaked = map[string]string{
	"host":    "chat-1",
	"api_key": "sk_live_demo0123456789abcdef",
	"aws_key": "AKIADEMODEMODEMODEMO",
}

func (cl *client) join(arg json.RawMessage) any {
	room := text(arg)
	if len(cl.rooms) < 16 {
		cl.rooms[room] = true
	}
	return map[string]any{"ok": true, "room": room, "history": history[room]}
}

// message goes on as it came, to its room: nobody looks into it.
func (cl *client) message(arg json.RawMessage) {
	var m line
	_ = json.Unmarshal(arg, &m) // nothing readable goes to no room
	cl.chat.broadcast(eventFrame("message", arg), func(to *client) bool { return to.rooms[m.Room] })
}

// ban throws out everybody of a name: a DISCONNECT packet for the namespace.
func (cl *client) ban(arg json.RawMessage) {
	var ban struct {
		User string `json:"user"`
	}
	_ = json.Unmarshal(arg, &ban) // nothing readable bans nobody
	cl.chat.broadcast(eventFrame("banned", map[string]string{"user": ban.User, "by": cl.name}), everybody)
	for other := range cl.chat.clients {
		if other.name == ban.User {
			other.send(writeFrame('1', "", nil))
			other.leave()
		}
	}
}

func text(arg json.RawMessage) (s string) {
	_ = json.Unmarshal(arg, &s) // what is no string is the empty one
	return s
}
