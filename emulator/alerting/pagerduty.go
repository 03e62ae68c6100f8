package alerting

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"
)

// Sizes of PagerDuty's events, as Alertmanager keeps them.
const (
	pagerDutySize        = 512000
	pagerDutySummarySize = 1024
)

// redacted stands where PagerDuty's key would be.
const redacted = "<secret>"

// pagerDutyEvent is an event of PagerDuty's Events API 2, or 1 if it carries a
// service key.
type pagerDutyEvent struct {
	RoutingKey  string              `json:"routing_key,omitempty"`
	EventAction string              `json:"event_action,omitempty"`
	DedupKey    string              `json:"dedup_key,omitempty"`
	Payload     *pagerDutyPayload   `json:"payload,omitempty"`
	Images      []map[string]string `json:"images,omitempty"`
	Links       []map[string]string `json:"links,omitempty"`

	ServiceKey  string         `json:"service_key,omitempty"`
	EventType   string         `json:"event_type,omitempty"`
	IncidentKey string         `json:"incident_key,omitempty"`
	Description string         `json:"description,omitempty"`
	Details     map[string]any `json:"details,omitempty"`

	Client    string `json:"client,omitempty"`
	ClientURL string `json:"client_url,omitempty"`
}

type pagerDutyPayload struct {
	Summary   string         `json:"summary"`
	Source    string         `json:"source"`
	Severity  string         `json:"severity"`
	Class     string         `json:"class,omitempty"`
	Component string         `json:"component,omitempty"`
	Group     string         `json:"group,omitempty"`
	Details   map[string]any `json:"custom_details,omitempty"`
}

// pagerDutyRenderer makes events as Alertmanager's PagerDuty receiver does.
func pagerDutyRenderer(c *config.PagerdutyConfig) func(context.Context, *template.Data, func(string) string, *Notification) error {
	return func(ctx context.Context, data *template.Data, text func(string) string, n *Notification) error {
		key, err := notify.ExtractGroupKey(ctx)
		if err != nil {
			return fmt.Errorf("make a key: %w", err)
		}
		action := "trigger"
		if data.Status == string(model.AlertResolved) {
			action = "resolve"
		}
		details := make(map[string]any, len(c.Details))
		for k, v := range c.Details {
			if details[k], err = template.DeepCopyWithTemplate(v, func(s string) (string, error) { return text(s), nil }); err != nil {
				return fmt.Errorf("details: %s: %w", k, err)
			}
		}
		summary, _ := notify.TruncateInRunes(text(c.Description), pagerDutySummarySize)
		var event pagerDutyEvent
		if c.ServiceKey != "" {
			n.Target = string(c.ServiceKey)
			event = pagerDutyEvent{
				ServiceKey: redacted, EventType: action, IncidentKey: key.Hash(), Description: summary, Details: details,
			}
			if action == "trigger" {
				event.Client, event.ClientURL = text(c.Client), text(c.ClientURL)
			}
		} else {
			n.Target = string(c.RoutingKey)
			event = eventV2(c, text)
			event.EventAction, event.DedupKey = action, key.Hash()
			event.Payload.Summary, event.Payload.Details = summary, details
		}
		n.PagerDuty, err = event.encode()
		return err
	}
}

func eventV2(c *config.PagerdutyConfig, text func(string) string) pagerDutyEvent {
	severity := c.Severity
	if severity == "" {
		severity = "error"
	}
	e := pagerDutyEvent{
		RoutingKey: redacted, Client: text(c.Client), ClientURL: text(c.ClientURL),
		Payload: &pagerDutyPayload{
			Source: text(c.Source), Severity: text(severity),
			Class: text(c.Class), Component: text(c.Component), Group: text(c.Group),
		},
	}
	for _, i := range c.Images {
		if src := text(i.Src); src != "" {
			e.Images = append(e.Images, map[string]string{"src": src, "alt": text(i.Alt), "href": text(i.Href)})
		}
	}
	for _, l := range c.Links {
		if href := text(l.Href); href != "" {
			e.Links = append(e.Links, map[string]string{"href": href, "text": text(l.Text)})
		}
	}
	return e
}

// encode writes the event; one that is too large goes without its details.
func (e *pagerDutyEvent) encode() (json.RawMessage, error) {
	raw, err := json.Marshal(e)
	if err == nil && len(raw) > pagerDutySize {
		none := map[string]any{"error": fmt.Sprintf("The details are left out: the event has %d bytes, the limit is %d.", len(raw), pagerDutySize)}
		if e.Payload != nil {
			e.Payload.Details = none
		} else {
			e.Details = none
		}
		raw, err = json.Marshal(e)
	}
	if err != nil {
		return nil, fmt.Errorf("write the event: %w", err)
	}
	return raw, nil
}
