package kind_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab/cluster/kind"
)

func TestParseInfo(t *testing.T) {
	t.Parallel()
	info, err := kind.ParseInfo([]byte(healthy))
	require.NoError(t, err)
	require.Equal(t, "Docker 28.2.2 on Debian, x86_64, cgroup v2, overlay2, 4 processors, 16.0 GiB", info.String())
	require.False(t, info.Offline())
	info.Labels = []string{"x=y", "ampersand.offline=true"}
	require.True(t, info.Offline())
	for text, want := range map[string]string{
		`{"ServerErrors": ["permission denied"], "ClientInfo": {}}`: "permission denied",
		`{"ClientInfo": {}}`: "nothing of a daemon",
		`no JSON`:            "read what docker info says",
	} {
		_, err := kind.ParseInfo([]byte(text))
		require.ErrorContains(t, err, want)
	}
}

func TestInfoProblems(t *testing.T) {
	t.Parallel()
	rootless := []string{"name=seccomp,profile=builtin", "name=rootless"}
	tests := map[string]struct {
		change func(*kind.Info)
		needs  kind.Needs
		api    string
		want   []string // part of what is said, "!" before it when fatal
	}{
		"all is well":           {api: "1.50"},
		"unknown API":           {api: "dev"},
		"old":                   {api: "1.40", want: []string{"!too old"}},
		"Windows":               {change: func(i *kind.Info) { i.OSType = "windows" }, want: []string{"!containers of windows"}},
		"arm":                   {change: func(i *kind.Info) { i.Architecture = "aarch64" }},
		"s390x":                 {change: func(i *kind.Info) { i.Architecture = "s390x" }, want: []string{"!amd64 or arm64"}},
		"little memory":         {change: func(i *kind.Info) { i.MemTotal = 1 << 31 }, want: []string{"only 2.0 GiB of memory"}},
		"rootless":              {change: func(i *kind.Info) { i.SecurityOptions = rootless }, want: []string{"without root"}},
		"rootless on v1":        {change: func(i *kind.Info) { i.SecurityOptions, i.CgroupVersion = rootless, "1" }, want: []string{"!without root on cgroup v1"}},
		"v1, built":             {change: func(i *kind.Info) { i.CgroupVersion = "1" }, needs: kind.Needs{Built: true, Version: "v1.36.3"}, want: []string{"works with it"}},
		"v1, published":         {change: func(i *kind.Info) { i.CgroupVersion = "1" }, needs: kind.Needs{Version: "v1.36.3"}, want: []string{"Kubernetes v1.36.3 refuses"}},
		"v1, published, before": {change: func(i *kind.Info) { i.CgroupVersion = "1" }, needs: kind.Needs{Version: "v1.34.4"}},
		"all at once": {
			change: func(i *kind.Info) { i.OSType, i.Architecture, i.MemTotal = "windows", "mips", 1 }, api: "1.40",
			want: []string{"!too old", "!containers of windows", "!is mips", "0.0 GiB"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			info, err := kind.ParseInfo([]byte(healthy))
			require.NoError(t, err)
			if test.change != nil {
				test.change(&info)
			}
			if test.api == "" {
				test.api = "1.41"
			}
			requireProblems(t, test.want, test.needs.InfoProblems(info, test.api))
		})
	}
}

func TestMachineProblems(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		machine kind.Machine
		needs   kind.Needs
		want    []string
	}{
		"nothing known":   {machine: kind.Machine{Free: -1, Instances: -1, Watches: -1}},
		"enough":          {machine: kind.Machine{Free: 3 << 30, Instances: 256, Watches: 65536}},
		"disk":            {machine: kind.Machine{Free: 3<<30 - 1, Instances: 256, Watches: 65536}, want: []string{"!3.0 GiB are needed"}},
		"more disk asked": {machine: kind.Machine{Free: 3 << 30, Instances: 256, Watches: 65536}, needs: kind.Needs{Bytes: 4 << 30}, want: []string{"!4.0 GiB are needed"}},
		"all": {want: []string{
			"!only 0.0 GiB are free", "max_user_instances is 0: `sysctl fs.inotify.max_user_instances=512`", "`sysctl fs.inotify.max_user_watches=131072`",
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireProblems(t, test.want, test.needs.MachineProblems(test.machine))
		})
	}
}

