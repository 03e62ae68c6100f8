package identity_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/identity"
)

func BenchmarkAuthorize(b *testing.B) {
	h := fixture(b)
	tag := map[string][]string{"aws:ResourceTag/team": {"observability"}, "aws:SourceIp": {"10.0.0.1"}}
	shared, err := identity.ParseResourcePolicy([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"aps:*","Principal":{"AWS":"210987654321"}}}`))
	require.NoError(b, err)
	tests := []struct {
		name string
		who  identity.Principal
		req  identity.Request
	}{
		{"managed policy", h.assume(b, queryRole, "keda").Principal, identity.Request{Action: "aps:QueryMetrics", Resource: workspace}},
		{"three policies", h.principal(b, "AKIAIOSFODNN7COLLECT"), identity.Request{Action: "aps:RemoteWrite", Resource: workspace, Context: tag}},
		{"ARN, condition and variable", h.principal(b, "AKIAIOSFODNN7COLLECT"), identity.Request{Action: "aps:QueryMetrics", Resource: workspace, Context: tag}},
		{"other account", h.principal(b, "AKIAIOSFODNN7PARTNER"), identity.Request{Action: "aps:QueryMetrics", Resource: workspace, ResourcePolicy: shared}},
	}
	for _, tc := range tests {
		b.Run(tc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if d := h.Authorize(tc.who, tc.req); !d.Allowed {
					b.Fatal(d.Reason)
				}
			}
		})
	}
}

func BenchmarkLookupKey(b *testing.B) {
	h := fixture(b)
	s := h.assume(b, queryRole, "keda")
	for name, id := range map[string]string{"user": "AKIAIOSFODNN7COLLECT", "session": s.AccessKeyID} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := h.LookupKey(id); !ok {
					b.Fatal(id)
				}
			}
		})
	}
}
