package tck

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/siogw/siogw/hostabi"
	"github.com/siogw/siogw/plugins/wasm"
)

// sizes are buffers as a host asks for them: the first, and larger ones as larger views come.
var sizes = []uint32{4 << 10, 8 << 10, 64 << 10, 1 << 20}

// buffers checks siogw_alloc.
func (c *checker) buffers() {
	c.fresh("ABI-2.10", "buffers, each larger than the one before", "an address with that many bytes behind it in memory", func(p *hostabi.Probe) error {
		for _, n := range sizes {
			if err := allocated(p, n); err != nil {
				return err
			}
		}
		return nil
	})
	c.fresh("ABI-2.10", "a buffer of few bytes, of one and of none", "an address in memory, or 0", func(p *hostabi.Probe) error {
		for _, n := range []uint32{100, 7, 1} {
			if err := allocated(p, n); err != nil {
				return err
			}
		}
		at, err := p.Alloc(0) // has no bytes that could lie anywhere
		if err == nil && at > p.Memory() {
			err = fmt.Errorf("siogw_alloc(0) gave %#x, outside of memory", at)
		}
		return err
	})
	c.fresh("ABI-2.11", "a buffer larger than its memory may be", "0, or a trap for want of memory", func(p *hostabi.Probe) error {
		n := uint32(hostabi.MaxView)
		at, err := p.Alloc(n)
		if err == nil && at != 0 && uint64(at)+uint64(n) > uint64(p.Memory()) {
			return fmt.Errorf("siogw_alloc(%d) gave %#x, with %d bytes of memory", n, at, p.Memory())
		}
		if errors.Is(err, hostabi.ErrMemory) || errors.Is(err, hostabi.ErrTrap) {
			err = nil
		}
		return err
	})
	c.fresh("ABI-2.13", "the same buffer a thousand times again", "a guest that takes the one before back", func(p *hostabi.Probe) error {
		for range 1000 {
			if err := allocated(p, 64<<10); err != nil {
				return err
			}
		}
		return nil
	})
}

// leftovers checks that an answer depends on the view, and on nothing that was in the buffer before.
func (c *checker) leftovers(answers map[int]hostabi.Result) {
	const check = "what was in the buffer before, and when it was asked for, is of no effect"
	i := c.first()
	if _, ok := answers[i]; !ok {
		c.skip("ABI-2.12", check, "there is no answer to compare")
		return
	}
	c.fresh("ABI-2.12", check, "the same answer from a buffer of ones as from one of zeros", func(p *hostabi.Probe) error {
		for round, b := range []byte{0, 0xff, 0, 0xff} {
			if !p.Fill(b) {
				return errors.New("there is no buffer in memory")
			}
			res, err := c.ask(p, &c.samples[i])
			if err != nil {
				return err
			}
			if want := answers[i].Verdict; c.manifest.Pure && !bytes.Equal(want, res.Verdict) {
				return fmt.Errorf("%.100q, and %.100q", want, res.Verdict)
			}
			if err := allocated(p, sizes[round]); err != nil {
				return err
			}
		}
		return nil
	})
}

// allocated asks for a buffer, and fills it: from then on the guest must live with what it gave away.
func allocated(p *hostabi.Probe, n uint32) error {
	at, err := p.Alloc(n)
	switch {
	case err != nil:
		return fmt.Errorf("siogw_alloc(%d): %w", n, err)
	case at == 0:
		return fmt.Errorf("siogw_alloc(%d) gave 0", n)
	case uint64(at)+uint64(n) > uint64(p.Memory()):
		return fmt.Errorf("siogw_alloc(%d) gave %#x, outside of the %d bytes of memory", n, at, p.Memory())
	}
	p.Fill(0xa5)
	return nil
}

// fresh makes a check on an instance of its own.
func (c *checker) fresh(clause, check, want string, f func(*hostabi.Probe) error) {
	p, err := c.probe(c.opt.Config)
	if err == nil {
		err = f(p)
		p.Close()
	}
	c.expect(clause, check, want, err)
}

// first gives the number of the first sample that the guest judges, -1 for none.
func (c *checker) first() int {
	return slices.IndexFunc(c.samples, func(s sample) bool { return c.asks(s.in) })
}

