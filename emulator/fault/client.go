package fault

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Path is where a running emulator has its rules.
const Path = "/_ampersand/api/faults"

// maxAnswer bounds what is read of an emulator's answer.
const maxAnswer = 4 << 20

// List is the answer to who asks for all rules, or has changed all.
type List struct {
	Faults []Report `json:"faults"`
}

// Problem is the answer to who asks for something wrong.
type Problem struct {
	Message string `json:"message"`
	// Fields are what is wrong of rules.
	Fields Errors `json:"fields,omitempty"`
}

// ErrNotFound says that there is no rule of that name.
var ErrNotFound = errors.New("no such fault rule")

// Client changes the rules of a running emulator.
type Client struct {
	// URL is the emulator's address, without a path.
	URL string
	// HTTP does the requests; nil means http.DefaultClient.
	HTTP *http.Client
}

// List returns all rules with what became of them.
func (c Client) List(ctx context.Context) ([]Report, error) {
	var list List
	err := c.do(ctx, http.MethodGet, "", nil, &list)
	return list.Faults, err
}

// Replace puts rules in place of all that there are. If some are wrong, the error is of
// type Errors.
func (c Client) Replace(ctx context.Context, rules []Rule) ([]Report, error) {
	if rules == nil {
		rules = []Rule{}
	}
	var list List
	err := c.do(ctx, http.MethodPut, "", rules, &list)
	return list.Faults, err
}

// Put puts a rule, which has a name, in place of the one of that name.
func (c Client) Put(ctx context.Context, rule Rule) (Report, error) {
	var report Report
	if rule.Name == "" {
		return report, Errors{{Field: "name", Message: "is missing"}}
	}
	err := c.do(ctx, http.MethodPut, rule.Name, rule, &report)
	return report, err
}

// Delete removes a rule; the error wraps ErrNotFound if there is none of that name.
func (c Client) Delete(ctx context.Context, name string) error {
	if name == "" {
		return fmt.Errorf("delete a rule without a name: %w", ErrNotFound)
	}
	return c.do(ctx, http.MethodDelete, name, nil, nil)
}

// Clear removes all rules.
func (c Client) Clear(ctx context.Context) error {
	return c.do(ctx, http.MethodDelete, "", nil, nil)
}

func (c Client) do(ctx context.Context, method, name string, body, into any) error {
	address := strings.TrimRight(c.URL, "/") + Path
	if name != "" {
		address += "/" + url.PathEscape(name)
	}
	var content io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("write the rules: %w", err)
		}
		content = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, content)
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
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the emulator's answer: %w", err)
	}
	if res.StatusCode >= http.StatusMultipleChoices {
		return problemOf(res, raw, c.URL, name)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("read the emulator's answer: %w", err)
	}
	return nil
}

func problemOf(res *http.Response, raw []byte, address, name string) error {
	var problem Problem
	if json.Unmarshal(raw, &problem) != nil || problem.Message == "" {
		return fmt.Errorf("the emulator at %s answered %s: this is no emulator, or an old one", address, res.Status)
	}
	if len(problem.Fields) > 0 {
		return problem.Fields
	}
	if res.StatusCode == http.StatusNotFound {
		return fmt.Errorf("%q: %w", name, ErrNotFound)
	}
	return fmt.Errorf("the emulator at %s answered: %s", address, problem.Message)
}
