package component

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"
)

// Keys are AWS access keys.
type Keys struct{ AccessKeyID, SecretAccessKey string }

// Map returns the keys as the AWS SDKs' environment variables.
func (k Keys) Map() map[string]string {
	return map[string]string{"AWS_ACCESS_KEY_ID": k.AccessKeyID, "AWS_SECRET_ACCESS_KEY": k.SecretAccessKey}
}

// WorkspaceAlias is the alias of the workspace, as in the recipe.
const WorkspaceAlias = "AMP-KEDA"

// AMP is Amazon Managed Service for Prometheus as suites and cluster see it: one workspace of an account, and the keys to
// it. Whoever runs the emulator fills in where it answers.
type AMP struct {
	// Region is the only region whose signatures are accepted.
	Region string
	// Keys are the account's root keys.
	Keys Keys

	workspace string
	base      string
	client    *http.Client
	aws       bool // it answers nothing but what AWS's does
}

// NewAMP returns an AMP with a new workspace id that nobody serves yet.
func NewAMP(region string, keys Keys) *AMP {
	return &AMP{Region: region, Keys: keys, workspace: "ws-" + uuid.NewString()}
}

// ServedAt returns a copy of the AMP of which base is the address, reached by client; nil is a plain one.
func (a *AMP) ServedAt(base string, client *http.Client) *AMP {
	served := *a
	served.serve(base, client)
	return &served
}

func (a *AMP) serve(base string, client *http.Client) { a.base, a.client = base, client }

// HTTPClient reaches AMP from the suites. It signs nothing.
func (a *AMP) HTTPClient() *http.Client {
	if a.client == nil {
		return http.DefaultClient
	}
	return a.client
}

// URL is AMP's base URL. The cluster's pods and, by HTTPClient, the suites reach it under the same one.
func (a *AMP) URL() string { return a.base }

// Host is the host of URL, with its port when that is not the scheme's own.
func (a *AMP) Host() string {
	u, err := url.Parse(a.base)
	if err != nil {
		return ""
	}
	return u.Host
}

// WorkspaceID is the id of the workspace.
func (a *AMP) WorkspaceID() string { return a.workspace }

// WorkspaceURL is the workspace's endpoint without a trailing slash: what KEDA takes as serverAddress.
func (a *AMP) WorkspaceURL() string { return a.base + "/workspaces/" + a.workspace }

// RemoteWriteURL is where the collector writes.
func (a *AMP) RemoteWriteURL() string { return a.WorkspaceURL() + "/api/v1/remote_write" }

// Request is one request as the emulator judged it.
type Request struct {
	ID     string    `json:"id"`
	Time   time.Time `json:"time"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	// Query is the PromQL of a query; UserAgent what the client calls itself.
	Query     string `json:"query"`
	UserAgent string `json:"userAgent"`
	Identity  string `json:"identity"`
	Verdict   string `json:"verdict"`
	Reason    string `json:"reason"`
	// Cause is finer than Reason: what the emulator found out about a refusal.
	Cause  string `json:"cause"`
	Status int    `json:"status"`
}

// Accepted tells whether the emulator did what the request asks for.
func (r Request) Accepted() bool { return r.Verdict == "accepted" }

// Requests returns the last requests that the emulator keeps, the newest first.
func (a *AMP) Requests(ctx context.Context) ([]Request, error) {
	body, err := a.get(ctx, "/_ampersand/api/requests")
	if err != nil {
		return nil, err
	}
	var answer struct {
		Requests []Request `json:"requests"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("decode the emulator's requests: %w", err)
	}
	return answer.Requests, nil
}

// Explain returns what the emulator says in plain words about a request that it refused.
func (a *AMP) Explain(ctx context.Context, id string) (string, error) {
	body, err := a.get(ctx, "/_ampersand/api/requests?id="+url.QueryEscape(id))
	if err != nil {
		return "", err
	}
	var answer struct {
		Explanation struct {
			Text string `json:"text"`
		} `json:"explanation"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return "", fmt.Errorf("decode the emulator's explanation: %w", err)
	}
	return answer.Explanation.Text, nil
}

// get asks the emulator for a page of its own.
func (a *AMP) get(ctx context.Context, path string) ([]byte, error) {
	return a.ask(ctx, http.MethodGet, path, nil)
}

// ask sends a request to a page of the emulator's own.
func (a *AMP) ask(ctx context.Context, method, path string, body io.Reader) ([]byte, error) {
	if a.base == "" {
		return nil, errors.New("the emulator is not running")
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, a.base+path, body)
	if err != nil {
		return nil, fmt.Errorf("ask the emulator for %s: %w", path, err)
	}
	// The emulator's own pages are for loopback only; a port-forward ends there whatever the URL says.
	request.Host = "localhost"
	return fetch(a.HTTPClient(), request)
}

// requestTimeout bounds one question to a component.
const requestTimeout = 5 * time.Second

// httpOK asks for url and wants a 2xx answer.
func httpOK(ctx context.Context, client *http.Client, url string) error {
	_, err := httpGet(ctx, client, url)
	return err
}

func httpGet(ctx context.Context, client *http.Client, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", url, err)
	}
	return fetch(client, request)
}

// fetch returns the body of a 2xx answer.
func fetch(client *http.Client, request *http.Request) ([]byte, error) {
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", request.URL, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", request.URL, err)
	}
	if response.StatusCode/100 != 2 {
		return nil, fmt.Errorf("%s answers %s: %.200s", request.URL, response.Status, body)
	}
	return body, nil
}
