package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// What a release says of itself. The linker sets both (e2e/release); a program that somebody builds from a clone has
// neither, and says what the Go tool recorded.
var (
	release  string
	revision string
)

func newVersion(stdout io.Writer) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(stdout, versionLine())
			return err
		},
	}
}

// versionLine is what `ampersand version` and `ampersand --version` print.
func versionLine() string {
	from := ""
	if commit := builtFrom(); commit != "" {
		from = " (revision " + commit + ")"
	}
	return fmt.Sprintf("ampersand %s%s %s %s/%s", version(), from, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// version is the release that this is, or else what the Go tool recorded when it built the program: the module's
// version, which has the revision in it when built from a clone.
func version() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

// builtFrom is the commit that the program was built from, or empty when nobody recorded it.
func builtFrom() string {
	if revision != "" {
		return revision
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	recorded := map[string]string{}
	for _, s := range info.Settings {
		recorded[s.Key] = s.Value
	}
	commit := recorded["vcs.revision"]
	if commit != "" && recorded["vcs.modified"] == "true" {
		commit += "-dirty"
	}
	return commit
}
