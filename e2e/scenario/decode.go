package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	kjson "sigs.k8s.io/json"
)

// mistake is what is wrong of a file, and at which field.
type mistake struct {
	line, column int
	field, text  string
}

// mistakes are all of a file's, in order of their places.
type mistakes struct {
	file string
	list []mistake
}

// Error lists them, a line each: file:line:column: field: what is wrong.
func (m *mistakes) Error() string {
	slices.SortStableFunc(m.list, func(a, b mistake) int {
		if a.line != b.line {
			return a.line - b.line
		}
		return a.column - b.column
	})
	lines := make([]string, 0, len(m.list))
	for _, one := range m.list {
		place := m.file
		if one.line > 0 {
			place = fmt.Sprintf("%s:%d:%d", m.file, one.line, one.column)
		}
		text := one.text
		if one.field != "" {
			text = one.field + ": " + text
		}
		lines = append(lines, place+": "+text)
	}
	return strings.Join(lines, "\n")
}

// decode reads a scenario strictly: field names are case-sensitive, and what is unknown, given twice or of another kind is told with
// its place. base gives the profiles that come with the repository.
func decode(file string, data []byte, base map[string]map[string]any) (Scenario, *yaml.Node, error) {
	s := Scenario{Expect: Expect{Start: 1}}
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		return s, nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(root.Content) == 0 {
		return s, nil, fmt.Errorf("%s: is empty", file)
	}
	top := root.Content[0]
	found := &mistakes{file: file}
	examine(found, top, scenarioType(), "", 0)
	if len(found.list) > 0 {
		return s, nil, found
	}
	var tree map[string]any
	if err := top.Decode(&tree); err != nil {
		return s, nil, fmt.Errorf("%s: %w", file, err)
	}
	overlayProfiles(tree, base)
	doc, err := json.Marshal(tree)
	if err != nil {
		return s, nil, fmt.Errorf("%s: %w", file, err)
	}
	strict, err := kjson.UnmarshalStrict(doc, &s)
	if err := errors.Join(append(strict, err)...); err != nil {
		return s, nil, fmt.Errorf("%s: %w", file, err)
	}
	return s, top, nil
}

// defaultProfile is what a scenario without profiles is played with.
const defaultProfile = "fast"

// overlayProfiles lays a file's profiles over those that come with the repository.
func overlayProfiles(tree map[string]any, base map[string]map[string]any) {
	profiles, _ := tree["profiles"].(map[string]any)
	if len(profiles) == 0 {
		profiles = map[string]any{defaultProfile: map[string]any{}}
		tree["profiles"] = profiles
	}
	for name, own := range profiles {
		fields, _ := own.(map[string]any)
		if preset := base[name]; preset != nil {
			profiles[name] = merge(preset, fields)
		}
	}
}

// merge lays fields over others, mappings into mappings; neither is changed.
func merge(under, over map[string]any) map[string]any {
	merged := maps.Clone(under)
	for name, value := range over {
		if fields, ok := value.(map[string]any); ok {
			if below, ok := merged[name].(map[string]any); ok {
				value = merge(below, fields)
			}
		}
		merged[name] = value
	}
	return merged
}
