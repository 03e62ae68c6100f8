package timeline

import (
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"
)

// WriteCSV writes every sample of every run as a line of run, time, hop and value. The run is its number in the report, from 1,
// and its name.
func (r Report) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	err := out.Write([]string{"run", "time", "hop", "value"})
	for i := range r.Runs {
		run := &r.Runs[i]
		name := strconv.Itoa(i+1) + " " + run.Name()
		series := maps.Clone(run.Series)
		if len(run.Evaluated) > 0 {
			if series == nil {
				series = map[Hop]Series{}
			}
			series["evaluated"] = run.Evaluated
		}
		for _, hop := range slices.Sorted(maps.Keys(series)) {
			for _, p := range series[hop] {
				if err == nil {
					err = out.Write([]string{name, p.At.UTC().Format(time.RFC3339Nano), string(hop), strconv.FormatFloat(p.Value, 'g', -1, 64)})
				}
			}
		}
	}
	out.Flush()
	if err == nil {
		err = out.Error()
	}
	if err != nil {
		return fmt.Errorf("write the timeline as CSV: %w", err)
	}
	return nil
}
