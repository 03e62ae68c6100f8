package proof

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
	"github.com/ampersand-amp/ampersand/emulator/fault"
)

// TestFaultAPI uses the rules as a scenario does, over HTTP.
func TestFaultAPI(t *testing.T) {
	s := stand(t, emulator.Config{Faults: []fault.Rule{{Name: "first", Action: writes(), Cut: fault.CutBefore}}})
	client := fault.Client{URL: s.URL()}
	names := func() (all []string) {
		reports, err := client.List(t.Context())
		require.NoError(t, err)
		for _, r := range reports {
			all = append(all, r.Rule.Name)
		}
		return all
	}
	require.Equal(t, []string{"first"}, names(), "of the configuration")
	report, err := client.Put(t.Context(), fault.Rule{Name: "second", Action: queries(), Empty: true})
	require.NoError(t, err)
	require.Equal(t, fault.Active, report.State)
	require.Equal(t, []string{"first", "second"}, names())

	var errs fault.Errors
	_, err = client.Replace(t.Context(), []fault.Rule{{Action: writes(), Slow: 1}, {Action: writes()}})
	require.ErrorAs(t, err, &errs)
	require.Equal(t, "[1].delay", errs[0].Field)
	_, err = client.Put(t.Context(), fault.Rule{Name: "a/b", Action: writes(), Slow: 1})
	require.ErrorAs(t, err, &errs)
	require.Equal(t, "name", errs[0].Field)
	require.Equal(t, []string{"first", "second"}, names(), "what is wrong changes nothing")

	raw := func(method, path, body string) reply { return s.own(t, method, path, body) }
	got := raw(http.MethodPut, fault.Path+"/x", `{"action":"aps:*","status":{"code":50}}`)
	require.Equal(t, http.StatusBadRequest, got.status)
	require.JSONEq(t, `{"message":"status.code: 50 is not an error, 400 to 599","fields":[{"field":"status.code","message":"50 is not an error, 400 to 599"}]}`, got.body)
	require.Contains(t, raw(http.MethodPut, fault.Path+"/x", `{"name":"y","action":"aps:*","slow":1}`).body, "the path says x")
	require.Equal(t, http.StatusBadRequest, raw(http.MethodPut, fault.Path, "{").status)
	require.Equal(t, http.StatusBadRequest, raw(http.MethodPut, fault.Path, "["+strings.Repeat(" ", 2<<20)+"]").status)
	require.Equal(t, http.StatusMethodNotAllowed, raw(http.MethodPost, fault.Path, "").status)
	require.Equal(t, http.StatusMethodNotAllowed, raw(http.MethodPost, fault.Path+"/first", "").status)
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		require.Equal(t, http.StatusNotFound, raw(method, fault.Path+"/nobody", "").status)
	}
	require.Contains(t, raw(http.MethodGet, fault.Path+"/second", "").body, `"empty":true`)
	require.ErrorIs(t, client.Delete(t.Context(), "nobody"), fault.ErrNotFound)
	require.NoError(t, client.Delete(t.Context(), "first"))
	require.Equal(t, []string{"second"}, names())

	require.Equal(t, http.StatusOK, raw(http.MethodPost, "/_ampersand/api/reset", "").status)
	require.Equal(t, []string{"second"}, names(), "samples only")
	require.Equal(t, http.StatusOK, raw(http.MethodPost, "/_ampersand/api/reset?all=true", "").status)
	require.Empty(t, names())
	_, err = client.Replace(t.Context(), []fault.Rule{{Action: writes(), Slow: 1}})
	require.NoError(t, err)
	require.Equal(t, []string{"fault-1"}, names())
	require.NoError(t, client.Clear(t.Context()))
	require.Empty(t, names())

	_, err = emulator.Start(t.Context(), emulator.Config{Faults: []fault.Rule{{Name: "bad"}}})
	require.ErrorContains(t, err, "faults: [0].action: is missing")
}
