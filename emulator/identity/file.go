package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// identityFile is the file's shape; testdata/identity.yaml explains it.
type identityFile struct {
	accountFile `yaml:",inline"`
	Providers   []providerFile     `yaml:"oidcProviders"`
	Accounts    []otherAccountFile `yaml:"accounts"`
}

type otherAccountFile struct {
	ID          string `yaml:"id"`
	accountFile `yaml:",inline"`
}

type accountFile struct {
	Users    []userFile   `yaml:"users"`
	Roles    []roleFile   `yaml:"roles"`
	Policies []policyFile `yaml:"policies"`
}

type userFile struct {
	Name     string            `yaml:"name"`
	Path     string            `yaml:"path"`
	Tags     map[string]string `yaml:"tags"`
	Keys     []keyFile         `yaml:"accessKeys"`
	Policies []grantFile       `yaml:"policies"`
}

type keyFile struct {
	ID      string `yaml:"id"`
	Secret  string `yaml:"secret"`
	Status  string `yaml:"status"`
	Created string `yaml:"created"`
}

type roleFile struct {
	Name     string            `yaml:"name"`
	Path     string            `yaml:"path"`
	Tags     map[string]string `yaml:"tags"`
	Trust    yaml.Node         `yaml:"trustPolicy"`
	Max      string            `yaml:"maxSessionDuration"`
	Policies []grantFile       `yaml:"policies"`
}

type grantFile struct {
	ARN      string    `yaml:"arn"`
	Name     string    `yaml:"name"`
	Document yaml.Node `yaml:"document"`
}

type policyFile struct {
	Name     string    `yaml:"name"`
	Path     string    `yaml:"path"`
	Document yaml.Node `yaml:"document"`
}

type providerFile struct {
	Issuer          string   `yaml:"issuer"`
	ClientIDs       []string `yaml:"clientIDs"`
	Thumbprints     []string `yaml:"thumbprints"`
	JWKSFile        string   `yaml:"jwksFile"`
	JWKSURL         string   `yaml:"jwksURL"`
	CAFile          string   `yaml:"caFile"`
	BearerTokenFile string   `yaml:"bearerTokenFile"`
}

// decodeFile reads the YAML strictly. The tree of nodes serves to find the lines of what
// is wrong beyond the grammar.
func decodeFile(raw []byte) (identityFile, *yaml.Node, error) {
	var file identityFile
	var root yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	switch err := decoder.Decode(&file); {
	case errors.Is(err, io.EOF): // an empty file says nothing
		return file, &root, nil
	case err != nil:
		return file, nil, fmt.Errorf("read: %w", withoutValues(err))
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return file, nil, errors.New("more than one YAML document")
	}
	if err := yaml.Unmarshal(raw, &root); err != nil {
		return file, nil, fmt.Errorf("read: %w", err)
	}
	return file, &root, nil
}

// place is where in the file something stands: names of members and numbers of items.
type place struct {
	root *yaml.Node
	path []any
}

func (p place) at(steps ...any) place {
	return place{p.root, append(append([]any{}, p.path...), steps...)}
}

// errorf makes an error that tells the line, or that of the nearest thing around it.
func (p place) errorf(format string, args ...any) error {
	return fmt.Errorf("line %d: %s: %w", p.line(), p, fmt.Errorf(format, args...))
}

func (p place) line() int {
	node := p.root
	if len(node.Content) == 0 {
		return 1
	}
	node = node.Content[0]
	for _, step := range p.path {
		next := child(node, step)
		if next == nil {
			break
		}
		node = next
	}
	return node.Line
}

func child(node *yaml.Node, step any) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	switch step := step.(type) {
	case int:
		if node.Kind == yaml.SequenceNode && step < len(node.Content) {
			return node.Content[step]
		}
	case string:
		for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return node.Content[i+1]
			}
		}
	}
	return nil
}

func (p place) String() string {
	var b strings.Builder
	for _, step := range p.path {
		if i, ok := step.(int); ok {
			fmt.Fprintf(&b, "[%d]", i)
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		fmt.Fprint(&b, step)
	}
	return b.String()
}

// documentJSON returns a policy document, which is JSON in a text or YAML. All scalars
// of YAML become texts, which policies take for every value: an account without quotes
// stays twelve digits, and a version does not become a date.
func documentJSON(node *yaml.Node) ([]byte, error) {
	if node.Kind == yaml.ScalarNode && strings.HasPrefix(strings.TrimSpace(node.Value), "{") {
		return []byte(node.Value), nil
	}
	if node.Kind == 0 {
		return nil, errors.New("no policy document")
	}
	var b bytes.Buffer
	if err := writeJSON(&b, node, 0); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func writeJSON(b *bytes.Buffer, node *yaml.Node, depth int) error {
	const deepest, longest = 20, 1 << 20 // aliases can make a small file endless
	if depth > deepest || b.Len() > longest {
		return errors.New("policy document is too deep or too long")
	}
	switch node.Kind {
	case yaml.AliasNode:
		return writeJSON(b, node.Alias, depth+1)
	case yaml.ScalarNode:
		if node.ShortTag() == "!!null" {
			return fmt.Errorf("line %d: an empty value in a policy document", node.Line)
		}
		return writeText(b, node.Value)
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, item := range node.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeJSON(b, item, depth+1); err != nil {
				return err
			}
		}
		b.WriteByte(']')
	case yaml.MappingNode:
		b.WriteByte('{')
		for i := 0; i+1 < len(node.Content); i += 2 {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeText(b, node.Content[i].Value); err != nil {
				return err
			}
			b.WriteByte(':')
			if err := writeJSON(b, node.Content[i+1], depth+1); err != nil {
				return err
			}
		}
		b.WriteByte('}')
	default:
		return errors.New("no policy document")
	}
	return nil
}

func writeText(b *bytes.Buffer, text string) error {
	raw, err := json.Marshal(text)
	if err != nil {
		return fmt.Errorf("write %q as JSON: %w", text, err)
	}
	b.Write(raw)
	return nil
}
