package quota_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/quota"
)

func TestEveryQuotaIsNamed(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	codes := map[string]bool{}
	for _, v := range quota.New().List() {
		require.Regexp(t, `^[a-z]+(-[a-z]+)*$`, v.Name)
		require.False(t, seen[v.Name], "%s is there twice", v.Name)
		seen[v.Name] = true
		require.NotEmpty(t, v.Description, v.Name)
		require.Equal(t, v.Default, v.Value, v.Name)
		if v.Code != "" {
			require.Regexp(t, `^L-[0-9A-F]{8}$`, v.Code, v.Name)
			require.False(t, codes[v.Code], "%s is there twice", v.Code)
			codes[v.Code] = true
		}
	}
	require.Len(t, seen, len(quota.New().List()))
}

func TestAssign(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, value string
		id          quota.ID
		want        int64
		err         string
	}{
		{"active-series", "1000", quota.ActiveSeries, 1000, ""},
		{"active-series", "1_000_000", quota.ActiveSeries, 1_000_000, ""},
		{"active-series", "unlimited", quota.ActiveSeries, quota.Unlimited, ""},
		{"active-series", "-1", quota.ActiveSeries, quota.Unlimited, ""},
		{"active-series", "0", quota.ActiveSeries, 0, ""},
		{"active-series", "default", quota.ActiveSeries, 50_000_000, ""},
		{"active-series", "-5", 0, 0, "negative"},
		{"active-series", "many", 0, 0, "not a whole number"},
		{"active-series", "1.5", 0, 0, "not a whole number"},
		{"active-series", "5MiB", 0, 0, "not a whole number"},
		{"sample-age", "90s", quota.SampleAge, 90_000, ""},
		{"sample-age", "32d", quota.SampleAge, 32 * 24 * 3600 * 1000, ""},
		{"sample-age", "0", quota.SampleAge, 0, ""},
		{"sample-age", "90", 0, 0, "has no unit"},
		{"sample-age", "soon", 0, 0, "no time such as"},
		{"request-size", "512KiB", quota.RequestSize, 512 << 10, ""},
		{"request-size", "1048577", quota.RequestSize, 1<<20 + 1, ""},
		{"request-size", "big", 0, 0, "no size such as"},
		{"series", "1", 0, 0, `there is no quota "series"; there are workspaces, active-series`},
		{"", "1", 0, 0, "there is no quota"},
	} {
		t.Run(tc.name+"="+tc.value, func(t *testing.T) {
			t.Parallel()
			set := quota.New()
			before := set.List()
			err := set.Assign(map[string]string{tc.name: tc.value, "rules": "7"})
			if tc.err != "" {
				require.ErrorContains(t, err, tc.err)
				require.Equal(t, before, set.List(), "nothing is changed by half")
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.want, set.Get(tc.id))
			require.EqualValues(t, 7, set.Get(quota.Rules))
		})
	}
}

func TestListedValuesCanBeAssigned(t *testing.T) {
	t.Parallel()
	set := quota.New()
	values := map[string]string{}
	for _, v := range set.List() {
		values[v.Name] = v.Value
	}
	require.NoError(t, set.Assign(values))
	for _, v := range set.List() {
		require.Equal(t, v.Default, v.Value, v.Name)
	}
}

func TestExceeded(t *testing.T) {
	t.Parallel()
	set := quota.New()
	set.Put(quota.Rules, 2)
	require.False(t, set.Exceeded(quota.Rules, 2))
	require.True(t, set.Exceeded(quota.Rules, 3))
	set.Put(quota.Rules, quota.Unlimited)
	require.False(t, set.Exceeded(quota.Rules, 1<<40))
	require.Equal(t, time.Hour, set.Duration(quota.SampleAge))
	require.Equal(t, "L-3D15CDB4", set.Code(quota.Rules))
}

func TestReadFile(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text string
		want       map[string]string
		err        string
	}{
		{"numbers and texts", "active-series: 1000\nsample-age: 2h\nquery-range: unlimited\n",
			map[string]string{"active-series": "1000", "sample-age": "2h", "query-range": "unlimited"}, ""},
		{"empty", "", map[string]string{}, ""},
		{"a list", "- active-series\n", nil, "not an object of quota names"},
		{"a map in it", "active-series: {limit: 3}\n", nil, "quota active-series: not a number or a text"},
		{"a name twice", "rules: 1\nrules: 2\n", nil, `already set`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "quotas.yaml")
			require.NoError(t, os.WriteFile(path, []byte(tc.text), 0o600))
			values, err := quota.ReadFile(path)
			if tc.err != "" {
				require.ErrorContains(t, err, tc.err)
				require.ErrorContains(t, err, path)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.want, values)
		})
	}
	_, err := quota.ReadFile(filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestParseAssignment(t *testing.T) {
	t.Parallel()
	name, value, err := quota.ParseAssignment(" rules = 3 ")
	require.NoError(t, err)
	require.Equal(t, "rules 3", name+" "+value)
	for _, text := range []string{"", "rules", "=3", "rules="} {
		_, _, err := quota.ParseAssignment(text)
		require.ErrorContains(t, err, "is not NAME=VALUE", text)
	}
}

func TestParseJSON(t *testing.T) {
	t.Parallel()
	values, err := quota.ParseJSON([]byte(`{"rules":3,"query-range":"3d"}`))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"rules": "3", "query-range": "3d"}, values)
	for _, text := range []string{"", "[]", `{"rules":true}`, `{"rules":null}`} {
		_, err := quota.ParseJSON([]byte(text))
		require.Error(t, err, text)
	}
}
