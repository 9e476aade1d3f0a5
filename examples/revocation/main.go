// Command revocation is a native plugin that refuses whoever is on a list in Redis: an identity (sub:NAME), one token
// (jti:ID) or one session (session:ID). With arguments it is the admin's tool for that list.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/siogw/siogw/sdk/native"
)

//go:embed revocation.manifest.json
var manifest []byte

func main() {
	if len(os.Args) == 1 {
		native.Serve(manifest, start)
		return
	}
	if err := admin(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "revocation:", err)
		os.Exit(1)
	}
}

// plugin judges by the list.
type plugin struct{ list *list }

func start(config []byte) (native.Plugin, error) {
	o := options{Key: "siogw:revoked", Refresh: "5s", MaxAge: "15s"}
	if err := json.Unmarshal(config, &o); err != nil {
		return nil, err
	}
	l, err := open(o)
	if err != nil {
		return nil, err
	}
	return plugin{l}, nil
}

// Decide gets the manifest's fields: the identity's sub, its token's jti, and the session's id.
func (p plugin) Decide(_ context.Context, view []byte) native.Verdict {
	var fields [3]any
	if err := json.Unmarshal(view, &fields); err != nil {
		return native.Fail(err)
	}
	now := time.Now()
	for i, kind := range []string{"sub:", "jti:", "session:"} {
		name, ok := fields[i].(string)
		if !ok || name == "" {
			continue
		}
		switch revoked, err := p.list.has(kind+name, now); {
		case err != nil:
			return native.Fail(err)
		case revoked:
			return native.Deny("revoked", "this access was revoked")
		}
	}
	if err := p.list.fresh(now); err != nil { // also for those without a name
		return native.Fail(err)
	}
	return native.Allow()
}

// Close implements io.Closer.
func (p plugin) Close() error { return p.list.close() }

// admin changes the list, and tells the plugins.
func admin(args []string) error {
	f := flag.NewFlagSet("revocation revoke|restore", flag.ContinueOnError)
	url := f.String("redis", "redis://127.0.0.1:6379", "the `URL` of the server")
	key := f.String("key", "siogw:revoked", "the `key` of the list, and the channel")
	span := f.Duration("for", 24*time.Hour, "how long: as long as a token can be valid")
	if err := f.Parse(args[1:]); err != nil {
		return err
	}
	if f.NArg() == 0 || args[0] != "revoke" && args[0] != "restore" {
		return errors.New("usage: revocation revoke|restore [-redis URL] [-key KEY] [-for 24h] sub:NAME|jti:ID|session:ID…")
	}
	until := time.Time{}
	if args[0] == "revoke" {
		until = time.Now().Add(*span)
	}
	return change(context.Background(), *url, *key, until, f.Args())
}
