//go:build clients

package clients

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// botoModel is what the CLI knows of AMP: the files that it makes its commands of.
type botoModel struct {
	Operations map[string]struct {
		Output struct{ Shape string }
	}
	Shapes  map[string]shape
	Waiters map[string]json.RawMessage
}

// shape is the form of a value.
type shape struct {
	Type          string
	Enum          []string
	Required      []string
	Members       map[string]struct{ Shape string }
	Member, Value struct{ Shape string }
}

// readModel reads the model of the unpacked CLI.
func (s *stand) readModel(t *testing.T) *botoModel {
	t.Helper()
	m := &botoModel{}
	for _, name := range []string{"service-2.json", "waiters-2.json"} {
		found, err := filepath.Glob(filepath.Join(s.debian, "usr/lib/python3/dist-packages/awscli/botocore/data/amp/*", name))
		require.NoError(t, err)
		require.Len(t, found, 1, name)
		text, err := os.ReadFile(found[0])
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, m))
	}
	require.NotEmpty(t, m.Operations)
	require.NotEmpty(t, m.Waiters)
	return m
}

// commands are the names of the CLI's commands for AMP. A waiter's has two words.
func (m *botoModel) commands() []string {
	var list []string
	for operation := range m.Operations {
		list = append(list, kebab(operation))
	}
	for waiter := range m.Waiters {
		list = append(list, "wait "+kebab(waiter))
	}
	slices.Sort(list)
	return list
}

// operation is the operation that a command calls; a waiter has none of its own.
func (m *botoModel) operation(command string) string {
	for operation := range m.Operations {
		if kebab(operation) == command {
			return operation
		}
	}
	return ""
}

var inner = regexp.MustCompile(`(.)([A-Z])`)

// kebab is how the CLI spells a name of the model.
func kebab(name string) string { return strings.ToLower(inner.ReplaceAllString(name, "$1-$2")) }

// check says what of a printed value is not as the model has it: members that it requires, names of states, types.
func (m *botoModel) check(name, at string, value any) error {
	s := m.Shapes[name]
	var ok bool
	switch s.Type {
	case "structure":
		var object map[string]any
		if object, ok = value.(map[string]any); !ok {
			break
		}
		for _, member := range s.Required {
			if _, there := object[member]; !there {
				return fmt.Errorf("%s: %s is required and missing in %v", at, member, object)
			}
		}
		for member, held := range object {
			if member == "NextToken" {
				continue // the CLI's own, of a listing that it was told to cut
			}
			if err := m.check(s.Members[member].Shape, at+"."+member, held); err != nil {
				return err
			}
		}
	case "list":
		var list []any
		list, ok = value.([]any)
		for _, held := range list {
			if err := m.check(s.Member.Shape, at+"[]", held); err != nil {
				return err
			}
		}
	case "map":
		var object map[string]any
		object, ok = value.(map[string]any)
		for key, held := range object {
			if err := m.check(s.Value.Shape, at+"."+key, held); err != nil {
				return err
			}
		}
	case "string", "blob", "timestamp":
		var text string
		text, ok = value.(string)
		if s.Enum != nil && !slices.Contains(s.Enum, text) {
			return fmt.Errorf("%s: %q is none of %v", at, text, s.Enum)
		}
	case "integer", "long":
		_, ok = value.(float64)
	case "boolean":
		_, ok = value.(bool)
	default:
		return fmt.Errorf("%s: the model does not know it", at)
	}
	if !ok {
		return fmt.Errorf("%s: %v is no %s", at, value, s.Type)
	}
	return nil
}
