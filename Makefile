# make test is what CI runs. Everything but `setup` needs only Go.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DELETE_ON_ERROR:
.PHONY: build test setup lint unit race inner interop advisories bench stages fuzz demo guests guests-check abuse

FUZZTIME ?= 10m
# Set by CI and `make test`: a test that lacks node, its packages or a browser fails and is not skipped.
require := SIOGW_REQUIRE_INTEROP=1

# Where goroutines meet. The other packages have nothing to race.
racy := engine engineio/eioserver engineio/eioclient engineio/internal/evloop engineio/internal/wsconn gateway hostabi \
	plugins/rego plugins/rego/closures plugins/rego/manage plugins/wasm plugins/js plugins/native plugins/native/wire \
	sdk/native internal/app internal/backoff internal/cli internal/config internal/decisionlog internal/demo \
	internal/identity internal/kv internal/listen internal/memo internal/siotest internal/ticket
# Modules of their own: SDKs and guests.
modules = $(shell find sdk plugins examples test/sdk -name go.mod -not -path '*/testdata/*' 2>/dev/null | xargs -r -n1 dirname | sort)

build:
	go build -trimpath -o bin/siogw ./cmd/siogw

# One after the other: each of them uses every core.
test:
	$(MAKE) setup
	$(MAKE) lint
	$(MAKE) guests-check
	$(MAKE) race
	$(MAKE) unit
	$(MAKE) inner
	$(MAKE) interop
	$(MAKE) advisories

setup:
	scripts/setup.sh

lint:
	@bad=$$(find . -name '*.go' -not -path '*/node_modules/*' -print0 | xargs -0 gofmt -l); \
	if [ -n "$$bad" ]; then echo "gofmt these:" $$bad; exit 1; fi
	go vet ./...
	go tool -modfile=scripts/tools/go.mod staticcheck ./...

# What the packages of race, interop and advisories leave.
unit:
	$(require) go test -timeout 30m $$(go list ./... | grep -v -x -F -e github.com/siogw/siogw/test/interop -e github.com/siogw/siogw/test/advisories $(racy:%=-e github.com/siogw/siogw/%))

race:
	$(require) go test -race -timeout 30m $(racy:%=./%)

inner:
	@for dir in $(modules); do echo "== $$dir"; (cd $$dir && go vet ./... && go test ./...); done

# Real clients, a real server; a scenario mostly waits, so more of them run than there are cores.
interop:
	$(require) go test -timeout 30m -parallel 4 ./test/interop

# Vulnerable servers, crashed directly and not through the gateway.
advisories:
	$(require) go test -timeout 30m -parallel 4 ./test/advisories

# Whole processes, some ten minutes; SIOGW_BENCH=short: two. Then what one decision costs by stage.
bench:
	go run ./test/bench
	@echo
	go run ./test/bench fan
	@echo
	go run ./test/bench delay
	@$(MAKE) stages

# Decode, scan, input, contract, policy, plugin, log line; benchstat reads it: make stages COUNT=10 > new.txt
COUNT ?= 1
BENCHTIME ?= $(if $(filter short,$(SIOGW_BENCH)),100ms,1s)
stages := ^Benchmark(Packet|Broadcast|Text|Scan|Decide|DecideChat|DecideBaseline|Memo|Hit|Evaluators|Input|Append|Minimal|SanitizerPlain|SanitizerDirty|JS|Native|Line|Log)$$

stages:
	go test -run '^$$' -bench '$(stages)' -benchmem -benchtime $(BENCHTIME) -count $(COUNT) ./gateway ./socketio ./internal/strictjson \
		./internal/inputjson ./internal/memo ./engine ./plugins/contract ./plugins/rego ./plugins/wasm ./plugins/js ./plugins/native \
		./internal/decisionlog
	go test -run '^$$' -bench Guard -benchtime $(BENCHTIME) -count $(COUNT) ./test/sdk

# Floods a gateway and prints what each cost it; the tests alone are part of unit.
abuse:
	ABUSE_TABLE=1 go test -count=1 -v -run TestFloods ./test/abuse | grep -v '^=== '

fuzz:
	FUZZTIME=$(FUZZTIME) scripts/fuzz.sh

demo:
	go run ./cmd/siogw demo

guests:
	scripts/guests.sh build
	scripts/js-engine.sh build
	go test -count=1 -run TestSDK ./internal/pluginkit -update

guests-check:
	scripts/guests.sh check
	scripts/js-engine.sh check
