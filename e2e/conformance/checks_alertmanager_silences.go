package conformance

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"time"
)

const (
	putSilenceSource  = "user guide AMP-APIReference-PutAlertManagerSilences [D]"
	getSilenceSource  = "user guide AMP-APIReference-GetAlertManagerSilence [D]"
	listSilenceSource = "user guide AMP-APIReference-ListAlertManagerSilences [D]"
	noSilence         = "00000000-0000-4000-8000-000000000000"
)

// silence is the body of a silence of the alerts of a name.
func (t *T) silence(name string, more map[string]any) map[string]any {
	now := t.Now()
	body := map[string]any{
		"matchers": []map[string]any{{"name": "alertname", "value": name, "isRegex": false, "isEqual": true}},
		"startsAt": amTime(now.Add(-time.Minute)), "endsAt": amTime(now.Add(time.Hour)), "createdBy": "conformance", "comment": "a comment",
	}
	maps.Copy(body, more)
	return body
}

// putSilence makes a silence, which is expired after the check, and returns its
// id.
func (w *Workspace) putSilence(body map[string]any) string {
	a := w.Do(PostJSON(amPath+"/silences", text(body))).RequireStatus(http.StatusOK)
	id := a.Text("silenceID")
	w.t.Cleanup(func(ctx context.Context) error { return w.expire(ctx, id) })
	return id
}

func (w *Workspace) expire(ctx context.Context, id string) error {
	own := w.t.ctx
	w.t.ctx = ctx
	defer func() { w.t.ctx = own }()
	// What is expired cannot be expired again; nor is there a need.
	if a := w.Do(Delete(amPath + "/silence/" + id)); a.Status/100 == 5 {
		return fmt.Errorf("expire silence %s: %s", id, a)
	}
	return nil
}

func (w *Workspace) silenceState(id, want string) Answer {
	var a Answer
	w.t.Eventually("the silence is "+want, func() error {
		a = w.Do(Get(amPath+"/silence/"+id)).ExpectStatus(http.StatusOK).ExpectJSON("status.state", want)
		return nil
	})
	return a
}

