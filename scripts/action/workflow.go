package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// output is a value that later steps of a workflow may read.
type output struct{ name, value string }

// writeOutputs hands values to the runner. Values are of one line: readInputs lets no other pass.
func writeOutputs(getenv func(string) string, outputs []output) error {
	var lines strings.Builder
	for _, o := range outputs {
		lines.WriteString(o.name + "=" + o.value + "\n")
	}
	return appendTo(getenv("GITHUB_OUTPUT"), lines.String())
}

// appendTo writes to one of the runner's files. Without a runner there is none.
func appendTo(path, text string) error {
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err == nil {
		_, err = f.WriteString(text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return fmt.Errorf("tell the runner: %w", err)
	}
	return nil
}

// annotate prints each error as the runner shows it at the top of a run. What it says cannot be another command of the runner.
func annotate(out io.Writer, err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			annotate(out, one)
		}
		return
	}
	text := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(err.Error())
	_, _ = fmt.Fprintf(out, "::error title=Ampersand::%s\n", text)
}
