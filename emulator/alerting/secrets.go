package alerting

import (
	"errors"
	"fmt"
	"strings"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// errPlainKey refuses a PagerDuty key in clear. [D] UG:AMP-alertmanager-pagerduty
var errPlainKey = errors.New("routing_key and service_key must name a secret: aws_secrets_manager with a secret_arn")

// secretKey is how AMP writes PagerDuty's keys. [D]
// UG:AMP-alertmanager-pagerduty-configure-alertmanager
type secretKey struct {
	Manager *struct {
		ARN     string         `yaml:"secret_arn"`
		Key     string         `yaml:"secret_key"`
		Refresh model.Duration `yaml:"refresh_interval"`
	} `yaml:"aws_secrets_manager"`
}

// takeSecrets puts the ARN of a secret in the place of each reference to one,
// because Alertmanager knows keys as texts only, and returns the ARNs.
func takeSecrets(doc *yaml.Node) (map[string]bool, error) {
	arns := make(map[string]bool)
	taken := make(map[*yaml.Node]bool) // an anchor and its aliases are one node
	for _, receiver := range items(member(document(doc), "receivers")) {
		for _, c := range items(member(receiver, "pagerduty_configs")) {
			for _, name := range []string{"routing_key", "service_key"} {
				key := member(c, name)
				if key == nil || taken[key] {
					continue
				}
				if key.Kind != yaml.MappingNode {
					return nil, errPlainKey
				}
				arn, err := secretARN(key)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", name, err)
				}
				arns[arn], taken[key] = true, true
				*key = yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: arn, Style: yaml.DoubleQuotedStyle, Anchor: key.Anchor}
			}
		}
	}
	return arns, nil
}

func secretARN(key *yaml.Node) (string, error) {
	raw, err := yaml.Marshal(key)
	if err != nil {
		return "", unreadable(err)
	}
	var s secretKey
	dec := yaml.NewDecoder(strings.NewReader(string(raw)))
	dec.KnownFields(true)
	if err := dec.Decode(&s); err != nil {
		return "", unreadable(fmt.Errorf("alertmanager_config: %w", err))
	}
	if s.Manager == nil || s.Manager.ARN == "" {
		return "", errPlainKey
	}
	return s.Manager.ARN, nil
}

// refuseReceivers refuses other kinds of receivers before Alertmanager's parser
// sees them: what it asks of those would only mislead.
func refuseReceivers(doc *yaml.Node) error {
	for _, receiver := range items(member(document(doc), "receivers")) {
		name := ""
		if n := member(receiver, "name"); n != nil {
			name = n.Value
		}
		for i := 0; i+1 < len(receiver.Content) && receiver.Kind == yaml.MappingNode; i += 2 {
			kind := receiver.Content[i].Value
			if strings.HasSuffix(kind, "_configs") && !offered(kind) {
				return notOffered(name, kind)
			}
		}
	}
	return nil
}

func document(doc *yaml.Node) *yaml.Node {
	if doc.Kind == yaml.DocumentNode && len(doc.Content) == 1 {
		return resolve(doc.Content[0])
	}
	return nil
}

func member(n *yaml.Node, name string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return resolve(n.Content[i+1])
		}
	}
	return nil
}

func items(n *yaml.Node) []*yaml.Node {
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	out := make([]*yaml.Node, 0, len(n.Content))
	for _, c := range n.Content {
		out = append(out, resolve(c))
	}
	return out
}

func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}