func silenceChecks() []Check {
	return []Check{
		onAlertManager(Must, "silences.create", "A silence is created with 200 and the UUID of the silence.",
			putSilenceSource, func(t *T, ws *Workspace) {
				if id := ws.putSilence(t.silence(t.Metric("a"), nil)); !regexp.MustCompile("^" + uuidPattern + "$").MatchString(id) {
					t.Errorf("expected silenceID to be a UUID, got %q", id)
				}
			}),
		onAlertManager(Must, "silences.get", "A silence is given back with all that it was created with, its state and the time of its last change.",
			getSilenceSource, func(t *T, ws *Workspace) {
				body := t.silence(t.Metric("a"), nil)
				id := ws.putSilence(body)
				a := ws.silenceState(id, "active").ExpectJSON("id", id).ExpectText("updatedAt")
				for _, member := range []string{"matchers", "endsAt", "createdBy", "comment"} {
					a.ExpectJSON(member, body[member])
				}
			}),
		onAlertManager(Must, "silences.list", "A silence is listed as it is given back.",
			listSilenceSource, func(t *T, ws *Workspace) {
				id := ws.putSilence(t.silence(t.Metric("a"), nil))
				one, _ := ws.silenceState(id, "active").JSON("")
				t.Eventually("the silence is listed", func() error {
					ws.Do(filtered("/silences", "filter", `alertname="`+t.Metric("a")+`"`)).ExpectStatus(http.StatusOK).ExpectJSON("", []any{one})
					return nil
				})
			}),
		onAlertManager(Should, "silences.list-filter", "Silences are listed by a matcher of theirs; another value lists none.",
			"Alertmanager's API [C]", func(t *T, ws *Workspace) {
				ws.silenceState(ws.putSilence(t.silence(t.Metric("a"), nil)), "active")
				ws.Do(filtered("/silences", "filter", `alertname="`+t.Metric("b")+`"`)).ExpectStatus(http.StatusOK).ExpectJSON("", []any{})
			}),
		onAlertManager(Must, "silences.update", "A silence that is sent again with its id gets another end and comment, and keeps the id.",
			putSilenceSource, func(t *T, ws *Workspace) {
				id := ws.putSilence(t.silence(t.Metric("a"), nil))
				before := ws.silenceState(id, "active")
				end := amTime(t.Now().Add(2 * time.Hour))
				next := t.silence(t.Metric("a"), map[string]any{"id": id, "startsAt": before.Text("startsAt"), "endsAt": end, "comment": "next"})
				ws.Do(PostJSON(amPath+"/silences", text(next))).ExpectStatus(http.StatusOK).ExpectJSON("silenceID", id)
				t.Eventually("the silence has its next end", func() error {
					ws.Do(Get(amPath+"/silence/"+id)).ExpectJSON("endsAt", end).ExpectJSON("comment", "next").ExpectJSON("status.state", "active")
					return nil
				})
			}),
		onAlertManager(Should, "silences.update-matchers", "A silence that is sent again with other matchers becomes another silence, and the first one expires.",
			"Alertmanager's silences [C]", func(t *T, ws *Workspace) {
				id := ws.putSilence(t.silence(t.Metric("a"), nil))
				ws.silenceState(id, "active")
				next := ws.putSilence(t.silence(t.Metric("b"), map[string]any{"id": id}))
				if next == id {
					t.Errorf("expected another id than %s", id)
				}
				ws.silenceState(id, "expired")
				ws.silenceState(next, "active")
			}),
		onAlertManager(Must, "silences.delete", "A silence is deleted with 200 and nothing; it is expired then.",
			"user guide AMP-APIReference-DeleteAlertManagerSilence [D]", func(t *T, ws *Workspace) {
				id := ws.putSilence(t.silence(t.Metric("a"), nil))
				ws.silenceState(id, "active")
				ws.Do(Delete(amPath + "/silence/" + id)).ExpectStatus(http.StatusOK).ExpectBody("")
				ws.silenceState(id, "expired")
			}),
		onAlertManager(Should, "silences.pending", "A silence that starts later is pending.",
			"Alertmanager's API [C]", func(t *T, ws *Workspace) {
				id := ws.putSilence(t.silence(t.Metric("a"), map[string]any{"startsAt": amTime(t.Now().Add(30 * time.Minute))}))
				ws.silenceState(id, "pending")
			}),
		onAlertManager(Should, "silences.starts-now", "A silence cannot begin in the past: its beginning is the time at which it came.",
			"Alertmanager's silences [C]", func(t *T, ws *Workspace) {
				id := ws.putSilence(t.silence(t.Metric("a"), nil))
				at, err := time.Parse(time.RFC3339Nano, ws.silenceState(id, "active").Text("startsAt"))
				if age := t.Now().Sub(at); err != nil || age > 50*time.Second || age < -50*time.Second {
					t.Errorf("expected startsAt of the moment (%v), got %s", err, at)
				}
			}),
		onAlertManager(Must, "silences.silence", "An alert that a silence matches is suppressed and names the silence; others are active.",
			"user guide AMP-APIReference-ListAlertManagerAlerts: status.silencedBy [D]", func(t *T, ws *Workspace) {
				id := ws.putSilence(t.silence(t.Metric("a"), nil))
				ws.post(t.alert("a", nil), t.alert("b", nil))
				t.Eventually("the alerts are seen", func() error {
					ws.alertsNamed(t.Metric("a")).ExpectJSON("0.status.state", "suppressed").ExpectJSON("0.status.silencedBy", []string{id})
					ws.alertsNamed(t.Metric("b")).ExpectJSON("0.status.state", "active").ExpectJSON("0.status.silencedBy", []any{})
					return nil
				})
			}),
		onAlertManager(Should, "silences.regex", "A matcher that is a regular expression matches a whole value, and one that is not equal all others.",
			"Alertmanager's silences [C]", func(t *T, ws *Workspace) {
				matcher := func(value string, regex, equal bool) map[string]any {
					return map[string]any{"name": "alertname", "value": value, "isRegex": regex, "isEqual": equal}
				}
				ws.putSilence(t.silence("", map[string]any{"matchers": []any{
					matcher(t.Metric("")+"(a|b)", true, true), matcher(t.Metric("b"), false, false),
				}}))
				ws.post(t.alert("a", nil), t.alert("b", nil), t.alert("ab", nil))
				t.Eventually("the alerts are seen", func() error {
					ws.alertsNamed(t.Metric("a")).ExpectJSON("0.status.state", "suppressed")
					ws.alertsNamed(t.Metric("b")).ExpectJSON("0.status.state", "active")
					ws.alertsNamed(t.Metric("ab")).ExpectJSON("0.status.state", "active")
					return nil
				})
			}),
	}
}

