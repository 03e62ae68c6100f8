package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/ampersand-amp/ampersand/e2e/timeline"
)

// decode reads a scenario strictly: field names are case-sensitive, and unknown and repeated ones are errors that give the whole
// path of the field.
func decode(data []byte) (Scenario, error) {
	var s Scenario
	doc, err := yaml.YAMLToJSONStrict(data)
	if err != nil {
		return s, err
	}
	// Errors of types that decode themselves do not say where they are, so durations are checked first, by path.
	var tree any
	if err := json.Unmarshal(doc, &tree); err != nil {
		return s, err
	}
	if err := errors.Join(badDurations(tree, "")...); err != nil {
		return s, err
	}
	strict, err := kjson.UnmarshalStrict(doc, &s)
	if err != nil {
		return s, err
	}
	return s, errors.Join(strict...)
}

// badDurations returns an error for every field that holds a duration and is none.
func badDurations(tree any, at string) []error {
	var wrong []error
	switch v := tree.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			field := key
			if at != "" {
				field = at + "." + key
			}
			if !isDuration(key) {
				wrong = append(wrong, badDurations(v[key], field)...)
				continue
			}
			text, err := json.Marshal(v[key])
			if err == nil {
				err = new(timeline.Duration).UnmarshalJSON(text)
			}
			if err != nil {
				wrong = append(wrong, fmt.Errorf("%s: %w", field, err))
			}
		}
	case []any:
		for i, e := range v {
			wrong = append(wrong, badDurations(e, fmt.Sprintf("%s[%d]", at, i))...)
		}
	}
	return wrong
}

// isDuration says whether a field of that name holds a duration.
func isDuration(key string) bool {
	switch key {
	case "scrapeInterval", "discovery", "rateWindow", "batchTimeout", "exportTime", "hpaSync", "pollingInterval", "cooldown", "podStart", "for":
		return true
	}
	return false
}
