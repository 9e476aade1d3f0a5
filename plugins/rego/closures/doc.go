// Package closures evaluates Rego by Go closures: OPA plans a query into its intermediate representation, an
// imperative program over locals, and each statement of that becomes a closure. What an evaluation gives is what
// OPA's own evaluator gives, or an error: builtin functions that fail, conflicts, and all that is seldom, are left to
// the evaluator, which is to be asked again then. So is a whole query with a statement or a function that is not known
// here: [Compile] says which.
//
// Values are OPA's terms, so its builtin functions serve as they are. Rules without arguments are evaluated once in an
// evaluation, parts of the input are looked up once, and rules that depend on data alone once for all.
package closures
