package build_test

import (
	"debug/elf"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab/build"
)

// What is built for another platform is another build, and runs there.
func TestPlatform(t *testing.T) {
	r := newTiny(t)
	seen := map[string]bool{r.build(t)["say"]: true}
	for arch, machine := range map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64} {
		r.Platform = build.Platform{OS: "linux", Arch: arch}
		t.Setenv("GOAMD64", "v3") // what this machine builds for itself decides nothing
		program := r.build(t)["say"]
		file, err := elf.Open(program)
		require.NoError(t, err)
		require.Equal(t, machine, file.Machine)
		require.NoError(t, file.Close())
		seen[program] = true
		t.Setenv("GOAMD64", "")
		require.Equal(t, program, r.build(t)["say"])
	}
	require.Len(t, seen, 3)
}

// The same sources give the same bytes, in whatever folder they lie.
func TestReproducible(t *testing.T) {
	first, second := newTiny(t), newTiny(t)
	require.NotEqual(t, first.Root, second.Root)
	one := first.build(t)
	t.Setenv("GOCACHE", t.TempDir()) // or the second would be handed what the first one compiled
	for name, path := range second.build(t) {
		here, err := os.ReadFile(one[name])
		require.NoError(t, err)
		there, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, here, there, name)
	}
}
