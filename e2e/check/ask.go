package check

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// emptyHash is the SHA-256 of nothing, which KEDA signs a query's body with.
const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// maxBody bounds what is read of an answer.
const maxBody = 32 << 20

// Signer is what requests to AMP are signed with.
type Signer struct {
	Credentials aws.CredentialsProvider
	Region      string
}

// Answer is what a server answered to a trigger's query.
type Answer struct {
	// Status is the HTTP status, and Body the answer's text when that is not 2xx, in one line.
	Status int
	Body   string
	// Elapsed is how long the answer took.
	Elapsed time.Duration
	// Kind is the result's type, vector for what KEDA can read.
	Kind string
	// Series are the labels of the elements, and Values their values.
	Series []map[string]string
	Values []float64
}

// Ask asks a trigger's query as KEDA's scaler does: an instant query by GET, for the time now. The address takes the place of
// the trigger's; a nil signer leaves the request unsigned, as it is on the way to a proxy.
func Ask(ctx context.Context, client *http.Client, signer *Signer, t Trigger, address string, now time.Time) (Answer, error) {
	target := fmt.Sprintf("%s/api/v1/query?query=%s&time=%s", address, url.QueryEscape(t.Query), now.UTC().Format(time.RFC3339))
	if t.Namespace != "" {
		target += "&namespace=" + t.Namespace
	}
	for _, name := range slices.Sorted(maps.Keys(t.Parameters)) {
		target += "&" + url.QueryEscape(name) + "=" + url.QueryEscape(t.Parameters[name])
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	if err != nil {
		return Answer{}, fmt.Errorf("make the query's request: %w", err)
	}
	for name, value := range t.Headers {
		r.Header.Add(name, value)
	}
	if signer != nil {
		credentials, err := signer.Credentials.Retrieve(ctx)
		if err != nil {
			return Answer{}, fmt.Errorf("find AWS credentials: %w", err)
		}
		if err := v4.NewSigner().SignHTTP(ctx, credentials, r, emptyHash, "aps", signer.Region, now); err != nil {
			return Answer{}, fmt.Errorf("sign the query: %w", err)
		}
	}
	began := time.Now()
	response, err := client.Do(r)
	if err != nil {
		return Answer{}, fmt.Errorf("ask %s: %w", address, bare(err))
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return Answer{}, fmt.Errorf("read the answer of %s: %w", address, err)
	}
	a := Answer{Status: response.StatusCode, Elapsed: time.Since(began)}
	if a.Status < 200 || a.Status > 299 {
		a.Body = line(string(body))
		return a, nil
	}
	return a, a.read(body)
}

// bare takes method and URL off an error of an HTTP client: the URL holds the whole query.
func bare(err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		return outer.Err
	}
	return err
}

// line makes a short line of a body.
func line(body string) string {
	s := strings.Join(strings.Fields(body), " ")
	if len(s) > 300 {
		s = s[:300] + "..."
	}
	return s
}

// read takes the JSON of an instant query apart.
func (a *Answer) read(body []byte) error {
	var answer struct {
		Data struct {
			ResultType string          `json:"resultType"`
			Result     json.RawMessage `json:"result"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Data.ResultType == "" {
		return fmt.Errorf("the answer is no result of a query: %s", line(string(body)))
	}
	a.Kind = answer.Data.ResultType
	if a.Kind != "vector" {
		return nil
	}
	var elements []struct {
		Metric map[string]string `json:"metric"`
		Value  [2]any            `json:"value"`
	}
	if err := json.Unmarshal(answer.Data.Result, &elements); err != nil {
		return fmt.Errorf("read the elements of the answer: %w", err)
	}
	for _, e := range elements {
		text, _ := e.Value[1].(string) // of a native histogram there is none
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			value = math.NaN()
		}
		a.Series, a.Values = append(a.Series, e.Metric), append(a.Values, value)
	}
	return nil
}

// Differing are the names of the labels in which the elements differ.
func (a *Answer) Differing() []string {
	values := map[string]map[string]bool{}
	for _, series := range a.Series {
		for name := range series {
			values[name] = map[string]bool{}
		}
	}
	for name, seen := range values {
		for _, series := range a.Series {
			seen[series[name]] = true
		}
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(values)), func(name string) bool { return len(values[name]) < 2 })
}

// Null says why there is no number, or nothing when there is one: "empty", "NaN", "+Inf" or "-Inf".
func (a *Answer) Null() string {
	switch {
	case len(a.Values) == 0:
		return "empty"
	case math.IsNaN(a.Values[0]) || math.IsInf(a.Values[0], 0):
		return strconv.FormatFloat(a.Values[0], 'g', -1, 64)
	}
	return ""
}
