package explain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// ErrNotFound says that the emulator does not remember the request that was asked for.
var ErrNotFound = errors.New("no such request among the last ones")

// maxAnswer bounds what is read of an emulator's answer.
const maxAnswer = 16 << 20

// Client asks a running emulator about the requests it saw.
type Client struct {
	// URL is the emulator's address, without a path.
	URL string
	// HTTP does the requests; nil means http.DefaultClient.
	HTTP *http.Client
}

// Refusals lists the last requests that were not accepted, the newest first.
func (c Client) Refusals(ctx context.Context) ([]Request, error) {
	var list List
	if err := c.get(ctx, nil, &list); err != nil {
		return nil, err
	}
	refusals := []Request{}
	for _, r := range list.Requests {
		if r.Verdict != Accepted {
			refusals = append(refusals, r)
		}
	}
	return refusals, nil
}

// Find returns one request with its explanation.
func (c Client) Find(ctx context.Context, id string) (Request, error) {
	var r Request
	err := c.get(ctx, url.Values{"id": {id}}, &r)
	return r, err
}

// Last returns the newest refusal with its explanation.
func (c Client) Last(ctx context.Context) (Request, error) {
	refusals, err := c.Refusals(ctx)
	if err != nil {
		return Request{}, err
	}
	if len(refusals) == 0 {
		return Request{}, fmt.Errorf("the emulator refused nothing lately: %w", ErrNotFound)
	}
	return c.Find(ctx, refusals[0].ID)
}

// get asks and reads the answer into into.
func (c Client) get(ctx context.Context, query url.Values, into any) error {
	address := strings.TrimRight(c.URL, "/") + "/_ampersand/api/requests"
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("ask the emulator: %w", err)
	}
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("ask the emulator (is it running?): %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the emulator's answer: %w", err)
	}
	var problem struct {
		Message string `json:"message"`
	}
	if res.StatusCode != http.StatusOK {
		if json.Unmarshal(body, &problem) != nil || problem.Message == "" {
			problem.Message = res.Status + ": this is no emulator, or an old one"
		}
		if res.StatusCode == http.StatusNotFound && query.Has("id") && problem.Message == ErrNotFound.Error() {
			return fmt.Errorf("request %q: %w", query.Get("id"), ErrNotFound)
		}
		return fmt.Errorf("the emulator at %s answered: %s", c.URL, problem.Message)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("read the emulator's answer: %w", err)
	}
	return nil
}
