package emulator

import (
	"log/slog"
	"strings"

	"github.com/ampersand-amp/ampersand/emulator/explain"
	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

// redactor takes out of texts about a request what must not be shown of it: what
// looks secret in it, and the secrets of the key that it names.
func (s *Server) redactor(x *exchange) explain.Redactor {
	secrets := append([]string{s.cfg.SecretAccessKey}, x.secrets...)
	if x.refusal != nil {
		if key, ok := s.identities.LookupKey(x.refusal.AccessKeyID); ok {
			secrets = append(secrets, key.SecretAccessKey, key.SessionToken)
		}
	}
	red := explain.NewRedactor(x.r, secrets...)
	red.Secret = s.identities.IsSecret // whoever swaps id and secret sends it as the id
	return red
}

// explain gathers what is known about a request that was not accepted.
func (s *Server) explain(x *exchange, red explain.Redactor) *explain.Explanation {
	e := s.explainAnswer(x, red)
	if len(x.faults) > 0 {
		e.Text = strings.TrimSpace(x.faultText() + " " + e.Text)
	}
	return e
}

// explainAnswer leaves it open whether a fault rule made it.
func (s *Server) explainAnswer(x *exchange, red explain.Redactor) *explain.Explanation {
	errorType, message := x.w.Header().Get("X-Amzn-Errortype"), x.w.errorText()
	switch {
	case x.refusal != nil:
		e := explain.OfRefusal(x.refusal, red)
		if x.refusal.Reason == sigv4.ReasonUnknownKey {
			if why := s.identities.WhyUnknown(x.refusal.AccessKeyID); why != "" {
				e.Text += " Here: " + red.Text(why) + "."
			}
		}
		return e
	case x.denial != nil:
		return explain.OfDenial(*x.denial, errorType, message, red)
	case x.reason == reasonUnknownRoute:
		return explain.OfRoute(errorType, message, red)
	default:
		e := explain.OfAnswer(x.reason, errorType, message, red)
		e.Text = red.Text(x.why)
		return e
	}
}

// causes are what the log says of an explanation: its line is read where there is
// no console, so it has the difference too.
func causes(e *explain.Explanation) []slog.Attr {
	var attrs []slog.Attr
	add := func(name, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(name, value))
		}
	}
	add("access_key", e.AccessKeyID)
	add("cause", e.Cause)
	add("hint", e.Text)
	if d := e.Difference; d != nil {
		attrs = append(attrs, slog.Group("difference",
			slog.Int("line", d.Line), slog.String("client", d.Client), slog.String("server", d.Server)))
	}
	return attrs
}
