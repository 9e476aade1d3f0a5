// Package manage runs the management side of the Open Policy Agent within the gateway, through OPA's own plugins and by
// OPA's own configuration: services, signed bundles, discovery, decision logs and status.
//
// Bundles fill a store of their own. Each activation hands its content over before it is committed, so that what does
// not load as a policy of the gateway is refused like any other bad bundle: what was active before stays, and OPA's
// status tells why.
package manage
