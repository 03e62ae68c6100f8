package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/ampersand-amp/ampersand/emulator/workspace"
)

// What a page shows of a result at most.
const (
	shownSeries = 200
	drawnSeries = 12
	shownTimes  = 40
	shownPoints = 20
)

// span is a time range that can be chosen, with its step.
type span struct {
	Name, Title string
	Long, Step  time.Duration
}

func spans() []span {
	return []span{
		{"5m", "5 minutes", 5 * time.Minute, time.Second},
		{"15m", "15 minutes", 15 * time.Minute, 5 * time.Second},
		{"1h", "1 hour", time.Hour, 15 * time.Second},
		{"6h", "6 hours", 6 * time.Hour, 90 * time.Second},
		{"1d", "1 day", 24 * time.Hour, 6 * time.Minute},
		{"7d", "7 days", 7 * 24 * time.Hour, 45 * time.Minute},
	}
}

// queryBody is what the query page shows.
type queryBody struct {
	*workspace.Workspace
	Tab   string
	Query string
	// Ranged asks for a graph over Span, else for the values at one time.
	Ranged bool
	Span   span
	Spans  []span
	// End is when the range ends, or the time of the values.
	End time.Time
	// Earlier, Later and Now are the same query at other times.
	Earlier, Later, Now string
	Asked               bool
	Error               string
	Warnings            []string
	Kind                string
	Rows                []resultRow
	More                int
	Graph               *graph
}

// resultRow is a series of a result with its value, or what its values come to.
type resultRow struct {
	Series, Value string
	Time          time.Time
	Low, High     string
	Points        int
	Drawn         bool
	Samples       []string // the last ones of a range vector
}

func (c *Console) query(w http.ResponseWriter, r *http.Request) {
	ws, ok := c.find(w, r)
	if !ok {
		return
	}
	body := &queryBody{Workspace: ws, Tab: "query", Spans: spans()}
	status := c.answerQuery(r, body)
	c.render(w, status, "query.html", page{Title: "Query " + title(ws), Section: "workspaces", Body: body})
}

// answerQuery fills the page in and returns its status, which is the API's.
func (c *Console) answerQuery(r *http.Request, b *queryBody) int {
	form := r.URL.Query()
	b.Query = form.Get("query")
	b.Span = b.Spans[0]
	if err := b.read(form, c.Now()); err != nil {
		b.Error = err.Error()
		return http.StatusBadRequest
	}
	b.links(form.Get("end") != "", c.Now())
	if strings.TrimSpace(b.Query) == "" {
		if form.Has("query") {
			b.Error = "There is nothing to evaluate: write an expression, such as up."
			return http.StatusBadRequest
		}
		return http.StatusOK
	}
	b.Asked = true
	path, ask := "/query", url.Values{"query": {b.Query}, "time": {seconds(b.End)}}
	if b.Ranged {
		path = "/query_range"
		ask = url.Values{
			"query": {b.Query}, "start": {seconds(b.End.Add(-b.Span.Long))}, "end": {seconds(b.End)},
			"step": {seconds(time.Unix(0, 0).Add(b.Span.Step))},
		}
	}
	got, status := c.ask(r, b.ID, path, ask)
	if got.Error != "" || status >= http.StatusBadRequest {
		b.Error = got.text(status)
		return max(status, http.StatusBadRequest)
	}
	b.Warnings = slices.Concat(got.Warnings, got.Infos)
	if err := b.show(got.Data); err != nil {
		b.Error = err.Error()
		return http.StatusInternalServerError
	}
	return http.StatusOK
}

// read takes the parameters of the page.
func (b *queryBody) read(form url.Values, now time.Time) error {
	switch mode := form.Get("mode"); mode {
	case "", "range":
		b.Ranged = true
	case "instant":
	default:
		return fmt.Errorf("mode is range or instant, not %q", mode)
	}
	if name := form.Get("range"); name != "" {
		i := slices.IndexFunc(b.Spans, func(s span) bool { return s.Name == name })
		if i < 0 {
			return fmt.Errorf("range is one of those in the list, not %q", name)
		}
		b.Span = b.Spans[i]
	}
	b.End = now
	if text := form.Get("end"); text != "" {
		at, err := strconv.ParseInt(text, 10, 64)
		if err != nil || at < 0 || at > now.Add(10*365*24*time.Hour).Unix() {
			return fmt.Errorf("end is a time in whole seconds since 1970, not %q", text)
		}
		b.End = time.Unix(at, 0)
	}
	return nil
}

