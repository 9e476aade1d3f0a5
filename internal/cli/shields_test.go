package cli

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/siogw/siogw/internal/shields"
)

// TestShieldsOfARunningGateway: counts come from the admin listener, by flag or from the configuration.
func TestShieldsOfARunningGateway(t *testing.T) {
	set, err := shields.New(shields.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		set.Count("CVE-2023-32695")
	}
	answer := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/shields" {
			http.NotFound(w, r)
			return
		}
		json.NewEncoder(w).Encode(set.List(true))
	}
	admin := httptest.NewServer(http.HandlerFunc(answer))
	defer admin.Close()
	file := filepath.Join(t.TempDir(), "siogw.yaml")
	config := "upstream: { url: http://127.0.0.1:3000 }\nadmin: { listen: " + strings.TrimPrefix(admin.URL, "http://") + " }\n"
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`(?m)^CVE-2023-32695 +fixed +3 +canonical form `)
	for _, args := range [][]string{{"--admin", admin.URL}, {"--admin", admin.URL + "/"}, {"-c", file}} {
		var out, errs bytes.Buffer
		code := Run(append([]string{"shields", "list"}, args...), nil, &out, &errs)
		if code != fine || !row.MatchString(out.String()) {
			t.Errorf("%v exits with %d: %s%s", args, code, out.String(), errs.String())
		}
	}
	var out, errs bytes.Buffer
	if code := Run([]string{"shields", "show", "CVE-2023-32695", "--admin", admin.URL}, nil, &out, &errs); code != fine || !strings.Contains(out.String(), "count    3\n") {
		t.Errorf("show exits with %d: %s%s", code, out.String(), errs.String())
	}
	for name, url := range map[string]string{"another path": admin.URL + "/metrics", "no URL": "::"} {
		if code := Run([]string{"shields", "list", "--admin", url}, nil, &out, &errs); code != couldNotRun {
			t.Errorf("%s exits with %d", name, code)
		}
	}
}
