package alerting

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/template"
)

// Kind says what kind of receiver a notification is for.
type Kind string

// The kinds of receivers that AMP offers.
const (
	KindSNS       Kind = "sns"
	KindPagerDuty Kind = "pagerduty"
)

// Notification is what an alert manager would have sent, and to whom.
type Notification struct {
	Time time.Time `json:"time"`
	// Receiver is the name of the receiver in the definition.
	Receiver string `json:"receiver"`
	Kind     Kind   `json:"kind"`
	// Status is "firing" while one of the alerts is, else "resolved".
	Status string `json:"status"`
	// Target is the topic's ARN, or the ARN of the secret that has the key.
	Target      string            `json:"target"`
	GroupLabels map[string]string `json:"groupLabels"`
	Alerts      template.Alerts   `json:"alerts"`

	// SNS is set for KindSNS and PagerDuty for KindPagerDuty, unless Error is.
	SNS *SNSMessage `json:"sns,omitempty"`
	// PagerDuty is the event, its key replaced.
	PagerDuty json.RawMessage `json:"pagerduty,omitempty"`
	// Error says why the notification could not be made, mostly a fault in a
	// template.
	Error string `json:"error,omitempty"`
}

// SNSMessage is the request to publish, as Amazon SNS would get it.
type SNSMessage struct {
	TopicARN   string            `json:"topicArn"`
	Subject    string            `json:"subject,omitempty"`
	Message    string            `json:"message"`
	Attributes map[string]string `json:"attributes,omitempty"`
	// GroupID and DeduplicationID are set for FIFO topics.
	GroupID         string `json:"messageGroupId,omitempty"`
	DeduplicationID string `json:"messageDeduplicationId,omitempty"`
}

// What a workspace keeps of its notifications.
const (
	ringEntries = 1000
	ringBytes   = 8 << 20
)

// ring keeps the last notifications, within bounds of number and size.
type ring struct {
	mu      sync.Mutex
	entries []Notification
	sizes   []int
	size    int
}

func newRing() *ring { return &ring{} }

func (r *ring) add(n Notification) {
	size := n.size()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries, r.sizes = append(r.entries, n), append(r.sizes, size)
	r.size += size
	drop := 0
	for len(r.entries)-drop > ringEntries || (r.size > ringBytes && len(r.entries)-drop > 1) {
		r.size -= r.sizes[drop]
		r.entries[drop] = Notification{} // the slice moves on, its array stays a while
		drop++
	}
	r.entries, r.sizes = r.entries[drop:], r.sizes[drop:]
}

func (r *ring) list() []Notification {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Notification(nil), r.entries...)
}

func (r *ring) clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries, r.sizes, r.size = nil, nil, 0
}

// size estimates the memory of a notification; what users write dominates.
func (n *Notification) size() int {
	size := len(n.PagerDuty) + len(n.Error)
	if n.SNS != nil {
		size += len(n.SNS.Message) + len(n.SNS.Subject)
		for k, v := range n.SNS.Attributes {
			size += len(k) + len(v)
		}
	}
	for _, a := range n.Alerts {
		for _, kv := range []template.KV{a.Labels, a.Annotations} {
			for k, v := range kv {
				size += len(k) + len(v)
			}
		}
	}
	return size
}
