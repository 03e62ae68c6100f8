package sts

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"golang.org/x/sync/singleflight"
)

const (
	// fetchTimeout bounds one request to an issuer: slower ones make AWS give up
	// [O GitLab's guide to OIDC with AWS].
	fetchTimeout = 5 * time.Second
	// keysAge is how long fetched keys are believed without asking again, so that a
	// key that its issuer withdrew stops counting [I]. An unknown key id asks again at once.
	keysAge = 15 * time.Minute
	// answerLimit is more than any honest discovery document or key set.
	answerLimit = 1 << 20
)

// keySource says where the public keys of an issuer come from: the file, or else the
// URL, or else what the issuer's discovery document names.
type keySource struct {
	issuer                  string
	jwksFile, jwksURL       string
	caFile, bearerTokenFile string
	thumbprints             string // hex, with commas between them
}

// keyring holds the keys of all issuers.
type keyring struct {
	client *http.Client
	now    func() time.Time

	mu     sync.Mutex
	remote map[keySource]*remoteKeys
}

// of returns the key set of an issuer.
func (k *keyring) of(source keySource) oidc.KeySet {
	if source.jwksFile != "" {
		return fileKeys(source.jwksFile)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.remote == nil {
		k.remote = map[keySource]*remoteKeys{}
	}
	keys := k.remote[source]
	if keys == nil {
		keys = &remoteKeys{source: source, client: k.client, now: k.now}
		k.remote[source] = keys
	}
	return keys
}

// remoteKeys are keys that the issuer serves. It finds the endpoint and leaves
// fetching, caching and asking again for an unknown key id to package oidc.
type remoteKeys struct {
	source keySource
	client *http.Client
	now    func() time.Time

	finding singleflight.Group

	mu    sync.Mutex         // not held while the issuer is asked
	set   *oidc.RemoteKeySet // nil until found, and after a failure
	since time.Time
}

// VerifySignature implements oidc.KeySet.
func (k *remoteKeys) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	set, err := k.current(ctx)
	if err != nil {
		return nil, err
	}
	payload, err := set.VerifySignature(ctx, token)
	if fetch := (*url.Error)(nil); errors.As(err, &fetch) {
		k.forget(set) // the endpoint may have moved, or its CA changed
	}
	return payload, err
}

// current returns the key set, after discovery where that is needed. However many want
// it, one discovery is under way; whoever waits for it waits no longer than its context.
func (k *remoteKeys) current(ctx context.Context) (*oidc.RemoteKeySet, error) {
	if set := k.fresh(); set != nil {
		return set, nil
	}
	// Others wait for it too, so that it does not end with the one that began it. The
	// client's time-out ends it.
	flight := k.finding.DoChan("", func() (any, error) { return k.find(context.WithoutCancel(ctx)) })
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for the keys of %s: %w", k.source.issuer, ctx.Err())
	case found := <-flight:
		if found.Err != nil {
			return nil, found.Err
		}
		return found.Val.(*oidc.RemoteKeySet), nil
	}
}

// fresh returns the key set if it was found not long ago, else nil.
func (k *remoteKeys) fresh() *oidc.RemoteKeySet {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.now().Sub(k.since) < keysAge {
		return k.set
	}
	return nil
}

// find makes a new key set, unless somebody just did.
func (k *remoteKeys) find(ctx context.Context) (*oidc.RemoteKeySet, error) {
	if set := k.fresh(); set != nil {
		return set, nil
	}
	client, err := k.source.client(k.client)
	if err != nil {
		return nil, err
	}
	ctx = oidc.ClientContext(ctx, client)
	endpoint := k.source.jwksURL
	if endpoint == "" {
		if endpoint, err = discover(ctx, k.source.issuer); err != nil {
			return nil, err
		}
	}
	set := oidc.NewRemoteKeySet(ctx, endpoint)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.set, k.since = set, k.now()
	return set, nil
}

func (k *remoteKeys) forget(set *oidc.RemoteKeySet) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.set == set {
		k.set = nil
	}
}

// discover asks the issuer where its keys are.
func discover(ctx context.Context, issuer string) (string, error) {
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		return "", fmt.Errorf("read the discovery document of %s: %w", issuer, err)
	}
	var document struct {
		JWKSURL string `json:"jwks_uri"`
	}
	if err := provider.Claims(&document); err != nil {
		return "", fmt.Errorf("read the discovery document of %s: %w", issuer, err)
	}
	if document.JWKSURL == "" {
		return "", fmt.Errorf("the discovery document of %s names no jwks_uri", issuer)
	}
	return document.JWKSURL, nil
}

// client returns the HTTP client for one issuer: the given one, with the issuer's CA
// and bearer token where it has them, and with limits.
func (s keySource) client(base *http.Client) (*http.Client, error) {
	client := *base
	if client.Timeout <= 0 || client.Timeout > fetchTimeout {
		client.Timeout = fetchTimeout
	}
	if client.Transport == nil {
		client.Transport = http.DefaultTransport
	}
	if s.caFile != "" {
		pem, err := os.ReadFile(s.caFile)
		if err != nil {
			return nil, fmt.Errorf("read the CA of %s: %w", s.issuer, err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read the CA of %s: %s holds no certificate", s.issuer, s.caFile)
		}
		client.Transport = &http.Transport{
			Proxy:             http.ProxyFromEnvironment,
			TLSClientConfig:   &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
			DisableKeepAlives: true, // a request every quarter of an hour is not worth a connection
		}
	} else if s.thumbprints != "" {
		client.Transport = thumbprintTransport(strings.Split(s.thumbprints, ","))
	}
	client.Transport = &issuerTransport{source: s, next: client.Transport}
	return &client, nil
}

// issuerTransport bounds what an issuer may answer, and shows it the bearer token of
// the source: the API server of a cluster wants one for its keys.
type issuerTransport struct {
	source keySource
	next   http.RoundTripper
}

// RoundTrip implements http.RoundTripper. The token is read for each request, since
// its file is renewed, and goes to the configured URL only, wherever that redirects.
func (t *issuerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if t.source.bearerTokenFile != "" && r.URL.String() == t.source.jwksURL {
		token, err := os.ReadFile(t.source.bearerTokenFile)
		if err != nil {
			return nil, fmt.Errorf("read the bearer token: %w", err)
		}
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	}
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK && resp.StatusCode/100 != 3 {
		_ = resp.Body.Close()
		return nil, fmt.Errorf("the answer is %s", resp.Status)
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, answerLimit), resp.Body}
	return resp, nil
}

// fileKeys is the path of a JSON Web Key Set. It is read for each token: tokens are
// few, and a file that was exchanged counts at once.
type fileKeys string

// VerifySignature implements oidc.KeySet.
func (f fileKeys) VerifySignature(_ context.Context, token string) ([]byte, error) {
	data, err := os.ReadFile(string(f))
	if err != nil {
		return nil, fmt.Errorf("read the keys: %w", err)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(data, &set); err != nil {
		return nil, fmt.Errorf("read the keys of %s: %w", string(f), err)
	}
	jws, err := jose.ParseSignedCompact(token, algorithms)
	if err != nil {
		return nil, fmt.Errorf("read the token: %w", err)
	}
	id := jws.Signatures[0].Header.KeyID
	for _, key := range set.Keys {
		if id != "" && key.KeyID != id {
			continue
		}
		if payload, err := jws.Verify(&key); err == nil {
			return payload, nil
		}
	}
	return nil, fmt.Errorf("no key of %s verifies the token", string(f))
}
