package scenario

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/timeline"
)

// schemaFile is what editors help with. UPDATE_SCHEMA=1 writes it anew.
const schemaFile = "../../fixtures/scenarios/scenario.schema.json"

// TestSchema holds the JSON schema against the types, and takes its descriptions from their comments.
func TestSchema(t *testing.T) {
	g := schemaMaker{comments: commentsOf(t, ".", "../timeline"), definitions: map[string]any{}}
	schema := g.object(scenarioType())
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["title"] = "Ampersand scenario"
	schema["$defs"] = g.definitions
	schema["required"] = []string{"name", "description"}
	want, err := json.MarshalIndent(schema, "", "  ")
	require.NoError(t, err)
	want = append(want, '\n')
	if os.Getenv("UPDATE_SCHEMA") != "" {
		require.NoError(t, os.WriteFile(schemaFile, want, 0o644))
	}
	got, err := os.ReadFile(schemaFile)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "UPDATE_SCHEMA=1 go test ./e2e/scenario -run TestSchema writes it anew")
}

type schemaMaker struct {
	comments    map[string]string // by Type.Field
	definitions map[string]any
}

func (g schemaMaker) object(kind reflect.Type) map[string]any {
	properties := map[string]any{}
	for i := range kind.NumField() {
		f := kind.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "" || name == "-" {
			continue
		}
		property := g.of(f.Type)
		if text := g.comments[kind.Name()+"."+f.Name]; text != "" {
			property["description"] = text
		}
		properties[name] = property
	}
	return map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
}

func (g schemaMaker) of(kind reflect.Type) map[string]any {
	enums := map[reflect.Type][]string{
		reflect.TypeFor[Until]():     {string(UntilReached), string(UntilReturned)},
		reflect.TypeFor[Component](): {string(StopEmulator), string(StopCollector), string(StopProxy), string(StopKEDA)},
	}
	switch {
	case kind == reflect.TypeFor[timeline.Duration]():
		return map[string]any{"type": "string", "pattern": `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$|^0$`}
	case kind == reflect.TypeFor[json.RawMessage]():
		return map[string]any{"type": "object"}
	case enums[kind] != nil:
		return map[string]any{"type": "string", "enum": enums[kind]}
	}
	switch kind.Kind() {
	case reflect.Pointer:
		return g.of(kind.Elem())
	case reflect.Struct:
		if _, made := g.definitions[kind.Name()]; !made {
			g.definitions[kind.Name()] = nil // it may contain itself
			g.definitions[kind.Name()] = g.object(kind)
		}
		return map[string]any{"$ref": "#/$defs/" + kind.Name()}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": g.of(kind.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": g.of(kind.Elem())}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.String:
		return map[string]any{"type": "string"}
	}
	return map[string]any{"type": "integer"}
}

// commentsOf reads the comments of the fields of all types in folders.
func commentsOf(t *testing.T, folders ...string) map[string]string {
	t.Helper()
	comments := map[string]string{}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		require.NoError(t, err)
		for _, file := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
			require.NoError(t, err)
			ast.Inspect(parsed, func(n ast.Node) bool {
				spec, ok := n.(*ast.TypeSpec)
				if !ok {
					return true
				}
				body, ok := spec.Type.(*ast.StructType)
				if !ok {
					return true
				}
				for _, field := range body.Fields.List {
					for _, name := range field.Names {
						comments[spec.Name.Name+"."+name.Name] = strings.Join(strings.Fields(field.Doc.Text()), " ")
					}
				}
				return true
			})
		}
	}
	return comments
}