func requireProblems(t *testing.T, want []string, got []kind.Problem) {
	t.Helper()
	require.Len(t, got, len(want), "%v", got)
	for i, problem := range got {
		text := problem.String()
		if problem.Fatal {
			text = "!" + text
		}
		if want[i][0] == '!' {
			require.True(t, problem.Fatal, text)
			want[i] = want[i][1:]
		} else {
			require.False(t, problem.Fatal, text)
		}
		require.Contains(t, text, want[i])
	}
}

func TestPreflight(t *testing.T) {
	f := newFake(t)
	require.Empty(t, kind.Preflight(t.Context(), kind.Needs{}), "another machine's limits are not known")
	require.NoError(t, kind.DaemonAnswers(t.Context()))
	offline, why := kind.Offline(t.Context())
	require.False(t, offline)
	require.Contains(t, why, "does not carry")

	host, err := os.Hostname()
	require.NoError(t, err)
	info := map[string]any{}
	require.NoError(t, json.Unmarshal([]byte(healthy), &info))
	info["Name"], info["DockerRootDir"], info["Labels"] = host, t.TempDir(), []string{kind.OfflineLabel}
	text, err := json.Marshal(info)
	require.NoError(t, err)
	f.put("info", string(text))
	problems := kind.Preflight(t.Context(), kind.Needs{Bytes: 1 << 60})
	require.NotEmpty(t, problems, "on Linux, this machine's disk is known")
	require.Contains(t, problems[0].What, "are free where Docker keeps its images")
	offline, _ = kind.Offline(t.Context())
	require.True(t, offline)

	require.NoError(t, os.Remove(f.path("version")))
	problems = kind.Preflight(t.Context(), kind.Needs{})
	require.True(t, problems[0].Fatal)
	require.Contains(t, problems[0].String(), "no Docker daemon answers")
	require.Contains(t, problems[0].Do, "scripts/engine/engine up")
	require.ErrorContains(t, kind.DaemonAnswers(t.Context()), "Cannot connect to the Docker daemon")
	offline, why = kind.Offline(t.Context())
	require.False(t, offline)
	require.Contains(t, why, "could not be asked")

	t.Setenv("PATH", t.TempDir())
	problems = kind.Preflight(t.Context(), kind.Needs{})
	require.True(t, problems[0].Fatal)
	require.Contains(t, problems[0].String(), "no docker program")
}

func TestParseEgress(t *testing.T) {
	t.Parallel()
	const columns = "    pkts      bytes target     prot opt in     out     source               destination\n"
	const head = "Chain NODE-EGRESS (2 references)\n" + columns
	const pass = "     100     6000 RETURN     0    --  *      *       0.0.0.0/0            10.244.0.0/16\n"
	const reject = "      12      720 REJECT     0    --  *      *       0.0.0.0/0            0.0.0.0/0            reject-with icmp-port-unreachable\n"
	const services = "       7      420 REJECT     0    --  *      *       0.0.0.0/0            10.96.0.0/16         reject-with icmp-port-unreachable\n"
	tests := map[string]struct {
		text string
		want kind.Egress
		err  string
	}{
		"in force":             {text: head + pass + reject, want: kind.Egress{InForce: true, Packets: 12, Bytes: 720}},
		"to Services":          {text: head + pass + services + reject, want: kind.Egress{InForce: true, Packets: 19, Bytes: 1140, ToServices: 7}},
		"to Services only":     {text: head + pass + services, want: kind.Egress{Packets: 7, Bytes: 420, ToServices: 7}},
		"nothing is refused":   {text: head + pass},
		"not asked":            {text: "Chain NODE-EGRESS (0 references)\n" + columns + reject, want: kind.Egress{Packets: 12, Bytes: 720}},
		"not asked for all":    {text: "Chain NODE-EGRESS (1 references)\n" + columns + reject, want: kind.Egress{Packets: 12, Bytes: 720}},
		"no chain":             {text: "iptables: No chain/target/match by that name.", err: "not the head"},
		"nothing":              {text: "", err: "not the head"},
		"shortened counters":   {text: head + "12K 720 REJECT 0 --", err: "counts no packets"},
		"shortened, in bytes":  {text: head + "12 720K REJECT 0 --", err: "counts no bytes"},
		"two rules, one drops": {text: head + reject + "3 30 DROP 0 --", want: kind.Egress{InForce: true, Packets: 15, Bytes: 750}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := kind.ParseEgress(test.text)
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}
