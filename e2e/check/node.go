package check

import (
	"iter"
	"math"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// node is a value in a YAML file, or one that is not there: all its methods take both.
type node struct{ yaml *yaml.Node }

// there reports whether the value is given and not null.
func (n node) there() bool { return n.yaml != nil && n.yaml.Tag != "!!null" }

// line is where the value stands, or 0.
func (n node) line() int {
	if n.yaml == nil {
		return 0
	}
	return n.yaml.Line
}

// at follows a path of field names.
func (n node) at(path ...string) node {
	for _, name := range path {
		n = n.field(name)
	}
	return n
}

func (n node) field(name string) node {
	for key, value := range n.fields() {
		if key.text() == name {
			return value
		}
	}
	return node{}
}

// fields are the keys and values of a mapping, also those that a merge key (<<) brings, which give way to its own.
func (n node) fields() iter.Seq2[node, node] {
	return func(yield func(node, node) bool) {
		var merged []node
		for _, pair := range n.pairs() {
			if pair[0].yaml.Tag == "!!merge" {
				merged = append(merged, pair[1])
				continue
			}
			if !yield(pair[0], pair[1]) {
				return
			}
		}
		for _, m := range merged {
			for _, one := range append(m.items(), m) {
				for _, pair := range one.pairs() {
					if !yield(pair[0], pair[1]) {
						return
					}
				}
			}
		}
	}
}

func (n node) pairs() [][2]node {
	if n.yaml == nil || n.yaml.Kind != yaml.MappingNode {
		return nil
	}
	var pairs [][2]node
	for i := 0; i+1 < len(n.yaml.Content); i += 2 {
		pairs = append(pairs, [2]node{resolved(n.yaml.Content[i]), resolved(n.yaml.Content[i+1])})
	}
	return pairs
}

// items are the elements of a list.
func (n node) items() []node {
	if n.yaml == nil || n.yaml.Kind != yaml.SequenceNode {
		return nil
	}
	var items []node
	for _, c := range n.yaml.Content {
		items = append(items, resolved(c))
	}
	return items
}

func resolved(y *yaml.Node) node {
	for y.Kind == yaml.AliasNode {
		y = y.Alias
	}
	return node{y}
}

// text is a scalar as it is written, without quotes.
func (n node) text() string {
	if !n.there() || n.yaml.Kind != yaml.ScalarNode {
		return ""
	}
	return n.yaml.Value
}

// isText reports whether the API server would take the value for text.
func (n node) isText() bool { return n.yaml.Kind == yaml.ScalarNode && n.yaml.Tag == "!!str" }

// block reports whether the text begins on the line after its key.
func (n node) block() bool { return n.yaml.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 }

// integer is a whole number, or instead what the field means when it is not given.
func (n node) integer(instead int) int {
	if i, err := strconv.Atoi(n.text()); err == nil {
		return i
	}
	return instead
}

// number reads a number as KEDA does, which takes no NaN for one that scales.
func number(s string) (float64, bool) {
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}
