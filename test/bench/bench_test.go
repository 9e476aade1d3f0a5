package main

import (
	"bytes"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/siogw/siogw/internal/cli"
)

// TestMain lets the processes of a measurement be this binary, siogw too.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "run" {
		os.Exit(cli.Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	if done, err := role(os.Args[1:]); done {
		if err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(2)
		}
		os.Exit(0)
	}
	if len(os.Args) > 1 && os.Args[1] == "bench" {
		os.Args = os.Args[1:]
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestParse(t *testing.T) {
	s, err := parse([]string{"-only", "nginx,full", "-parts", "events", "-rounds", "7", "-format", "benchstat"}, false)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(s.only, []string{"nginx", "full"}) || !s.wants("events") || s.wants("idle") || s.rounds != 7 || s.length != 1500*time.Millisecond {
		t.Errorf("got %+v", s)
	}
	if s, err = parse([]string{"-turn", "2s"}, true); err != nil || s.rounds != 3 || s.length != 2*time.Second || s.settle != time.Second {
		t.Errorf("short: %+v, %v", s, err)
	}
	if s, err = parse(nil, false); err != nil || s.only != nil || !s.wants("half") || s.wants("beats") {
		t.Errorf("by default: %+v, %v", s, err)
	}
	for want, args := range map[string][]string{
		`no "apache"`:      {"-only", "nginx,apache"},
		`no "speed"`:       {"-parts", "speed"},
		"text or bench":    {"-format", "xml"},
		"must be positive": {"-clients", "0"},
		`"full" is no`:     {"full"},
	} {
		if _, err := parse(args, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %s", args, err, want)
		}
	}
}

func TestQuantile(t *testing.T) {
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[i] = i + 1
	}
	for q, want := range map[float64]int{0: 1, 0.5: 51, 0.99: 100, 0.999: 100, 1: 100} {
		if got := quantile(hundred, q); got != want {
			t.Errorf("quantile %v: %d, want %d", q, got, want)
		}
	}
	if got := quantile([]int(nil), 0.5); got != 0 {
		t.Errorf("of nothing: %d", got)
	}
	if got := spread([]float64{10, 11, 12, 8, 9, 100}); got != 1.5/11 { // one that is far away does not count
		t.Errorf("spread %v", got)
	}
	if got := spread(nil); got != 0 {
		t.Errorf("spread of nothing: %v", got)
	}
}

// TestAgainst gives a row twice the cost of another on a machine that gets slower and slower.
func TestAgainst(t *testing.T) {
	a, b := &turn{values: map[metric][]float64{oneCPU: {20, 40, 90}}}, &turn{values: map[metric][]float64{oneCPU: {10, 20, 40}}}
	if got, ok := against(a, b, oneCPU); !ok || got != 2 {
		t.Errorf("got %v, %v", got, ok)
	}
	for _, other := range []*turn{nil, {}, {values: map[metric][]float64{oneCPU: {0}}}} {
		if _, ok := against(a, other, oneCPU); ok {
			t.Errorf("a ratio to %+v", other)
		}
	}
}

func TestEvent(t *testing.T) {
	same, one, two := appendEvent(nil, 12, false), appendEvent(nil, 12, true), appendEvent(nil, 12, true)
	if string(same) != `4212["message",{"room":"general","text":"hello, how are you all?"}]` {
		t.Errorf("got %s", same)
	}
	if len(one) != len(same) || bytes.Equal(one, two) {
		t.Errorf("varied: %s, %s", one, two)
	}
	for text, want := range map[string]int{
		`4312[{"room":"general"}]`:          12,
		`430[{"room":"general"}]`:           0,
		`4312[{"error":{"code":"denied"}}]`: -1,
		`43[{"room":"general"}]`:            -1,
		`42["siogw:denied",{"room":1}]`:     -1,
		`43-1[{"room":"general"}]`:          -1,
		`2`:                                 -1,
		``:                                  -1,
	} {
		got, err := ackID([]byte(text))
		if want < 0 && err == nil || want >= 0 && (got != want || err != nil) {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
}

func TestPlan(t *testing.T) {
	at := plan(1000, 2*time.Second)
	if len(at) < 1800 || len(at) > 2200 {
		t.Errorf("%d events at 1000/s in 2 s", len(at))
	}
	if !slices.IsSorted(at) || at[len(at)-1] >= 2*time.Second || !reflect.DeepEqual(at, plan(1000, 2*time.Second)) {
		t.Error("not in order, beyond the end, or another each time")
	}
	if got := every([]time.Duration{1, 2, 3, 4, 5}, 1, 2); !reflect.DeepEqual(got, []time.Duration{2, 4}) {
		t.Errorf("got %v", got)
	}
}

func TestStat(t *testing.T) {
	for text, want := range map[string][2]int{
		"41 (a b) S 7 41 41 0": {41, 7},
		"42 (x) S (y)) R 41 1": {42, 41},
		"43 (":                 {},
		"43 (x)":               {},
		"x (x) S 1":            {},
		"43 (x) S x":           {},
		"":                     {},
	} {
		pid, parent, ok := parseStat([]byte(text))
		if ok != (want[0] != 0) || ok && (pid != want[0] || parent != want[1]) {
			t.Errorf("%q: %d, %d, %v", text, pid, parent, ok)
		}
	}
	got := below(10, map[int]int{1: 0, 10: 1, 11: 10, 12: 11, 20: 1, 21: 20, 13: 10})
	if slices.Sort(got); !reflect.DeepEqual(got, []int{10, 11, 12, 13}) {
		t.Errorf("got %v", got)
	}
}

// TestAbsent has a program that is not there, and a row of it.
func TestAbsent(t *testing.T) {
	if _, err := program("no-such-proxy"); !errors.Is(err, errAbsent) {
		t.Fatalf("got %v", err)
	}
	turns := []*turn{
		{row: &row{name: "nginx", title: "nginx"}, absent: errAbsent},
		{row: &row{name: "relay", title: "bare relay"}, values: map[metric][]float64{oneCPU: {2000}}},
		{row: &row{name: "full", title: "all"}, values: map[metric][]float64{oneCPU: {3000}, idleBytes: {4097}, idleOpen: {200_000}}},
	}
	var out bytes.Buffer
	if err := printTables(&out, &settings{}, turns); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(out.String()), " ")
	for _, want := range []string{"| nginx | not installed |", "× relay", "| all | 3.0 | - | 1.50 |",
		"| CPU of an event, 1 in flight | 1 × nginx | - | not measured |", "| 4 KB | 4.00 | missed |", "| 200 µs | 200.00 | met |"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	out.Reset()
	turns[1].s = &settings{rounds: 1}
	turns[0].s = turns[1].s
	if err := printBenchstat(&out, turns); err != nil || strings.Contains(out.String(), "nginx") || !strings.Contains(out.String(), "\nBenchmarkEvent/inflight=1/row=full 1 3000.0 cpu-ns/op") {
		t.Errorf("got %v\n%s", err, out.String())
	}
}

func TestSlabs(t *testing.T) {
	text := "slabinfo - version: 2.1\n# name            <active_objs> <num_objs> <objsize>\n" +
		"TCP   10   26   2432   13    8 : tunables    0    0    0 : slabdata      2      2      0\nfilp 3 5 100 13\n"
	if got := slabBytes([]byte(text)); got != 24620 {
		t.Errorf("got %d", got)
	}
}
