package alerting

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/template"
	"go.yaml.in/yaml/v3"

	"github.com/ampersand-amp/ampersand/emulator/quota"
)

// definition is an alert manager definition that can be run.
type definition struct {
	config    *config.Config
	template  *template.Template
	templates int // files
}

// outerFile is the file that AMP takes: Alertmanager's own configuration is a
// block of text in it. [D] amp-api.md 2.3
type outerFile struct {
	AlertManagerConfig string            `yaml:"alertmanager_config"`
	TemplateFiles      map[string]string `yaml:"template_files"`
}

// CheckAlertManager judges an alert manager definition. An *awsapi.Error
// refuses it outright: it is not YAML of the right shape. With any other error
// the definition is taken and fails, the error being the reason that is shown.
// [I] amp-api.md 2.3
func (m *Manager) CheckAlertManager(data []byte) error {
	def, err := parseDefinition(data)
	if err != nil {
		return err
	}
	nodes := 0
	dispatch.NewRoute(def.config.Route, nil).Walk(func(*dispatch.Route) { nodes++ })
	q := m.cfg.Quotas
	if q.Exceeded(quota.Templates, int64(def.templates)) { // text [C] alertmanager/api.go
		return fmt.Errorf("too many templates in the configuration: %d (limit: %d)", def.templates, q.Get(quota.Templates))
	}
	if n := len(def.config.InhibitRules); q.Exceeded(quota.InhibitionRules, int64(n)) {
		return fmt.Errorf("too many inhibition rules in the configuration: %d (limit: %d)", n, q.Get(quota.InhibitionRules))
	}
	if q.Exceeded(quota.RoutingNodes, int64(nodes)) {
		return fmt.Errorf("too many nodes in the routing tree of the configuration: %d (limit: %d)", nodes, q.Get(quota.RoutingNodes))
	}
	return nil
}

func parseDefinition(data []byte) (*definition, error) {
	var file outerFile
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return nil, unreadable(err)
	}
	if strings.TrimSpace(file.AlertManagerConfig) == "" {
		return nil, unreadable(errors.New("alertmanager_config is missing or empty"))
	}
	cfg, err := parseConfig(file.AlertManagerConfig)
	if err != nil {
		return nil, err
	}
	tmpl, err := parseTemplates(cfg.Templates, file.TemplateFiles)
	if err != nil {
		return nil, err
	}
	return &definition{config: cfg, template: tmpl, templates: len(file.TemplateFiles)}, nil
}

// parseConfig reads Alertmanager's own configuration with Alertmanager's own
// parser, after secrets were put where it expects keys, and refuses what AMP
// does not offer.
func parseConfig(text string) (*config.Config, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return nil, unreadable(fmt.Errorf("alertmanager_config: %w", err))
	}
	secrets, err := takeSecrets(&doc)
	if err != nil {
		return nil, err
	}
	if err := refuseReceivers(&doc); err != nil {
		return nil, err
	}
	if len(secrets) > 0 {
		plain, err := yaml.Marshal(&doc)
		if err != nil {
			return nil, unreadable(fmt.Errorf("alertmanager_config: %w", err))
		}
		text = string(plain)
	}
	cfg, err := load(text)
	if err != nil {
		// The parser's complaints about shape begin so; the others are about
		// what the configuration says.
		if strings.HasPrefix(err.Error(), "yaml: ") {
			return nil, unreadable(fmt.Errorf("alertmanager_config: %w", err))
		}
		return nil, err
	}
	if err := restrict(cfg, secrets); err != nil {
		return nil, err
	}
	return cfg, nil
}

// load parses a configuration. Alertmanager's parser is not made for input from
// anywhere: an empty entry in a list of routes, for one, makes it panic.
func load(text string) (cfg *config.Config, err error) {
	defer func() {
		if p := recover(); p != nil {
			cfg, err = nil, fmt.Errorf("the configuration has an empty entry where something is required: %v", p)
		}
	}()
	return config.Load(text)
}

// parseTemplates reads the files that the configuration names, in its order.
// A name that fits no file is no fault. [C] alertmanager.go: templates are globs
func parseTemplates(names []string, files map[string]string) (*template.Template, error) {
	for name := range files {
		if !isFolder(name) {
			return nil, fmt.Errorf("template file %q: the name must be that of a file without a folder", name)
		}
	}
	tmpl, err := template.FromGlobs(nil)
	if err != nil {
		return nil, fmt.Errorf("read Alertmanager's own templates: %w", err)
	}
	// AMP's alert managers have no address to link to. [R]
	tmpl.ExternalURL = &url.URL{}
	for _, glob := range names {
		for _, name := range sortedKeys(files) {
			fits, err := path.Match(glob, name)
			if err != nil {
				return nil, fmt.Errorf("templates: %q: %w", glob, err)
			}
			if !fits {
				continue
			}
			if err := tmpl.Parse(strings.NewReader(files[name])); err != nil {
				return nil, fmt.Errorf("template file %q: %w", name, err)
			}
		}
	}
	return tmpl, nil
}
