package identity

import (
	"context"
	"fmt"
	"strings"

	"github.com/siogw/siogw/internal/strictjson"
)

// wellKnown is below the issuer (OpenID Connect Discovery 1.0 section 4).
const wellKnown = "/.well-known/openid-configuration"

// discover asks the issuer for the URL of its key set.
func (f *fetcher) discover(ctx context.Context, issuer string) (string, error) {
	data, _, err := f.get(ctx, strings.TrimSuffix(issuer, "/")+wellKnown)
	if err != nil {
		return "", fmt.Errorf("discovery: %w", err)
	}
	data = trim(data)
	if strictjson.Scan(data, strictjson.Limits{}) != nil || strictjson.KindOf(data) != strictjson.Object {
		return "", fmt.Errorf("discovery: no JSON object at %s", wellKnown)
	}
	if iss, err := text(data, "issuer"); err != nil || iss != issuer { // section 4.3: it must be identical
		return "", fmt.Errorf("discovery: the provider is %s and not %s: want issuer to be exactly what it says", quote(iss), quote(issuer))
	}
	address, err := text(data, "jwks_uri")
	if err != nil || address == "" {
		return "", fmt.Errorf("discovery: no jwks_uri")
	}
	return address, nil
}
