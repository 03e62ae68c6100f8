// Package component holds the parts of the lab: each says how it is installed, how one sees that it is ready, and how it
// is removed. In what order they come is the lab's business.
package component

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/lab/process"
)

// processEnv is the environment of a component's process. Without the first line an AWS SDK that finds no credentials
// calls the metadata address of a cloud that this machine is not in.
func processEnv(more ...string) []string {
	return append([]string{"AWS_EC2_METADATA_DISABLED=true"}, more...)
}

// alive returns why p has ended, or nil while it runs.
func alive(p *process.Process) error {
	if p == nil {
		return errors.New("not started")
	}
	select {
	case <-p.Exited():
		return &fatal{p.Failure()}
	default:
		return nil
	}
}

// fatal marks an error after which waiting is of no use.
type fatal struct{ error }

func (f *fatal) Unwrap() error { return f.error }

// Fatal tells whether an error from Ready cannot mend itself.
func Fatal(err error) bool {
	var f *fatal
	return errors.As(err, &f)
}

// httpOK asks for url and wants a 2xx answer.
func httpOK(ctx context.Context, url string) error {
	_, err := httpGet(ctx, url)
	return err
}

func httpGet(ctx context.Context, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", url, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", url, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", url, err)
	}
	if response.StatusCode/100 != 2 {
		return nil, fmt.Errorf("%s answers %s: %.200s", url, response.Status, body)
	}
	return body, nil
}

// stopAll stops processes, the last one first.
func stopAll(ctx context.Context, processes ...*process.Process) error {
	var errs []error
	for _, p := range slices.Backward(processes) {
		if p != nil {
			errs = append(errs, p.Stop(ctx))
		}
	}
	return errors.Join(errs...)
}
