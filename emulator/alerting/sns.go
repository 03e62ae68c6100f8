package alerting

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/template"
)

// Sizes of Amazon SNS, to which AMP fits what it sends. [D]
// UG:AMP-alertmanager-receiver-validation-truncation
const (
	snsSize        = 256 << 10 // message and attributes
	snsSubjectSize = 100       // characters
	snsNameSize    = 256       // of an attribute's name [D] SNS message attributes
)

// snsRenderer makes messages as Alertmanager's SNS receiver does and as AMP
// fits them to SNS.
func snsRenderer(c *config.SNSConfig) func(context.Context, *template.Data, func(string) string, *Notification) error {
	name := regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)
	return func(ctx context.Context, _ *template.Data, text func(string) string, n *Notification) error {
		m := &SNSMessage{TopicARN: text(c.TopicARN), Subject: text(c.Subject), Message: text(c.Message)}
		attributes := make(map[string]string, len(c.Attributes))
		for k, v := range c.Attributes {
			attributes[text(k)] = text(v)
		}
		n.Target, n.SNS = m.TopicARN, m
		if strings.HasSuffix(m.TopicARN, ".fifo") {
			key, err := notify.ExtractGroupKey(ctx)
			if err != nil {
				return fmt.Errorf("order by group: %w", err)
			}
			m.GroupID, m.DeduplicationID = key.Hash(), key.Hash()
		}
		m.fit(attributes, name)
		return nil
	}
}

// fit makes the message one that SNS takes and says in attributes what was
// changed. [D] UG:AMP-alertmanager-receiver-validation-truncation; how several
// changes share the one attribute "modified" is not documented [I].
func (m *SNSMessage) fit(attributes map[string]string, name *regexp.Regexp) {
	var modified []string
	var truncated bool
	note := func(format string, args ...any) { modified = append(modified, fmt.Sprintf(format, args...)) }

	switch size := len(m.Message); {
	case !utf8.ValidString(m.Message):
		m.Message, truncated = "Error - not a valid UTF-8 encoded string.", true
		note("Message: Error - not a valid UTF-8 encoded string.")
	case m.Message == "":
		m.Message = "Error - Message should not be empty."
		note("Message: Error - Message should not be empty.")
	case size > snsSize:
		m.Message, truncated = cut(m.Message, snsSize), true
		note("Message: Error - Message has been truncated from %d KB, because it exceeds the 256 KB size limit.", (size+1023)/1024)
	}
	switch size := len(m.Subject); {
	case !isPrintableASCII(m.Subject):
		m.Subject = "Error - contains non printable ASCII characters."
		note("Subject: Error - contains non-printable ASCII characters.")
	case size > snsSubjectSize:
		m.Subject = m.Subject[:snsSubjectSize]
		note("Subject: Error - Subject has been truncated from %d characters, because it exceeds the 100 character size limit.", size)
	}
	m.Attributes = make(map[string]string, len(attributes)+2)
	invalid, extra, room := 0, 0, snsSize-len(m.Message)
	if truncated {
		room = snsSize // a message cut to the limit leaves none; AMP's attributes about it pass all the same [I]
	}
	for _, k := range sortedKeys(attributes) {
		v := attributes[k]
		switch size := len(k) + len("String") + len(v); {
		case !isAttribute(k, v, name):
			invalid++
		case size > room:
			extra++
		default:
			room -= size
			m.Attributes[k] = v
		}
	}
	if invalid > 0 {
		note("MessageAttribute: Error - %d of the message attributes have been removed because of invalid MessageAttributeKey or MessageAttributeValue.", invalid)
	}
	if extra > 0 {
		note("MessageAttribute: Error - %d of the message attributes have been removed, because it exceeds the 256KB size limit.", extra)
	}
	if truncated {
		m.Attributes["truncated"] = "true"
	}
	if len(modified) > 0 {
		m.Attributes["modified"] = strings.Join(modified, " ")
	}
}

// cut shortens s to n bytes or a few less, between two characters.
func cut(s string, n int) string {
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func isPrintableASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// isAttribute reports whether SNS takes an attribute. [D] SNS message attributes
func isAttribute(k, v string, name *regexp.Regexp) bool {
	lower := strings.ToLower(k)
	return len(k) <= snsNameSize && name.MatchString(k) && v != "" && utf8.ValidString(v) &&
		!strings.HasPrefix(lower, "aws.") && !strings.HasPrefix(lower, "amazon.")
}
