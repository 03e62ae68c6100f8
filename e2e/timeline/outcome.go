package timeline

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Outcome is one expectation of a scenario and what came of it.
type Outcome struct {
	// Name is the expectation's.
	Name string `json:"name"`
	// Want is what was expected, Got what was seen, both for people.
	Want string `json:"want"`
	Got  string `json:"got"`
	// Held says whether the one fulfils the other.
	Held bool `json:"held"`
}

// Judged makes an outcome of a check: held when err is nil, and otherwise with the error's text as what was seen.
func Judged(name, want, got string, err error) Outcome {
	if err != nil {
		got = err.Error()
	}
	return Outcome{Name: name, Want: want, Got: got, Held: err == nil}
}

func (o Outcome) failure() string { return fmt.Sprintf("%s: wanted %s, got %s", o.Name, o.Want, o.Got) }

// otherFailures are the failures that no outcome stands for.
func (r *Run) otherFailures() []string {
	told := map[string]bool{}
	for _, o := range r.Outcomes {
		told[o.failure()] = !o.Held
	}
	var others []string
	for _, f := range r.Failures {
		if !told[f] {
			others = append(others, f)
		}
	}
	return others
}

// held counts the outcomes that held.
func (r *Run) held() int {
	n := 0
	for _, o := range r.Outcomes {
		if o.Held {
			n++
		}
	}
	return n
}

// Environment is what a run ran with, by name. Any name may be used; the constants are for what every run should tell.
type Environment map[string]string

// The names of what every run should tell.
const (
	EnvKubernetes = "Kubernetes"
	EnvKEDA       = "KEDA"
	EnvCollector  = "collector"
	EnvEmulator   = "emulator"
	EnvCluster    = "cluster"
	EnvCores      = "cores"
	EnvMemory     = "memory"
	EnvRevision   = "git revision"
	EnvGo         = "Go"
)

// Fact is an entry of an Environment.
type Fact struct{ Name, Value string }

// Facts returns the entries: first those of the constants, in their order, and then the others by name.
func (e Environment) Facts() []Fact {
	first := []string{EnvKubernetes, EnvKEDA, EnvCollector, EnvEmulator, EnvCluster, EnvCores, EnvMemory, EnvRevision, EnvGo}
	rank := func(name string) int {
		if i := slices.Index(first, name); i >= 0 {
			return i
		}
		return len(first)
	}
	names := slices.SortedFunc(maps.Keys(e), func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a, b))
	})
	facts := make([]Fact, 0, len(names))
	for _, name := range names {
		facts = append(facts, Fact{name, e[name]})
	}
	return facts
}
