package alerting

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/dispatch"
)

// restrict refuses what reaches outside by other ways than AMP's two kinds of
// receivers. [D] UG:AMP-alertmanager-receiver-config for SNS; that other
// receivers and their global settings are refused is [I].
func restrict(cfg *config.Config, secrets map[string]bool) error {
	if err := restrictGlobal(cfg.Global); err != nil {
		return err
	}
	if !reflect.ValueOf(cfg.TracingConfig).IsZero() {
		return errors.New("tracing is not offered")
	}
	if !reflect.ValueOf(cfg.EventRecorder).IsZero() {
		return errors.New("event_recorder is not offered")
	}
	for i := range cfg.Receivers {
		r := &cfg.Receivers[i]
		if err := restrictKinds(r); err != nil {
			return err
		}
		for _, c := range r.SNSConfigs {
			if err := restrictSNS(c, cfg.Global); err != nil {
				return fmt.Errorf("receiver %q: sns_configs: %w", r.Name, err)
			}
		}
		for _, c := range r.PagerdutyConfigs {
			if err := restrictPagerDuty(c, cfg.Global, secrets); err != nil {
				return fmt.Errorf("receiver %q: pagerduty_configs: %w", r.Name, err)
			}
		}
	}
	dispatch.NewRoute(cfg.Route, nil)
	return nil
}

// restrictGlobal lets through what is as it is by default, so that the text
// that the status shows can be given back.
func restrictGlobal(got *config.GlobalConfig) error {
	def := config.DefaultGlobalConfig()
	have, want := reflect.ValueOf(*got), reflect.ValueOf(def)
	for i := range have.NumField() {
		name := yamlName(have.Type().Field(i))
		// The address of PagerDuty differs by region of the account.
		if name == "resolve_timeout" || name == "pagerduty_url" {
			continue
		}
		if !reflect.DeepEqual(have.Field(i).Interface(), want.Field(i).Interface()) {
			return fmt.Errorf("global: %s is not allowed", name)
		}
	}
	return nil
}

func restrictKinds(r *config.Receiver) error {
	v := reflect.ValueOf(*r)
	for i := range v.NumField() {
		name := yamlName(v.Type().Field(i))
		if strings.HasSuffix(name, "_configs") && !offered(name) && v.Field(i).Len() > 0 {
			return notOffered(r.Name, name)
		}
	}
	return nil
}

func restrictSNS(c *config.SNSConfig, global *config.GlobalConfig) error {
	switch {
	case c.APIUrl != "":
		return errors.New("api_url is not allowed") // [D]
	case !reflect.DeepEqual(c.HTTPConfig, global.HTTPConfig):
		return errors.New("http_config is not allowed") // [D]
	case c.Sigv4.Region == "":
		return errors.New("sigv4.region is required") // [D]
	case c.TopicARN == "":
		return errors.New("topic_arn is required: only topics are offered") // [D] topics; that others are refused is [I]
	}
	return nil
}

func restrictPagerDuty(c *config.PagerdutyConfig, global *config.GlobalConfig, secrets map[string]bool) error {
	if !reflect.DeepEqual(c.HTTPConfig, global.HTTPConfig) {
		return errors.New("http_config is not allowed")
	}
	if c.RoutingKeyFile != "" || c.ServiceKeyFile != "" {
		return errors.New("keys in files are not allowed")
	}
	for _, key := range []string{string(c.RoutingKey), string(c.ServiceKey)} {
		if key != "" && !secrets[key] {
			return errPlainKey
		}
	}
	return nil
}

func offered(kind string) bool { return kind == "sns_configs" || kind == "pagerduty_configs" }

func notOffered(receiver, kind string) error {
	return fmt.Errorf("receiver %q: %s is not offered; there are sns_configs and pagerduty_configs", receiver, kind)
}

func yamlName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return name
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
