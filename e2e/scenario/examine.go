package scenario

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/ampersand-amp/ampersand/e2e/timeline"
)

// maxDepth is how deep a file is nested at most. The types need less; anchors could go on for ever.
const maxDepth = 40

func scenarioType() reflect.Type { return reflect.TypeFor[Scenario]() }

// examine compares a part of a file with the type that it is to become, and notes every mistake with its place.
func examine(found *mistakes, node *yaml.Node, kind reflect.Type, field string, depth int) {
	wrong := func(n *yaml.Node, at, format string, args ...any) {
		found.list = append(found.list, mistake{n.Line, n.Column, at, fmt.Sprintf(format, args...)})
	}
	if depth > maxDepth {
		wrong(node, field, "is nested too deep")
		return
	}
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	switch {
	case node.Tag == "!!null":
		wrong(node, field, "has no value")
	case kind == reflect.TypeFor[timeline.Duration]():
		if _, err := time.ParseDuration(node.Value); node.Kind != yaml.ScalarNode || err != nil {
			wrong(node, field, "%q is no duration with a unit, such as 500ms, 15s or 1m30s", node.Value)
		}
	case kind == reflect.TypeFor[json.RawMessage]():
		if node.Kind != yaml.MappingNode {
			wrong(node, field, "must be a mapping")
		}
	case kind.Kind() == reflect.Struct || kind.Kind() == reflect.Map:
		if node.Kind != yaml.MappingNode {
			wrong(node, field, "must be a mapping (name: value), is %s", called(node))
			return
		}
		fields := fieldsOf(kind)
		seen := make(map[string]bool)
		for i := 0; i+1 < len(node.Content); i += 2 {
			key, value := node.Content[i], node.Content[i+1]
			at := strings.TrimPrefix(field+"."+key.Value, ".")
			inner, known := fields[key.Value]
			if kind.Kind() == reflect.Map {
				inner, known = kind.Elem(), true
			}
			switch {
			case seen[key.Value]:
				wrong(key, at, "is given twice")
			case !known:
				wrong(key, at, "unknown field %q%s", key.Value, meant(key.Value, fields))
			default:
				examine(found, value, inner, at, depth+1)
			}
			seen[key.Value] = true
		}
	case kind.Kind() == reflect.Slice:
		if node.Kind != yaml.SequenceNode {
			wrong(node, field, "must be a list, is %s", called(node))
			return
		}
		for i, element := range node.Content {
			examine(found, element, kind.Elem(), field+"["+strconv.Itoa(i)+"]", depth+1)
		}
	default:
		if why := unfit(node, kind.Kind()); why != "" {
			wrong(node, field, "%s", why)
		}
	}
}

// unfit says why a scalar is not of a kind, nothing when it is.
func unfit(node *yaml.Node, kind reflect.Kind) string {
	switch {
	case node.Kind != yaml.ScalarNode:
		return "must be a single value, is " + called(node)
	case kind == reflect.String && node.Tag != "!!str":
		return fmt.Sprintf("must be text: write %q with quotes", node.Value)
	case kind == reflect.Bool && node.Tag != "!!bool":
		return fmt.Sprintf("%q is neither true nor false", node.Value)
	case kind == reflect.Float64 && node.Tag != "!!int" && node.Tag != "!!float":
		return fmt.Sprintf("%q is no number", node.Value)
	case (kind == reflect.Int || kind == reflect.Int32) && node.Tag != "!!int":
		return fmt.Sprintf("%q is no whole number", node.Value)
	}
	return ""
}

func called(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	return fmt.Sprintf("%q", node.Value)
}

// fieldsOf are the fields of a struct by their names in files.
func fieldsOf(kind reflect.Type) map[string]reflect.Type {
	fields := make(map[string]reflect.Type)
	if kind.Kind() != reflect.Struct {
		return fields
	}
	for i := range kind.NumField() {
		f := kind.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.IsExported() && name != "" && name != "-" {
			fields[name] = f.Type
		}
	}
	return fields
}

// meant is the field that somebody will have meant, or what fields there are.
func meant(name string, fields map[string]reflect.Type) string {
	best, distance := "", len(name)/2+1
	names := make([]string, 0, len(fields))
	for field := range fields {
		names = append(names, field)
	}
	slices.Sort(names)
	for _, field := range names {
		if d := edits(strings.ToLower(name), strings.ToLower(field)); d < distance {
			best, distance = field, d
		}
	}
	if best != "" {
		return fmt.Sprintf(": did you mean %s?", best)
	}
	return fmt.Sprintf(" (there are: %s)", strings.Join(names, ", "))
}

// edits is Levenshtein's distance.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := diagonal
			if a[i-1] != b[j-1] {
				change++
			}
			diagonal = row[j]
			row[j] = min(change, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}

// placeOf finds the node of a field that a path such as profiles.fast.load[0].for names, or the nearest one above it.
func placeOf(top *yaml.Node, field string) (line, column int) {
	node, line, column := top, top.Line, top.Column
	for _, step := range strings.FieldsFunc(field, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		for node.Kind == yaml.AliasNode {
			node = node.Alias
		}
		var next *yaml.Node
		switch node.Kind {
		case yaml.MappingNode:
			for i := 0; i+1 < len(node.Content); i += 2 {
				if node.Content[i].Value == step {
					line, column, next = node.Content[i].Line, node.Content[i].Column, node.Content[i+1]
				}
			}
		case yaml.SequenceNode:
			if i, err := strconv.Atoi(step); err == nil && i < len(node.Content) {
				next = node.Content[i]
				line, column = next.Line, next.Column
			}
		}
		if next == nil {
			break
		}
		node = next
	}
	return line, column
}