// configs are configurations that no guest expects. Each is JSON, as the host gives it.
var configs = map[string]string{
	"an empty object": `{}`, "an array": `[]`, "a string": `"x"`, "null": `null`, "a number": `-1.5e300`,
	"an unknown key": `{"tck: no such key":1}`, "an odd key": `{"\u0000\ud83d\ude00":null}`, "nested deep": strings.Repeat(`{"a":[`, 14) + `1` + strings.Repeat(`]}`, 14),
	"64 KiB": `{"` + strings.Repeat("k", 64<<10) + `":1}`, "white space": " { } ",
}

// configurations checks that the guest takes a configuration or says what is wrong with it.
func (c *checker) configurations() {
	const want = "0, or the packed place of a text"
	c.expect("ABI-2.14", "a configuration of no bytes", want, c.configured(nil))
	for _, name := range sorted(configs) {
		c.expect("ABI-2.14", "a configuration that is "+name, want, c.configured([]byte(configs[name])))
	}
}

func (c *checker) configured(config []byte) error {
	p, err := c.probe(config)
	if err == nil {
		p.Close()
	}
	if errors.Is(err, hostabi.ErrConfig) {
		if strings.ContainsRune(err.Error(), '\ufffd') {
			return errors.New("a text that is not UTF-8")
		}
		err = nil
	}
	return err
}

// enough packets that fail tell of the others.
const enough = 10

// packets asks about every sample, each of one instance that serves all. It gives the answers by the sample's number.
func (c *checker) packets() map[int]hostabi.Result {
	answers := map[int]hostabi.Result{}
	p, err := c.probe(c.opt.Config)
	if err != nil {
		c.fail("ABI-2.5", "another instance", "one like the first", err.Error())
		return answers
	}
	defer func() { p.Close() }()
	failures := 0
	for i := range c.samples {
		s := &c.samples[i]
		if !c.asks(s.in) {
			c.skip("ABI-2.17", s.name, "the manifest does not name the kind")
			continue
		}
		res, err := c.ask(p, s)
		if c.expect(answerClause(err), s.name, "0, or the packed place of a verdict", err) {
			answers[i] = res
			if s.ordinary { // in the longest run a collector's work would count as one packet's
				c.Fuel = max(c.Fuel, res.Fuel)
			}
			continue
		}
		p.Close()
		if failures++; failures == enough || errors.Is(err, hostabi.ErrTimeout) { // which takes all our patience
			c.skip("ABI-2.17", "the packets after it", "enough have failed")
			return answers
		}
		if p, err = c.probe(c.opt.Config); err != nil {
			c.fail("ABI-2.5", "another instance", "one like the first", err.Error())
			return answers
		}
	}
	if c.Fuel > c.opt.Fuel {
		c.fail("ABI-7.2", "what an ordinary packet costs", fmt.Sprintf("at most %d fuel", c.opt.Fuel), fmt.Sprintf("%d", c.Fuel))
	} else {
		c.pass("ABI-7.2", "what an ordinary packet costs")
	}
	if p.Exceeded() {
		c.fail("ABI-7.1", "its memory", fmt.Sprintf("at most %d bytes", c.opt.Memory), "it asked for more")
	} else {
		c.pass("ABI-7.1", "its memory")
	}
	return answers
}

// answerClause gives the clause that an answer breaks: of one without error, that there are answers.
func answerClause(err error) string {
	text := fmt.Sprint(err)
	for _, c := range []struct {
		is     error
		part   string
		clause string
	}{
		{nil, "", "ABI-2.17"},
		{hostabi.ErrTimeout, "", "ABI-7.2"}, {hostabi.ErrMemory, "", "ABI-7.1"}, {hostabi.ErrTrap, "", "ABI-8.1"},
		{hostabi.ErrABI, "label", "ABI-6.4"}, {hostabi.ErrABI, "count", "ABI-6.5"}, {hostabi.ErrABI, "random", "ABI-6.13"},
		{hostabi.ErrABI, "outside of memory", "ABI-5.2"}, {hostabi.ErrABI, "result", "ABI-5.1"}, {hostabi.ErrABI, "", "ABI-6.2"},
		{wasm.ErrTransform, "", "ABI-5.19"},
	} {
		if errors.Is(err, c.is) && strings.Contains(text, c.part) {
			return c.clause
		}
	}
	for _, c := range []struct{ part, clause string }{{"effect", "ABI-5.5"}, {"code, reason and data", "ABI-5.17"}, {"a denial that changes", "ABI-5.18"},
		{"args, patch and strings", "ABI-5.17"}, {"code has", "ABI-5.6"}, {"code is", "ABI-5.6"}, {"reason has", "ABI-5.7"}, {"reason is", "ABI-5.7"}, {"data has", "ABI-5.8"}, {"label", "ABI-5.14"}, {"score", "ABI-5.15"}} {
		if strings.HasPrefix(text, c.part) {
			return c.clause
		}
	}
	return "ABI-5.4"
}

