package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// options is the plugin's configuration.
type options struct {
	Redis   string `json:"redis"`   // redis://[user:password@]host:port/db, or rediss://
	Key     string `json:"key"`     // of a sorted set, scored by the second till which a member is revoked; also the channel
	Refresh string `json:"refresh"` // between two looks at the list, beside those that the channel asks for; default 5s
	MaxAge  string `json:"max_age"` // of the last look: past it, everything fails; default 15s
}

const (
	maxMembers = 1_000_000 // a longer list fails: it would not be known whole
	callTime   = 3 * time.Second
)

var errStale = errors.New("the list in Redis cannot be read")

// list is what is revoked, as of the last look. It is whole or it is not used.
type list struct {
	client *redis.Client
	key    string
	maxAge time.Duration
	stop   context.CancelFunc
	done   sync.WaitGroup

	mu      sync.RWMutex
	revoked map[string]int64 // by member: till which second
	looked  time.Time        // when the last look that worked began
}

// open reads the list once, and keeps it up to date till close.
func open(o options) (*list, error) {
	refresh, errRefresh := time.ParseDuration(o.Refresh)
	maxAge, errAge := time.ParseDuration(o.MaxAge)
	ro, errURL := redis.ParseURL(o.Redis)
	if err := errors.Join(errRefresh, errAge, errURL); err != nil {
		return nil, err
	}
	if refresh <= 0 || maxAge < refresh {
		return nil, fmt.Errorf("want 0 < refresh <= max_age, not %v and %v", refresh, maxAge)
	}
	ro.DialTimeout, ro.ReadTimeout, ro.WriteTimeout = callTime, callTime, callTime
	l := &list{client: redis.NewClient(ro), key: o.Key, maxAge: maxAge}
	if err := l.look(context.Background()); err != nil {
		return nil, errors.Join(err, l.client.Close())
	}
	var ctx context.Context
	ctx, l.stop = context.WithCancel(context.Background())
	changed := make(chan struct{}, 1)
	l.done.Go(func() { l.listen(ctx, changed) })
	l.done.Go(func() { l.follow(ctx, changed, refresh) })
	return l, nil
}

func (l *list) close() error {
	l.stop()
	err := l.client.Close()
	l.done.Wait()
	return err
}

// has reports whether a member is revoked at this time, or that nobody knows.
func (l *list) has(member string, now time.Time) (bool, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if now.Sub(l.looked) > l.maxAge {
		return false, errStale
	}
	until, ok := l.revoked[member]
	return ok && now.Unix() < until, nil
}

func (l *list) fresh(now time.Time) error {
	_, err := l.has("", now)
	return err
}

// look reads the whole list.
func (l *list) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	began := time.Now()
	all, err := l.client.ZRangeByScoreWithScores(ctx, l.key, &redis.ZRangeBy{Min: fmt.Sprint(began.Unix()), Max: "+inf", Count: maxMembers + 1}).Result()
	if err != nil {
		return err
	}
	if len(all) > maxMembers {
		return fmt.Errorf("more than %d members", maxMembers)
	}
	revoked := make(map[string]int64, len(all))
	for _, z := range all {
		revoked[fmt.Sprint(z.Member)] = int64(min(z.Score, 1<<62))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.revoked, l.looked = revoked, began
	return nil
}

// listen asks for a look whenever somebody tells of a change, and whenever it begins to hear again: it may have missed one.
func (l *list) listen(ctx context.Context, changed chan<- struct{}) {
	sub := l.client.Subscribe(ctx, l.key)
	defer sub.Close()
	for ctx.Err() == nil {
		if _, err := sub.Receive(ctx); err != nil {
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
			continue
		}
		select {
		case changed <- struct{}{}:
		default: // a look is to come, which sees this change too
		}
	}
}

// follow looks when it is asked to, and from time to time.
func (l *list) follow(ctx context.Context, changed <-chan struct{}, refresh time.Duration) {
	ticker := time.NewTicker(refresh)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-ticker.C:
		}
		if err := l.look(ctx); err != nil && ctx.Err() == nil {
			log.Printf("the list was not read: %v", err)
		}
	}
}

// change revokes members till a time, or restores them when that is zero; and tells of it.
func change(ctx context.Context, url, key string, until time.Time, members []string) error {
	ro, err := redis.ParseURL(url)
	if err != nil {
		return err
	}
	for _, m := range members {
		kind, name, _ := strings.Cut(m, ":")
		if name == "" || kind != "sub" && kind != "jti" && kind != "session" {
			return fmt.Errorf("want sub:NAME, jti:ID or session:ID, found %q", m)
		}
	}
	client := redis.NewClient(ro)
	defer client.Close()
	_, err = client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		for _, m := range members {
			if until.IsZero() {
				p.ZRem(ctx, key, m)
			} else {
				p.ZAdd(ctx, key, redis.Z{Score: float64(until.Unix()), Member: m})
			}
		}
		p.ZRemRangeByScore(ctx, key, "-inf", fmt.Sprint(time.Now().Unix()-1)) // those that have ended
		p.Publish(ctx, key, strings.Join(members, " "))
		return nil
	})
	return err
}