func refusedSilenceChecks() []Check {
	checks := []Check{
		onAlertManager(Should, "silences.get-unknown", "A silence that is not there is a 404.",
			"Alertmanager's API [C]", func(_ *T, ws *Workspace) {
				ws.Do(Get(amPath + "/silence/" + noSilence)).ExpectStatus(http.StatusNotFound)
			}),
		onAlertManager(Should, "silences.delete-unknown", "The deletion of a silence that is not there is a 404.",
			"Alertmanager's API [C]", func(_ *T, ws *Workspace) {
				ws.Do(Delete(amPath + "/silence/" + noSilence)).ExpectStatus(http.StatusNotFound)
			}),
		onAlertManager(Should, "silences.update-unknown", "A silence that is sent with the id of none is a 404.",
			"Alertmanager's API [C]", func(t *T, ws *Workspace) {
				ws.Do(PostJSON(amPath+"/silences", text(t.silence(t.Metric("a"), map[string]any{"id": noSilence})))).ExpectStatus(http.StatusNotFound)
			}),
		onAlertManager(Should, "silences.get-no-uuid", "A silence's id that is no UUID is refused with 422.",
			"Alertmanager's OpenAPI document [C]", func(_ *T, ws *Workspace) {
				ws.Do(Get(amPath + "/silence/nobody")).ExpectStatus(http.StatusUnprocessableEntity)
			}),
		onAlertManager(Should, "silences.bad-filter", "Silences by a filter that is no matcher are refused with 400.",
			"Alertmanager's API [C]", func(_ *T, ws *Workspace) {
				ws.Do(filtered("/silences", "filter", "a b")).ExpectStatus(http.StatusBadRequest)
			}),
	}
	for _, row := range []struct {
		id, what string
		status   int
		change   func(t *T) map[string]any
	}{
		{"no-matchers", "without matchers", 422, func(*T) map[string]any { return map[string]any{"matchers": nil} }},
		{"empty-matchers", "with an empty list of matchers", 422, func(*T) map[string]any { return map[string]any{"matchers": []any{}} }},
		{"matches-all", "whose matchers match the empty text only", 400, func(*T) map[string]any {
			return map[string]any{"matchers": []any{map[string]any{"name": "a", "value": "", "isRegex": false, "isEqual": true}}}
		}},
		{"bad-regex", "with a regular expression that is none", 400, func(*T) map[string]any {
			return map[string]any{"matchers": []any{map[string]any{"name": "a", "value": "(", "isRegex": true, "isEqual": true}}}
		}},
		{"ends-before-start", "that ends before it starts", 400, func(t *T) map[string]any {
			return map[string]any{"startsAt": amTime(t.Now().Add(2 * time.Hour))}
		}},
		{"ended", "that has ended", 400, func(t *T) map[string]any {
			return map[string]any{"startsAt": amTime(t.Now().Add(-2 * time.Hour)), "endsAt": amTime(t.Now().Add(-time.Hour))}
		}},
		{"no-end", "without an end", 422, func(*T) map[string]any { return map[string]any{"endsAt": nil} }},
		{"no-comment", "without a comment", 422, func(*T) map[string]any { return map[string]any{"comment": nil} }},
		{"no-author", "without createdBy", 422, func(*T) map[string]any { return map[string]any{"createdBy": nil} }},
	} {
		checks = append(checks, onAlertManager(Should, "silences.refused-"+row.id,
			fmt.Sprintf("A silence %s is refused with %d, and there is none.", row.what, row.status),
			"Alertmanager's API and OpenAPI document [C]", func(t *T, ws *Workspace) {
				body := t.silence(t.Metric("a"), row.change(t))
				for member, value := range body {
					if value == nil {
						delete(body, member)
					}
				}
				ws.Do(PostJSON(amPath+"/silences", text(body))).ExpectStatus(row.status)
				if a := ws.Do(filtered("/silences", "filter", `alertname="`+t.Metric("a")+`"`)); a.Len("") != 0 {
					t.Errorf("expected no silence; %s", a)
				}
			}))
	}
	return checks
}
