package identity

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// Fetch says how the keys of providers are fetched, for all issuers alike.
type Fetch struct {
	// Refresh is the time between two fetches, where the provider's Cache-Control does not say another (1 minute to
	// 24 hours are believed). Default 1 h.
	Refresh time.Duration
	Timeout time.Duration // of one fetch, redirects and all; default 5 s
	// Stale is how long keys serve since they were fetched last, while the provider cannot be reached. Default 24 h.
	Stale    time.Duration
	Insecure bool   // plain HTTP to other hosts than loopback, too
	CAFile   string // PEM: who signs the providers' certificates; the system's roots when empty

	Start     Start         // what [Verifier.Start] does without keys; default StartDeny
	StartTime time.Duration // that it waits for them first; default 10 s; StartWait has no end
}

const (
	maxDocument  = 512 << 10 // bytes of a key set or a discovery document
	maxHeader    = 64 << 10  // bytes of an answer's header
	maxRedirects = 3

	minRefresh = time.Minute // that a provider can ask for
	maxRefresh = 24 * time.Hour
)

// fetcher gets documents of providers.
type fetcher struct {
	o      Fetch
	client *http.Client
}

func newFetcher(o Fetch) (*fetcher, error) {
	if o.Refresh <= 0 {
		o.Refresh = time.Hour
	}
	if o.Timeout <= 0 {
		o.Timeout = 5 * time.Second
	}
	if o.Stale <= 0 {
		o.Stale = 24 * time.Hour
	}
	if o.StartTime <= 0 {
		o.StartTime = 10 * time.Second
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.CAFile != "" {
		data, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, err
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(data) {
			return nil, fmt.Errorf("%s holds no certificate in PEM form", o.CAFile)
		}
	}
	f := &fetcher{o: o}
	f.client = &http.Client{Timeout: o.Timeout, CheckRedirect: f.redirect, Transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: conf, DisableKeepAlives: true, DisableCompression: true,
		MaxResponseHeaderBytes: maxHeader}}
	return f, nil
}

// allowed refuses an address that keys may not come from: who can change them on the way can sign any token.
func (f *fetcher) allowed(u *url.URL) error {
	switch {
	case u.Hostname() == "" || u.User != nil:
		return errors.New("want a URL with a host and without a user")
	case u.Scheme == "https":
		return nil
	case u.Scheme != "http":
		return fmt.Errorf("want an https URL, found %q", u.Scheme)
	case f.o.Insecure || loopback(u.Hostname()):
		return nil
	}
	return errors.New("plain http to another host than loopback: want https, or identity.fetch.insecure")
}

func loopback(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.IsLoopback()
	}
	return host == "localhost"
}

func (f *fetcher) redirect(r *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return fmt.Errorf("more than %d redirects", maxRedirects)
	}
	return f.allowed(r.URL)
}

// get fetches a document, and gives for how long the provider wants it kept; 0 where it does not say.
func (f *fetcher) get(ctx context.Context, address string) (data []byte, keep time.Duration, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, 0, errors.New("no URL")
	}
	if err := f.allowed(u); err != nil {
		return nil, 0, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, 0, errors.New("no URL")
	}
	r.Header.Set("Accept", "application/json, application/jwk-set+json")
	resp, err := f.client.Do(r)
	if err != nil {
		return nil, 0, without(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, 0, fmt.Errorf("answered %d", resp.StatusCode)
	}
	data, err = io.ReadAll(io.LimitReader(resp.Body, maxDocument+1))
	if err != nil {
		return nil, 0, without(err)
	}
	if len(data) > maxDocument {
		return nil, 0, fmt.Errorf("answered with more than %d bytes", maxDocument)
	}
	return data, maxAge(resp.Header), nil
}

// without takes the URL out of an error: a query or a redirect may hold what is not for logs.
func without(err error) error {
	if os.IsTimeout(err) {
		return errors.New("did not answer in time")
	}
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	var oe *net.OpError
	if errors.As(err, &oe) {
		return fmt.Errorf("%s: %w", oe.Op, oe.Err)
	}
	return err
}

// maxAge reads Cache-Control (RFC 9111 section 5.2.2), less the Age that an answer has already: within bounds,
// and 0 where there is nothing to read.
func maxAge(h http.Header) time.Duration {
	seconds := int64(-1)
	for field := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(field)), "=")
		switch name {
		case "no-store", "no-cache":
			return minRefresh
		case "max-age":
			if n, err := strconv.ParseInt(strings.Trim(value, `"`), 10, 32); err == nil && n >= 0 {
				seconds = n
			}
		}
	}
	if seconds < 0 {
		return 0
	}
	if age, err := strconv.ParseInt(h.Get("Age"), 10, 32); err == nil && age > 0 {
		seconds -= age
	}
	return max(minRefresh, min(maxRefresh, time.Duration(seconds)*time.Second))
}
