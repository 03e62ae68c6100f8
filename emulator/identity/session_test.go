package identity_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/identity"
)

func TestSessionIsForgotten(t *testing.T) {
	h := fixture(t)
	s := h.assume(t, queryRole, "keda")
	h.clock.Advance(2 * time.Hour) // it lived one
	_, ok := h.LookupKey(s.AccessKeyID)
	require.True(t, ok, "its refusal can still say that it expired")
	require.True(t, h.List().Sessions[0].Expired)

	h.clock.Advance(time.Second)
	_, ok = h.LookupKey(s.AccessKeyID)
	require.False(t, ok)
	require.Empty(t, h.List().Sessions)
	require.Equal(t, "the session expired at 2026-05-06T08:08:09Z, more than an hour ago", h.WhyUnknown(s.AccessKeyID))

	for range 1024 {
		h.assume(t, queryRole, "x")
	}
	require.Contains(t, h.WhyUnknown(s.AccessKeyID), "forgotten an hour after they expired", "it is swept out")
}

func TestSessionsAreBounded(t *testing.T) {
	h := fixture(t)
	role, ok := h.Role(queryRole)
	require.True(t, ok)
	open := func(life time.Duration) string {
		s, err := h.NewSession(identity.SessionInput{Role: &role, Name: "loop", Duration: life})
		require.NoError(t, err)
		h.clock.Advance(time.Millisecond)
		return s.AccessKeyID
	}
	known := func(id string) bool { _, ok := h.LookupKey(id); return ok }

	oldest, second, ended, endedFirst := open(time.Hour), open(time.Hour), open(2*time.Second), open(time.Second)
	for range 10_000 - 4 {
		open(time.Hour)
	}
	require.Len(t, h.List().Sessions, 10_000)
	require.True(t, known(oldest))

	for _, gone := range []string{endedFirst, ended, oldest} {
		require.True(t, known(gone))
		open(time.Hour)
		require.False(t, known(gone))
		require.Contains(t, h.WhyUnknown(gone), "the session gave way at 2026-05-06T07:08:19")
	}
	require.True(t, known(second))
	require.Len(t, h.List().Sessions, 10_000)
}