// again asks everything anew, of another instance and in the other order: of a pure guest the answers are the same bytes.
func (c *checker) again(answers map[int]hostabi.Result) {
	if !c.manifest.Pure {
		c.skip("ABI-3.4", "the same answers from another instance", "it is not pure")
		return
	}
	c.fresh("ABI-3.4", "the same answers from another instance", "a pure guest that gives the same verdict and labels to the same bytes", func(p *hostabi.Probe) error {
		for i := len(c.samples) - 1; i >= 0; i-- {
			before, asked := answers[i]
			if !asked {
				continue
			}
			for range 2 {
				now, err := c.ask(p, &c.samples[i])
				if err != nil {
					return fmt.Errorf("%s: %w", c.samples[i].name, err)
				}
				if !bytes.Equal(now.Verdict, before.Verdict) || fmt.Sprint(now.Labels) != fmt.Sprint(before.Labels) {
					return fmt.Errorf("%s: %.100q, then %.100q", c.samples[i].name, before.Verdict, now.Verdict)
				}
			}
		}
		return nil
	})
}

// silences checks that the guest says nothing where its manifest promises it.
func (c *checker) silences(answers map[int]hostabi.Result) {
	const check = "nothing to strings without the characters of only_with"
	if c.manifest.OnlyWith == "" {
		c.skip("ABI-3.7", check, "it promises nothing")
		return
	}
	for i, res := range answers {
		view, _, err := c.manifest.RenderFor(c.samples[i].in, c.opt.Config)
		if err == nil && c.manifest.Silent(view) && (res.Verdict != nil || res.Labels != nil || len(res.Counts) > 0 || !res.Silent) {
			c.fail("ABI-3.7", check, "0, and no call", fmt.Sprintf("%s: %.100q, %v, %v", c.samples[i].name, res.Verdict, res.Labels, res.Counts))
			return
		}
	}
	c.pass("ABI-3.7", check)
}

// A run may grow memory by settled, and by an eighth of what it is: collectors take their time. A guest that grows by more is
// given as many calls again, up to runs times, to settle.
const (
	settled = 128 << 10
	runs    = 4
)

// longRun asks about ordinary packets again and again: memory has to stay.
func (c *checker) longRun() {
	var ordinary []*sample
	for i := range c.samples {
		if s := &c.samples[i]; s.ordinary && c.asks(s.in) {
			ordinary = append(ordinary, s)
		}
	}
	check := fmt.Sprintf("%d calls", c.opt.Calls)
	if len(ordinary) == 0 {
		c.skip("ABI-7.1", check, "it judges no kind that there is")
		return
	}
	c.fresh("ABI-7.1", check, "memory that does not go on growing, and no call that fails", func(p *hostabi.Probe) error {
		before := int64(0)
		for range 1 + runs {
			for i := range c.opt.Calls / 2 {
				if _, err := c.ask(p, ordinary[i%len(ordinary)]); err != nil {
					return fmt.Errorf("after %d calls: %w", c.Calls, err)
				}
			}
			c.Memory = int64(p.Memory())
			if p.Exceeded() {
				return fmt.Errorf("it asked for more than %d bytes", c.opt.Memory)
			}
			if before > 0 && c.Memory <= before+max(settled, before/8) {
				return nil
			}
			before = c.Memory
		}
		return fmt.Errorf("%d bytes, and growing", before)
	})
}
