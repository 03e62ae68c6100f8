package quota

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sigs.k8s.io/yaml"
)

// Set is the values in force. It is safe for concurrent use; reading a value
// costs an atomic load.
type Set struct {
	table  [count]Definition
	values [count]atomic.Int64
	change sync.Mutex // one Assign at a time
}

// New returns a Set of AMP's defaults.
func New() *Set {
	s := &Set{table: definitions()}
	for id, d := range s.table {
		s.values[id].Store(d.Default)
	}
	return s
}

// Get returns the value, or Unlimited (-1).
func (s *Set) Get(id ID) int64 { return s.values[id].Load() }

// Int returns the value as an int, or Unlimited.
func (s *Set) Int(id ID) int { return int(s.Get(id)) }

// Duration returns the value of a quota in milliseconds; a negative one is no
// limit.
func (s *Set) Duration(id ID) time.Duration {
	return time.Duration(s.Get(id)) * time.Millisecond
}

// Code returns the quota's code in Service Quotas, or "".
func (s *Set) Code(id ID) string { return s.table[id].Code }

// Exceeded reports whether actual is more than the quota allows.
func (s *Set) Exceeded(id ID, actual int64) bool {
	limit := s.Get(id)
	return limit >= 0 && actual > limit
}

// Put sets one value. It is meant for code and tests; people use Assign.
func (s *Set) Put(id ID, value int64) { s.values[id].Store(value) }

// Value is a quota with the value in force, as text in its unit.
type Value struct {
	Name        string `json:"name"`
	Value       string `json:"value"`
	Default     string `json:"default"`
	Code        string `json:"code,omitempty"`
	Description string `json:"description"`
}

// List returns all quotas in the order of the table.
func (s *Set) List() []Value {
	out := make([]Value, 0, count)
	for id, d := range s.table {
		out = append(out, Value{
			Name: d.Name, Value: format(d.Unit, s.Get(ID(id))), Default: format(d.Unit, d.Default),
			Code: d.Code, Description: d.Description,
		})
	}
	return out
}

// Assign sets the named values, all of them or, if one is wrong, none. A value
// is a number in the quota's unit, "unlimited" or "default"; bytes may be
// written 1MiB, times 32d or 90s.
func (s *Set) Assign(values map[string]string) error {
	s.change.Lock()
	defer s.change.Unlock()
	parsed := make(map[ID]int64, len(values))
	for name, text := range values {
		id, err := s.find(name)
		if err != nil {
			return err
		}
		v, err := parse(s.table[id], text)
		if err != nil {
			return fmt.Errorf("quota %s: %w", name, err)
		}
		parsed[id] = v
	}
	for id, v := range parsed {
		s.values[id].Store(v)
	}
	return nil
}

// ReadFile reads names and values from a YAML file.
func ReadFile(path string) (map[string]string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read quotas: %w", err)
	}
	values, err := parseMap(raw, func(raw []byte, into any) error { return yaml.UnmarshalStrict(raw, into) })
	if err != nil {
		return nil, fmt.Errorf("read quotas from %s: %w", path, err)
	}
	return values, nil
}

// ParseJSON reads a JSON object of names and values, numbers or texts.
func ParseJSON(raw []byte) (map[string]string, error) {
	return parseMap(raw, json.Unmarshal)
}

func parseMap(raw []byte, unmarshal func([]byte, any) error) (map[string]string, error) {
	var object map[string]any
	if err := unmarshal(raw, &object); err != nil {
		return nil, fmt.Errorf("not an object of quota names and values: %w", err)
	}
	values := make(map[string]string, len(object))
	for name, v := range object {
		text, err := scalar(v)
		if err != nil {
			return nil, fmt.Errorf("quota %s: %w", name, err)
		}
		values[name] = text
	}
	return values, nil
}

// ParseAssignment splits NAME=VALUE, as a flag has it.
func ParseAssignment(text string) (name, value string, err error) {
	name, value, ok := strings.Cut(text, "=")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if !ok || name == "" || value == "" {
		return "", "", fmt.Errorf("%q is not NAME=VALUE, such as active-series=1000", text)
	}
	return name, value, nil
}

func (s *Set) find(name string) (ID, error) {
	i := slices.IndexFunc(s.table[:], func(d Definition) bool { return d.Name == name })
	if i < 0 {
		return 0, fmt.Errorf("there is no quota %q; there are %s", name, strings.Join(s.names(), ", "))
	}
	return ID(i), nil
}

func (s *Set) names() []string {
	out := make([]string, 0, count)
	for _, d := range s.table {
		out = append(out, d.Name)
	}
	return out
}
