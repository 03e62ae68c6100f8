// Command workflows checks what is run on GitHub, where it cannot be tried from here: that every line that runs something is a make
// target that .ci/run runs too, that every action is pinned by a commit, that nothing may do more than read, and that the matrix is
// that of the pinned versions. Whether the files are well formed is asked of actionlint: `make workflows` runs both.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	dir := flag.String("C", ".", "the repository's root")
	flag.Parse()
	r, err := read(*dir)
	if err != nil {
		fmt.Fprintf(os.Stderr, "workflows: %v\n", err)
		os.Exit(1)
	}
	findings := r.check(pinned())
	for _, finding := range findings {
		fmt.Println(finding)
	}
	if len(findings) > 0 {
		os.Exit(1)
	}
	fmt.Printf("%d workflows and action.yml: %d lines that run something, all make targets that .ci/run runs; %d uses of actions, all pinned\n",
		len(r.workflows), r.runs, r.uses)
}