// links makes the addresses of the same query at other times.
func (b *queryBody) links(fixed bool, now time.Time) {
	at := func(end time.Time) string {
		q := url.Values{"query": {b.Query}, "range": {b.Span.Name}, "mode": {"instant"}}
		if b.Ranged {
			q.Set("mode", "range")
		}
		if !end.IsZero() {
			q.Set("end", strconv.FormatInt(end.Unix(), 10))
		}
		return "?" + q.Encode()
	}
	b.Earlier = at(b.End.Add(-b.Span.Long))
	if later := b.End.Add(b.Span.Long); fixed && later.Before(now) {
		b.Later = at(later)
	}
	if fixed {
		b.Now = at(time.Time{})
	}
}

func seconds(t time.Time) string { return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64) }

// show turns the API's data into rows and a graph.
func (b *queryBody) show(data json.RawMessage) error {
	var result struct {
		ResultType string          `json:"resultType"`
		Result     json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal(data, &result); err != nil {
		return fmt.Errorf("read the result: %w", err)
	}
	b.Kind = result.ResultType
	var err error
	switch b.Kind {
	case "vector":
		var vector model.Vector
		err = json.Unmarshal(result.Result, &vector)
		for _, s := range vector[:min(len(vector), shownSeries)] {
			value := s.Value.String()
			if s.Histogram != nil {
				value = s.Histogram.String()
			}
			b.Rows = append(b.Rows, resultRow{Series: s.Metric.String(), Value: value, Time: s.Timestamp.Time()})
		}
		b.More = len(vector) - len(b.Rows)
	case "matrix":
		var matrix model.Matrix
		if err = json.Unmarshal(result.Result, &matrix); err == nil {
			b.matrix(matrix)
		}
	case "scalar":
		var scalar model.Scalar
		err = json.Unmarshal(result.Result, &scalar)
		b.Rows = []resultRow{{Series: "scalar", Value: scalar.Value.String(), Time: scalar.Timestamp.Time()}}
	case "string":
		var text model.String
		err = json.Unmarshal(result.Result, &text)
		b.Rows = []resultRow{{Series: "string", Value: text.Value, Time: text.Timestamp.Time()}}
	}
	if err != nil {
		return fmt.Errorf("read the result: %w", err)
	}
	return nil
}

func (b *queryBody) matrix(m model.Matrix) {
	for i, s := range m[:min(len(m), shownSeries)] {
		row := resultRow{Series: s.Metric.String(), Points: len(s.Values) + len(s.Histograms), Drawn: b.Ranged && i < drawnSeries}
		low, high := model.SampleValue(0), model.SampleValue(0)
		for n, p := range s.Values {
			if n == 0 {
				low, high = p.Value, p.Value
			}
			low, high = min(low, p.Value), max(high, p.Value)
			row.Value, row.Time = p.Value.String(), p.Timestamp.Time()
		}
		row.Low, row.High = low.String(), high.String()
		if len(s.Values) == 0 && len(s.Histograms) > 0 {
			last := s.Histograms[len(s.Histograms)-1]
			row.Value, row.Time, row.Low, row.High = last.Histogram.String(), last.Timestamp.Time(), "", ""
		}
		if !b.Ranged {
			for _, p := range s.Values[max(0, len(s.Values)-shownPoints):] {
				row.Samples = append(row.Samples, p.Timestamp.Time().UTC().Format("15:04:05.000")+"  "+p.Value.String())
			}
		}
		b.Rows = append(b.Rows, row)
	}
	b.More = len(m) - len(b.Rows)
	if b.Ranged && len(m) > 0 {
		b.Graph = newGraph(m[:min(len(m), drawnSeries)], b.End.Add(-b.Span.Long), b.End, b.Span.Step)
	}
}
