package fault

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// FieldError is what is wrong with one field of a rule.
type FieldError struct {
	// Field is the path of the field, such as schedule.for, or [1].action in a list.
	// It is empty if the text as a whole is wrong.
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Error gives field and message.
func (e FieldError) Error() string {
	if e.Field == "" {
		return e.Message
	}
	return e.Field + ": " + e.Message
}

// Errors is all that is wrong with rules.
type Errors []FieldError

// Error gives all of it, separated by semicolons.
func (e Errors) Error() string {
	texts := make([]string, len(e))
	for i, one := range e {
		texts[i] = one.Error()
	}
	return strings.Join(texts, "; ")
}

func (e *Errors) add(field, format string, args ...any) {
	*e = append(*e, FieldError{field, fmt.Sprintf(format, args...)})
}

// orNil is nil if nothing is wrong.
func (e Errors) orNil() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// Decode reads one rule, in JSON or YAML, and checks it. An error is of type Errors.
func Decode(raw []byte) (Rule, error) {
	var errs Errors
	text := toJSON(raw, &errs)
	if len(errs) > 0 {
		return Rule{}, errs
	}
	rule := decodeRule("", text, &errs)
	return rule, errs.orNil()
}

// DecodeList reads a list of rules, in JSON or YAML, and checks them. An error is of
// type Errors.
func DecodeList(raw []byte) ([]Rule, error) {
	var errs Errors
	var items []json.RawMessage
	if text := toJSON(raw, &errs); len(errs) == 0 {
		if !bytes.HasPrefix(text, []byte("[")) || json.Unmarshal(text, &items) != nil {
			errs.add("", "not a list of rules")
		}
	}
	rules := make([]Rule, 0, len(items))
	for i, item := range items {
		rules = append(rules, decodeRule("["+strconv.Itoa(i)+"]", item, &errs))
	}
	if len(errs) == 0 {
		checkNames(rules, &errs)
	}
	return rules, errs.orNil()
}

// toJSON returns JSON as it is and YAML as JSON.
func toJSON(raw []byte, errs *Errors) []byte {
	if json.Valid(raw) {
		return bytes.TrimSpace(raw)
	}
	text, err := yaml.YAMLToJSONStrict(raw)
	if err != nil {
		errs.add("", "neither JSON nor YAML: %v", err)
		return nil
	}
	return text
}

func decodeRule(path string, raw []byte, errs *Errors) Rule {
	var rule Rule
	before := len(*errs)
	decodeObject(path, raw, reflect.ValueOf(&rule).Elem(), errs)
	if len(*errs) == before { // what could not be read is not judged
		check(path, rule, errs)
	}
	return rule
}

// decodeObject reads an object into a struct, field by field, so that an error has the
// path of its field, and two of the same name or one of a name in another case are errors.
func decodeObject(path string, raw []byte, into reflect.Value, errs *Errors) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		errs.add(path, "not an object")
		return
	}
	fields := fieldsOf(into)
	seen := map[string]bool{}
	for dec.More() {
		key, err := dec.Token()
		name, isText := key.(string)
		var value json.RawMessage
		if err == nil && isText {
			err = dec.Decode(&value)
		}
		if err != nil { // not to be had of valid JSON
			errs.add(path, "%v", err)
			return
		}
		at := strings.TrimPrefix(path+"."+name, ".")
		field, known := fields[name]
		switch {
		case !known:
			errs.add(at, "no such field; there are %s", strings.Join(namesOf(into.Type()), ", "))
		case seen[name]:
			errs.add(at, "given twice")
		case string(value) == "null":
			errs.add(at, "has no value")
		default:
			decodeField(at, value, field, errs)
		}
		seen[name] = true
	}
}

func decodeField(at string, raw []byte, field reflect.Value, errs *Errors) {
	if field.Kind() == reflect.Pointer && field.Type().Elem().Kind() == reflect.Struct {
		field.Set(reflect.New(field.Type().Elem()))
		field = field.Elem()
	}
	if field.Kind() == reflect.Struct {
		decodeObject(at, raw, field, errs)
		return
	}
	err := json.Unmarshal(raw, field.Addr().Interface())
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		errs.add(at, "%s is not %s", raw, kindName(field))
	} else if err != nil {
		errs.add(at, "%v", err)
	}
}

func kindName(field reflect.Value) string {
	kind := field.Kind()
	if kind == reflect.Pointer {
		kind = field.Type().Elem().Kind()
	}
	switch {
	case field.Type() == reflect.TypeFor[Duration]():
		return `a duration such as "20s"`
	case kind == reflect.String:
		return "a text"
	case kind == reflect.Bool:
		return "true or false"
	case kind == reflect.Float64:
		return "a number"
	default:
		return "a whole number"
	}
}

func fieldsOf(v reflect.Value) map[string]reflect.Value {
	fields := map[string]reflect.Value{}
	for i, name := range namesOf(v.Type()) {
		fields[name] = v.Field(i)
	}
	return fields
}

func namesOf(t reflect.Type) []string {
	return slices.Collect(func(yield func(string) bool) {
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			if !yield(name) {
				return
			}
		}
	})
}
