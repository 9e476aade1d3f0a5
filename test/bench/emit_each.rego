# A rule that asks about each client by itself, and about the text: no two clients share an answer.
package siogw.authz

deny contains "an echo" if {
	input.kind == "emit"
	input.event == "message"
	input.args[0].from == input.identity.sub
}
