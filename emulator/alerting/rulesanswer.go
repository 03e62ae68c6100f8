package alerting

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/rules"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
)

// The answers of /rules and /alerts, member by member. [D, C] amp-api.md 1.8
type (
	// envelope shows the last two members when they are empty too. [D]
	envelope struct {
		Status    string `json:"status"`
		Data      any    `json:"data"`
		ErrorType string `json:"errorType"`
		Error     string `json:"error"`
	}
	refusalAnswer struct {
		Status    string `json:"status"`
		ErrorType string `json:"errorType"`
		Error     string `json:"error"`
	}
	rulesAnswer struct {
		Groups         []groupAnswer `json:"groups"`
		GroupNextToken string        `json:"groupNextToken,omitempty"`
	}
	groupAnswer struct {
		Name           string    `json:"name"`
		File           string    `json:"file"`
		Rules          []any     `json:"rules"`
		Interval       float64   `json:"interval"`
		LastEvaluation time.Time `json:"lastEvaluation"`
		EvaluationTime float64   `json:"evaluationTime"`
		Limit          int       `json:"limit"`
	}
	recordingAnswer struct {
		Name           string        `json:"name"`
		Query          string        `json:"query"`
		Labels         labels.Labels `json:"labels"`
		Health         string        `json:"health"`
		LastError      string        `json:"lastError"`
		Type           string        `json:"type"`
		LastEvaluation time.Time     `json:"lastEvaluation"`
		EvaluationTime float64       `json:"evaluationTime"`
	}
	alertingAnswer struct {
		State          string        `json:"state"`
		Name           string        `json:"name"`
		Query          string        `json:"query"`
		Duration       float64       `json:"duration"`
		KeepFiringFor  float64       `json:"keepFiringFor"`
		Labels         labels.Labels `json:"labels"`
		Annotations    labels.Labels `json:"annotations"`
		Alerts         []alertAnswer `json:"alerts"`
		Health         string        `json:"health"`
		LastError      string        `json:"lastError"`
		Type           string        `json:"type"`
		LastEvaluation time.Time     `json:"lastEvaluation"`
		EvaluationTime float64       `json:"evaluationTime"`
	}
	alertsAnswer struct {
		Alerts []alertAnswer `json:"alerts"`
	}
	alertAnswer struct {
		Labels          labels.Labels `json:"labels"`
		Annotations     labels.Labels `json:"annotations"`
		State           string        `json:"state"`
		ActiveAt        time.Time     `json:"activeAt"`
		KeepFiringSince *time.Time    `json:"keepFiringSince,omitempty"`
		Value           string        `json:"value"`
	}
)

func newGroupAnswer(g *rules.Group, list []any) groupAnswer {
	return groupAnswer{
		Name: g.Name(), File: g.File(), Rules: list, Interval: g.Interval().Seconds(),
		LastEvaluation: g.GetLastEvaluation(), EvaluationTime: g.GetEvaluationTime().Seconds(), Limit: g.Limit(),
	}
}

func newRecordingAnswer(r *rules.RecordingRule) recordingAnswer {
	return recordingAnswer{
		Name: r.Name(), Query: r.Query().String(), Labels: r.Labels(), Health: string(r.Health()),
		LastError: errorText(r.LastError()), Type: "recording",
		LastEvaluation: r.GetEvaluationTimestamp(), EvaluationTime: r.GetEvaluationDuration().Seconds(),
	}
}

func newAlertingAnswer(r *rules.AlertingRule, withoutAlerts bool) alertingAnswer {
	a := alertingAnswer{
		State: r.State().String(), Name: r.Name(), Query: r.Query().String(),
		Duration: r.HoldDuration().Seconds(), KeepFiringFor: r.KeepFiringFor().Seconds(),
		Labels: r.Labels(), Annotations: r.Annotations(), Alerts: []alertAnswer{}, Health: string(r.Health()),
		LastError: errorText(r.LastError()), Type: "alerting",
		LastEvaluation: r.GetEvaluationTimestamp(), EvaluationTime: r.GetEvaluationDuration().Seconds(),
	}
	if !withoutAlerts {
		a.Alerts = alertsOf(r)
	}
	return a
}

func alertsOf(r *rules.AlertingRule) []alertAnswer {
	active := r.ActiveAlerts()
	out := make([]alertAnswer, 0, len(active))
	for _, a := range active {
		next := alertAnswer{
			Labels: a.Labels, Annotations: a.Annotations, State: a.State.String(),
			ActiveAt: a.ActiveAt, Value: strconv.FormatFloat(a.Value, 'e', -1, 64),
		}
		if !a.KeepFiringSince.IsZero() {
			next.KeepFiringSince = &a.KeepFiringSince
		}
		out = append(out, next)
	}
	return out
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func answer(w http.ResponseWriter, data any) {
	awsapi.WriteJSON(w, http.StatusOK, envelope{Status: "success", Data: data})
}

func refuseQuery(w http.ResponseWriter, err error) {
	awsapi.WriteJSON(w, http.StatusBadRequest, refusalAnswer{Status: "error", ErrorType: "bad_data", Error: err.Error()})
}

func refuseMethod(w http.ResponseWriter) {
	w.Header().Set("Allow", http.MethodGet)
	http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
}
