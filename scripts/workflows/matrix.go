package main

import (
	"slices"

	"github.com/ampersand-amp/ampersand/e2e/lab"
	"github.com/ampersand-amp/ampersand/fixtures/components"
)

// versions are what a lab can be made of.
type versions struct{ clusters, signings, kubernetes, keda []string }

// pinned are the words of the suites and the minors that are pinned.
func pinned() versions {
	return versions{
		clusters:   []string{string(lab.ClusterKWOK), string(lab.ClusterKind)},
		signings:   []string{string(lab.SigningProxy), string(lab.SigningNative), string(lab.SigningIRSA)},
		kubernetes: components.KubernetesMinors(),
		keda:       components.KEDAMinors(),
	}
}

// checkMatrix wants the job `all` to be all that there is, and the job `some` to have each way of signing and each minor on each
// cluster.
func checkMatrix(f *findings, w workflow, want versions) {
	all := w.Jobs["all"].Strategy.Matrix
	for _, part := range []struct {
		name      string
		got, want []string
	}{
		{"cluster", all.Cluster, want.clusters}, {"signing", all.Signing, want.signings},
		{"kubernetes", all.Kubernetes, want.kubernetes}, {"keda", all.KEDA, want.keda},
	} {
		if !slices.Equal(part.got, part.want) {
			f.add(w.path, 1, "job all: %s is %q, there are %q", part.name, part.got, part.want)
		}
	}
	if len(all.Include) > 0 {
		f.add(w.path, 1, "job all: include adds to what is all already")
	}
	some := w.Jobs["some"].Strategy.Matrix
	for _, c := range some.Include {
		for _, part := range []struct {
			name, got string
			want      []string
		}{{"cluster", c.Cluster, want.clusters}, {"signing", c.Signing, want.signings}, {"kubernetes", c.Kubernetes, want.kubernetes}, {"keda", c.KEDA, want.keda}} {
			if !slices.Contains(part.want, part.got) {
				f.add(w.path, 1, "job some: %s %q is none of %q", part.name, part.got, part.want)
			}
		}
	}
	has := func(test func(combination) bool) bool { return slices.ContainsFunc(some.Include, test) }
	for _, cluster := range want.clusters {
		for _, signing := range want.signings {
			if !has(func(c combination) bool { return c.Cluster == cluster && c.Signing == signing }) {
				f.add(w.path, 1, "job some: %s never meets signing %s", cluster, signing)
			}
		}
		for _, minor := range want.kubernetes {
			if !has(func(c combination) bool { return c.Cluster == cluster && c.Kubernetes == minor }) {
				f.add(w.path, 1, "job some: %s never meets Kubernetes %s", cluster, minor)
			}
		}
		for _, minor := range want.keda {
			if !has(func(c combination) bool { return c.Cluster == cluster && c.KEDA == minor }) {
				f.add(w.path, 1, "job some: %s never meets KEDA %s", cluster, minor)
			}
		}
	}
}
