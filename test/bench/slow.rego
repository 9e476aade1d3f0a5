# Everybody may say anything; one event is costly to judge.
package siogw.authz

default allow := true

deny contains "never" if {
	input.kind == "event"
	input.event == "heavy"
	count([x | some x in numbers.range(1, 10000); (x * input.bytes) % 7 == 3]) == 0
}
