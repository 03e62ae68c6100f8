// Package component holds the parts of the lab: each says how it is installed, how one sees that it is ready, and how it
// is removed. In what order they come is the lab's business.
package component

import (
	"context"
	"errors"
	"slices"

	"github.com/ampersand-amp/ampersand/e2e/lab/process"
)

// metadataDisabled is a variable that stops AWS SDKs: one that finds no credentials otherwise calls the metadata address of
// a cloud that this machine is not in.
const metadataDisabled = "AWS_EC2_METADATA_DISABLED"

// processEnv is the environment of a component's process.
func processEnv(more ...string) []string {
	return append([]string{metadataDisabled + "=true"}, more...)
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
