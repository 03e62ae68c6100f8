package identity_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ampersand-amp/ampersand/emulator/identity"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func oneUser(key string) string {
	return "users:\n  - {name: a, accessKeys: [{id: " + key + ", secret: x}]}\n"
}

// replace puts a new file in the place of another by renaming, as most programs do.
func replace(t *testing.T, file, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(file+".new", []byte(text), 0o600))
	require.NoError(t, os.Rename(file+".new", file))
}

func (h *house) knows(t *testing.T, keyID string) {
	t.Helper()
	require.Eventually(t, func() bool { _, ok := h.LookupKey(keyID); return ok }, 10*time.Second, 5*time.Millisecond, keyID)
}

func TestFileIsFollowed(t *testing.T) {
	tests := map[string]func(t *testing.T) (file string, change func(text string)){
		"written in place": func(t *testing.T) (string, func(string)) {
			file := filepath.Join(t.TempDir(), "identity.yaml")
			return file, func(text string) { require.NoError(t, os.WriteFile(file, []byte(text), 0o600)) }
		},
		"renamed over": func(t *testing.T) (string, func(string)) {
			file := filepath.Join(t.TempDir(), "identity.yaml")
			return file, func(text string) { replace(t, file, text) }
		},
		"removed and made anew": func(t *testing.T) (string, func(string)) {
			file := filepath.Join(t.TempDir(), "identity.yaml")
			return file, func(text string) {
				_ = os.Remove(file)
				require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
			}
		},
		"swapped by Kubernetes": func(t *testing.T) (string, func(string)) {
			dir := t.TempDir() // identity.yaml -> ..data/identity.yaml, ..data -> ..N
			file, n := filepath.Join(dir, "identity.yaml"), 0
			return file, func(text string) {
				n++
				version := filepath.Join(dir, ".."+strings.Repeat("v", n))
				require.NoError(t, os.Mkdir(version, 0o700))
				require.NoError(t, os.WriteFile(filepath.Join(version, "identity.yaml"), []byte(text), 0o600))
				require.NoError(t, os.Symlink(filepath.Base(version), filepath.Join(dir, "..tmp")))
				require.NoError(t, os.Rename(filepath.Join(dir, "..tmp"), filepath.Join(dir, "..data")))
				if n == 1 {
					require.NoError(t, os.Symlink(filepath.Join("..data", "identity.yaml"), file))
				} else {
					require.NoError(t, os.RemoveAll(filepath.Join(dir, ".."+strings.Repeat("v", n-1))))
				}
			}
		},
		"behind a link": func(t *testing.T) (string, func(string)) {
			file, real := filepath.Join(t.TempDir(), "identity.yaml"), filepath.Join(t.TempDir(), "real.yaml")
			require.NoError(t, os.Symlink(real, file))
			return file, func(text string) { replace(t, real, text) }
		},
	}
	for name, make := range tests {
		t.Run(name, func(t *testing.T) {
			file, change := make(t)
			change(oneUser("AKIA1"))
			h := openFile(t, file)
			h.knows(t, "AKIA1")
			for _, key := range []string{"AKIA2", "AKIA3", "AKIA4"} { // that it still follows after the first
				change(oneUser(key))
				h.knows(t, key)
			}
			_, ok := h.LookupKey("AKIA1")
			require.False(t, ok)
			require.Equal(t, h.Root(), h.principal(t, "AKIDEXAMPLE"))
		})
	}
}

func TestEmptiedFileChangesNothing(t *testing.T) {
	h := open(t, oneUser("AKIA1"))
	require.NoError(t, os.WriteFile(h.file, nil, 0o600))
	require.Eventually(t, func() bool { return strings.Contains(h.log.String(), "the identity file is empty") }, 10*time.Second, 5*time.Millisecond)
	h.knows(t, "AKIA1")
	require.NoError(t, h.Reload())
	_, ok := h.LookupKey("AKIA1")
	require.False(t, ok, "asked for, it counts")
}

func TestWrongFileChangesNothing(t *testing.T) {
	h := open(t, oneUser("AKIA1"))
	replace(t, h.file, "users: nobody\n")
	require.Eventually(t, func() bool { return h.List().File.Error != "" }, 10*time.Second, 5*time.Millisecond)
	require.Contains(t, h.List().File.Error, "line 1")
	require.Contains(t, h.log.String(), "level=ERROR")
	require.Contains(t, h.log.String(), "everybody stays as before")
	h.knows(t, "AKIA1")
	require.ErrorContains(t, h.Reload(), "line 1")

	require.NoError(t, os.Remove(h.file))
	require.Eventually(t, func() bool { return strings.Contains(h.List().File.Error, "no such file") }, 10*time.Second, 5*time.Millisecond)
	h.knows(t, "AKIA1")

	replace(t, h.file, oneUser("AKIA1")+"# mended\n")
	require.Eventually(t, func() bool { return h.List().File.Error == "" }, 10*time.Second, 5*time.Millisecond)
	h.knows(t, "AKIA1")
}

func TestReload(t *testing.T) {
	const role = "  - name: %s\n    trustPolicy: {Version: 2012-10-17, Statement: {Effect: Allow, Action: '*', Principal: '*'}}\n" +
		"    policies: [{arn: 'arn:aws:iam::aws:policy/AdministratorAccess'}]\n"
	roles := func(names ...string) string {
		text := "roles:\n"
		for _, name := range names {
			text += strings.ReplaceAll(role, "%s", name)
		}
		return text
	}
	arn := func(name string) string { return "arn:aws:iam::123456789012:role/" + name }
	write := identity.Request{Action: "aps:RemoteWrite", Resource: workspace}

	h := open(t, oneUser("AKIA1")+roles("stays", "goes"))
	stays, goes := h.assume(t, arn("stays"), "s"), h.assume(t, arn("goes"), "s")
	id := h.principal(t, "AKIA1").UserID
	rotated, err := h.RotateKey("AKIA1")
	require.NoError(t, err)
	require.NoError(t, h.RemovePolicy(arn("stays"), "arn:aws:iam::aws:policy/AdministratorAccess"))
	require.False(t, h.Authorize(stays.Principal, write).Allowed)

	require.NoError(t, os.WriteFile(h.file, []byte(oneUser("AKIA1")+roles("stays")), 0o600))
	require.NoError(t, h.Reload())

	key, ok := h.LookupKey(stays.AccessKeyID)
	require.True(t, ok)
	require.Equal(t, stays.SessionToken, key.SessionToken)
	require.True(t, h.Authorize(stays.Principal, write).Allowed, "what the API took away is there again")
	_, ok = h.LookupKey(goes.AccessKeyID)
	require.False(t, ok)
	require.Contains(t, h.WhyUnknown(goes.AccessKeyID), "role/goes is no longer in the identity file")
	require.Equal(t, id, h.principal(t, "AKIA1").UserID, "unique ids stay")
	_, ok = h.LookupKey(rotated.AccessKeyID)
	require.False(t, ok)
	require.Contains(t, h.WhyUnknown(rotated.AccessKeyID), "access key of user/a is no longer in the identity file")
}
