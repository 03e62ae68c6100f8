package scenario

import (
	"encoding/json"

	"github.com/ampersand-amp/ampersand/e2e/timeline"
)

// Component is a program of the chain that a fault can stop.
type Component string

// The programs that a fault can stop.
const (
	StopEmulator  Component = "emulator"
	StopCollector Component = "collector"
	StopProxy     Component = "proxy"
	StopKEDA      Component = "keda"
)

// Fault is something that goes wrong for a time: a fault rule of the emulator (docs/faults.md), or a program that is stopped.
type Fault struct {
	// Name is for people and the timeline; expectations refer to it.
	Name string `json:"name"`
	// Phase is the phase that After counts from; the load's first when absent.
	Phase string            `json:"phase,omitempty"`
	After timeline.Duration `json:"after,omitempty"`
	// For is how long the fault lasts.
	For timeline.Duration `json:"for"`
	// Rule is the emulator's rule, without name, workspace and schedule. Without a principal it is about the chain's programs, and
	// not about the one that watches the store for the timeline.
	Rule json.RawMessage `json:"rule,omitempty"`
	// Stop is the program that is killed, and started again when the fault ends.
	Stop Component `json:"stop,omitempty"`
}
