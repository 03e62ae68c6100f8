package fault

import (
	"encoding/json"
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"
)

// Rule is what happens to which requests, and when. Its names in JSON and YAML are
// stable. Decode reads rules strictly; Check judges those that were made in Go.
type Rule struct {
	// Name identifies the rule; a Set makes one if it is empty.
	Name string `json:"name,omitempty" yaml:"name,omitempty"`
	// Action is what the rule is about, in the words of IAM policies: aps:RemoteWrite,
	// aps:Query*, sts:*. One pattern that matches is enough.
	Action Patterns `json:"action" yaml:"action"`
	// Workspace is an id or an alias; empty is all, and requests to none too. An alias
	// means every workspace that bears it.
	Workspace string `json:"workspace,omitempty" yaml:"workspace,omitempty"`
	// Principal is a pattern of the caller's ARN; empty is everybody. A session of a
	// role has two: its own and the role's.
	Principal string `json:"principal,omitempty" yaml:"principal,omitempty"`
	// Probability that a request is hit, 0 to 1; nil is 1.
	Probability *float64 `json:"probability,omitempty" yaml:"probability,omitempty"`
	// Seed of the rule's own random numbers: the same seed hits the same requests,
	// counted in the order in which they come.
	Seed uint64 `json:"seed,omitempty" yaml:"seed,omitempty"`
	// Schedule says when the rule is active; the zero value is always.
	Schedule Schedule `json:"schedule,omitzero" yaml:"schedule,omitempty"`
	// Count ends the rule after so many hits; 0 is never.
	Count int `json:"count,omitempty" yaml:"count,omitempty"`

	// The effects, of which a rule has exactly one.

	// Delay lets a request wait before it is carried out.
	Delay Duration `json:"delay,omitempty" yaml:"delay,omitempty"`
	// Status answers with an error.
	Status *Status `json:"status,omitempty" yaml:"status,omitempty"`
	// Cut closes the connection.
	Cut Cut `json:"cut,omitempty" yaml:"cut,omitempty"`
	// Slow is how many bytes of the answer's body are sent a second.
	Slow int `json:"slow,omitempty" yaml:"slow,omitempty"`
	// Empty leaves nothing of a query's result.
	Empty bool `json:"empty,omitempty" yaml:"empty,omitempty"`
	// Series is how many copies there are of each series of a query's result, told
	// apart by the label SeriesLabel.
	Series int `json:"series,omitempty" yaml:"series,omitempty"`
	// Value replaces the values of a query's result.
	Value Value `json:"value,omitempty" yaml:"value,omitempty"`
	// Credentials says what is wrong with the caller's.
	Credentials Credentials `json:"credentials,omitempty" yaml:"credentials,omitempty"`
	// Clock is by how much the emulator's clock is ahead of the real one, or behind
	// it if negative, when it judges signatures.
	Clock Duration `json:"clock,omitempty" yaml:"clock,omitempty"`
}

// Schedule is when a rule is active, from when it was put.
type Schedule struct {
	// After is how long it waits first.
	After Duration `json:"after,omitempty" yaml:"after,omitempty"`
	// For is how long it is active; 0 is without end.
	For Duration `json:"for,omitempty" yaml:"for,omitempty"`
	// Every is from one beginning to the next; 0 is once.
	Every Duration `json:"every,omitempty" yaml:"every,omitempty"`
}

// Duration is written as Go writes durations: 1m30s, 250ms.
type Duration time.Duration

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration such as 20s or 1m30s", text)
	}
	*d = Duration(v)
	return nil
}

// Patterns are texts with * and ?; a single one is written without a list around it.
type Patterns []string

// UnmarshalJSON implements json.Unmarshaler.
func (p *Patterns) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*p = Patterns{one}
		return nil
	}
	var all []string
	if err := json.Unmarshal(raw, &all); err != nil {
		return fmt.Errorf("%s is neither a text nor a list of texts", raw)
	}
	*p = all
	return nil
}

// MarshalJSON implements json.Marshaler.
func (p Patterns) MarshalJSON() ([]byte, error) {
	if len(p) == 1 {
		return json.Marshal(p[0])
	}
	return json.Marshal([]string(p))
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (p *Patterns) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*p = Patterns{node.Value}
		return nil
	}
	return node.Decode((*[]string)(p))
}

// MarshalYAML implements yaml.Marshaler.
func (p Patterns) MarshalYAML() (any, error) {
	if len(p) == 1 {
		return p[0], nil
	}
	return []string(p), nil
}
