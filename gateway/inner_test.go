package gateway

import (
	"net/netip"
	"slices"
	"testing"
	"time"
)

func TestBansAreBounded(t *testing.T) {
	var b bans
	now := time.Now()
	key := func(i int) netip.Prefix {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 32)
	}
	for i := range maxBans {
		b.add(key(i), now.Add(time.Hour+time.Duration(i)), now)
	}
	b.add("ann", now.Add(2*time.Hour), now)
	if len(b.by) != maxBans {
		t.Error(len(b.by), "entries")
	}
	if _, banned := b.address(key(0), now); banned {
		t.Error("the ban that ends first was kept")
	}
	if _, banned := b.address(key(1), now); !banned || !b.identity("ann", now) {
		t.Error("another was given up")
	}
	b.add("bob", now.Add(3*time.Hour), now.Add(90*time.Minute)) // when most are over
	if len(b.by) != 2 || b.identity("ann", now.Add(2*time.Hour)) || !b.identity("bob", now.Add(2*time.Hour)) {
		t.Error(len(b.by), "entries")
	}
	b.add("bob", now.Add(time.Hour), now) // a shorter ban does not shorten one
	if !b.identity("bob", now.Add(2*time.Hour)) {
		t.Error("shortened")
	}
}

func TestTalliesAreBounded(t *testing.T) {
	var all tallies
	r, other := &Response{Count: 2, Within: time.Hour}, &Response{Count: 2, Within: time.Hour}
	now := time.Now()
	for i := range maxTallies + 10 {
		all.add(r, i, now)
	}
	if len(all.by) > maxTallies {
		t.Error(len(all.by))
	}
	if all.add(other, "a", now) || all.add(other, "a", now.Add(time.Hour)) || !all.add(other, "a", now.Add(time.Hour)) {
		t.Error("two within the time are due, and not two apart")
	}
}

func TestUsersAreForgotten(t *testing.T) {
	var u users
	lim := &Limits{ConnectRatePerIdentity: Rate{Count: 1, Per: time.Minute}}
	now := time.Now()
	one, _ := u.take(lim, "ann", now)
	u.give(one)
	kept, _ := u.take(lim, "bob", now.Add(time.Second))
	if u.take(lim, "eve", now.Add(2*time.Minute)); u.by["ann"] != nil || u.by["bob"] != kept {
		t.Error(u.by)
	}
}

func TestHideCookie(t *testing.T) {
	for _, c := range []struct{ in, want []string }{
		{nil, nil},
		{[]string{"a=b; c=d"}, nil},
		{[]string{"siogw=x"}, []string{}},
		{[]string{"a=b; siogw=x; c=d", "siogw=y", "e=f"}, []string{"a=b; c=d", "e=f"}},
	} {
		if got := hideCookie(c.in); !slices.Equal(got, c.want) || (got == nil) != (c.want == nil) {
			t.Errorf("%q: %q", c.in, got)
		}
	}
}
