//go:build !linux

package storage_test

import "testing"

// asNobody calls f. Only Linux lets one thread of root's be somebody else.
func asNobody(t *testing.T, _ string, f func()) {
	t.Helper()
	f()
}
