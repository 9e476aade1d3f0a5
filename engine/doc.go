// Package engine is the decision point: it takes an [Input], asks the plugins in order, and always gives a
// [Decision], never an error. Whatever goes wrong on the way (a failure, a time-out, an unset value) denies.
//
// The words: a plugin answers with a [Verdict]; the combined answer is a [Decision]; both carry an [Effect].
package engine
