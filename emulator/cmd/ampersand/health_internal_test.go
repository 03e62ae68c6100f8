package main

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// proc is a proc file system of processes, each with its parent and command line.
type proc map[string]struct {
	parent string
	argv   []string
}

func (p proc) files() fstest.MapFS {
	files := fstest.MapFS{"meminfo": {}}
	for id, process := range p {
		files[id+"/cmdline"] = &fstest.MapFile{Data: []byte(strings.Join(process.argv, "\x00") + "\x00")}
		files[id+"/stat"] = &fstest.MapFile{Data: []byte(id + " (a name) with )) S " + process.parent + " 1 1 0 -1")}
	}
	return files
}

func TestContainerProgram(t *testing.T) {
	t.Parallel()
	serve := []string{"ampersand", "serve", "--listen", ":9"}
	for what, tc := range map[string]struct {
		there proc
		want  []string
	}{
		"process 1":                     {proc{"1": {"0", serve}, "8": {"0", []string{"ampersand", "health"}}}, serve},
		"by its path":                   {proc{"1": {"0", []string{"/bin/ho11y"}}}, []string{"/bin/ho11y"}},
		"below docker run --init":       {proc{"1": {"0", []string{"/sbin/docker-init", "--", "ampersand"}}, "7": {"1", serve}}, serve},
		"an init that has started none": {proc{"1": {"0", []string{"/sbin/docker-init"}}, "8": {"0", []string{"ampersand", "health"}}}, nil},
		"a machine, with a service":     {proc{"1": {"0", []string{"/sbin/init"}}, "7": {"1", serve}}, nil},
		"a container of others":         {proc{"1": {"0", []string{"sleep", "9"}}, "7": {"1", serve}}, nil},
		"a system without proc":         {proc{}, nil},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, containerProgram(tc.there.files()))
		})
	}
}

func TestWhatAProgramIsAsked(t *testing.T) {
	t.Parallel()
	for called, tc := range map[string]struct {
		env  map[string]string
		want string
	}{
		"ampersand serve":                             {map[string]string{"AMPERSAND_LISTEN": "0.0.0.0:2677"}, "http://127.0.0.1:2677/-/ready"},
		"ampersand serve --auth off":                  {nil, "http://127.0.0.1:2677/-/ready"},
		"ampersand serve --listen [::]:80":            {map[string]string{"AMPERSAND_LISTEN": "0.0.0.0:2677"}, "http://127.0.0.1:80/-/ready"},
		"/bin/ampersand serve --listen=[::1]:80":      {nil, "http://[::1]:80/-/ready"},
		"ampersand serve --tls-cert=c --tls-key=k":    {nil, "https://127.0.0.1:2677/-/ready"},
		"ampersand serve --quota rules=1 --faults=f":  {map[string]string{"AMPERSAND_TLS_CERT": "c", "AMPERSAND_LISTEN": ":1"}, "https://127.0.0.1:1/-/ready"},
		"ampersand conformance --emulator":            {nil, ""},
		"ampersand":                                   {nil, ""},
		"sigv4proxy --name aps":                       {nil, "http://127.0.0.1:8080/-/ready"},
		"sigv4proxy --port :1 -v --port=10.1.1.1:90":  {nil, "http://10.1.1.1:90/-/ready"},
		"sigv4proxy --port 8005 --host aps.test --s3": {nil, "http://127.0.0.1:8005/-/ready"},
		"ho11y":  {nil, "http://127.0.0.1:8765/-/healthy"},
		"ho11y ": {map[string]string{"HO11Y_ADDR": "[::1]", "HO11Y_PORT": "80"}, "http://[::1]:80/-/healthy"},
	} {
		t.Run(called, func(t *testing.T) {
			t.Parallel()
			check, err := checkOf(strings.Fields(called), func(name string) (string, bool) { v, ok := tc.env[name]; return v, ok })
			require.NoError(t, err)
			require.Equal(t, tc.want, check.url)
			require.True(t, strings.HasPrefix(strings.TrimPrefix(called, "/bin/"), check.program))
		})
	}
	_, err := checkOf([]string{"ampersand", "serve", "--listen", "0.0.0.0:0"}, func(string) (string, bool) { return "", false })
	require.ErrorContains(t, err, "a port that nobody else can know")
}

// A command that ends by itself is well as long as it runs.
func TestACommandIsWell(t *testing.T) {
	t.Parallel()
	said, err := healthCheck{program: "ampersand conformance"}.run(t.Context())
	require.NoError(t, err)
	require.Equal(t, "ampersand conformance runs, and ends by itself", said)
}
