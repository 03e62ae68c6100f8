package image_test

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab/image"
)

// distribution is a machine with apt and two packages, of which one replaces files of old folders.
type distribution struct {
	*standIns
	*image.Debian
	logged *lines
	clock  time.Time
}

func newDistribution(t *testing.T) *distribution {
	t.Helper()
	d := &distribution{standIns: newStandIns(t, "apt-get", "apt-config", "dpkg-deb"), logged: &lines{}, clock: time.Now()}
	d.Debian = &image.Debian{Cache: filepath.Join(t.TempDir(), "cache"), Logf: d.logged.printf, Now: func() time.Time { return d.clock }}
	d.write(t, "packages/list", "Inst libone (2:1.0-1 Debian:12.1/stable, Debian-Security:12/stable [amd64])\n"+
		"Inst two (1.5+b1 Debian:12.1/stable [all]) []\nConf two (1.5+b1 Debian:12.1/stable [all])\n")
	dir := func(name string) *tar.Header {
		return &tar.Header{Name: name, Typeflag: tar.TypeDir, Mode: 0o755, ModTime: d.clock}
	}
	file := func(name string, mode int64, uid, gid int) *tar.Header {
		return &tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: mode, Uid: uid, Gid: gid, Uname: "somebody", ModTime: d.clock}
	}
	link := func(kind byte, name, target string) *tar.Header {
		return &tar.Header{Name: name, Linkname: target, Typeflag: kind, Mode: 0o777}
	}
	d.write(t, "packages/libone_2%3a1.0-1_amd64.deb", string(packed(t,
		dir("./"), dir("./lib/"), dir("./lib/x86_64-linux-gnu/"), file("./lib/x86_64-linux-gnu/libone.so.1.0", 0o644, 0, 0),
		link(tar.TypeSymlink, "./lib/x86_64-linux-gnu/libone.so.1", "libone.so.1.0"),
		dir("./lib64/"), link(tar.TypeSymlink, "./lib64/ld.so", "/lib/x86_64-linux-gnu/libone.so.1.0"),
		dir("./usr/"), dir("./usr/lib/"), dir("./usr/lib/x86_64-linux-gnu/"),
		link(tar.TypeSymlink, "./usr/lib/x86_64-linux-gnu/libone.so", "../../../lib/x86_64-linux-gnu/libone.so.1"),
		link(tar.TypeSymlink, "./usr/lib/x86_64-linux-gnu/libone.so.1.0", "/lib/x86_64-linux-gnu/libone.so.1.0"),
		dir("./usr/share/"), dir("./usr/share/doc/"), dir("./usr/share/doc/libone/"), file("./usr/share/doc/libone/copyright", 0o644, 0, 0),
	)))
	d.write(t, "packages/two_1.5+b1_all.deb", string(packed(t,
		link(tar.TypeSymlink, "./sbin", "usr/sbin"), dir("./bin/"), file("./bin/two", 0o4755, 0, 42), link(tar.TypeLink, "./bin/deux", "./bin/two"),
		dir("./usr/share/"), dir("./usr/share/two/"), file("./usr/share/two/big.txt", 0o644, 0, 0), dir("./etc/"), file("./etc/two.conf", 0o640, 7, 8),
	)))
	return d
}

func userland() image.Userland {
	return image.Userland{Name: "test", Packages: []string{"two"}, Without: []string{"perl-base"}, Drop: []string{"usr/share/two/*.txt"}}
}

func (d *distribution) layer(t *testing.T) image.Layer {
	t.Helper()
	l, err := d.Layer(t.Context(), userland())
	require.NoError(t, err)
	return l
}

func TestPackagesBecomeALayer(t *testing.T) {
	d := newDistribution(t)
	l := d.layer(t)
	require.Equal(t, []image.Package{{"libone", "2:1.0-1", "amd64"}, {"two", "1.5+b1", "all"}}, l.Packages)

	found := map[string]tar.Header{}
	f, err := os.Open(l.Path)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	for in := tar.NewReader(f); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		require.NotContains(t, found, h.Name)
		if h.Typeflag == tar.TypeLink {
			require.Contains(t, found, h.Linkname, "a hard link comes after its file")
		}
		require.Zero(t, h.ModTime.Unix(), h.Name)
		require.Empty(t, h.Uname, h.Name)
		found[h.Name] = *h
	}
	lib := "usr/lib/x86_64-linux-gnu/"
	for name, target := range map[string]string{
		"bin": "usr/bin", "lib": "usr/lib", "sbin": "usr/sbin", "lib64": "usr/lib64",
		lib + "libone.so.1": "libone.so.1.0",
		lib + "libone.so":   "/" + lib + "libone.so.1",
		"usr/lib64/ld.so":   "/" + lib + "libone.so.1.0",
	} {
		require.Equal(t, byte(tar.TypeSymlink), found[name].Typeflag, name)
		require.Equal(t, target, found[name].Linkname, name)
	}
	require.Equal(t, byte(tar.TypeReg), found[lib+"libone.so.1.0"].Typeflag, "the link from the old place to itself is gone")
	two := found["usr/bin/two"]
	require.Equal(t, []int64{0o4755, 0, 42}, []int64{two.Mode, int64(two.Uid), int64(two.Gid)})
	require.Equal(t, "usr/bin/two", found["usr/bin/deux"].Linkname)
	conf := found["etc/two.conf"]
	require.Equal(t, []int64{0o640, 7, 8}, []int64{conf.Mode, int64(conf.Uid), int64(conf.Gid)})
	require.NotContains(t, found, "usr/share/two/big.txt")
	require.NotContains(t, found, "usr/share/doc/libone/copyright")
}

func TestMachinesAptIsLeftAlone(t *testing.T) {
	d := newDistribution(t)
	d.layer(t)
	conf, err := os.ReadFile(filepath.Join(d.Cache, "debian", "apt", "apt.conf"))
	require.NoError(t, err)
	require.Contains(t, string(conf), "proxy.example:3128", "packages come the machine's way")
	require.NotContains(t, string(conf), "rm -rf")
	require.NotContains(t, string(conf), `"/var/lib/apt"`)
	status, err := os.ReadFile(filepath.Join(d.Cache, "debian", "apt", "status"))
	require.NoError(t, err)
	require.Contains(t, string(status), "Package: perl-base\nStatus: install ok installed\n")
	require.Zero(t, d.calls(t, "apt-get", "-o Dir::State::status=/var"))
}

func TestLayerIsUsedAgain(t *testing.T) {
	d := newDistribution(t)
	first := d.layer(t)
	require.Equal(t, first, d.layer(t))
	require.Equal(t, 1, d.calls(t, "--download-only"))

	require.NoError(t, os.Truncate(first.Path, 100))
	require.Equal(t, first, d.layer(t))
	require.Equal(t, 2, d.calls(t, "--download-only"))
	require.Equal(t, 1, d.logged.count("not as it was made"))

	d.write(t, "packages/list", "Inst two (1.5+b1 Debian:12.1/stable [all])\n")
	require.NotEqual(t, first.Path, d.layer(t).Path, "the distribution has other packages")

	u := userland()
	u.Drop = nil
	other, err := d.Layer(t.Context(), u)
	require.NoError(t, err)
	require.NotEqual(t, first.Path, other.Path)
}

func TestIndexIsReadOnceADay(t *testing.T) {
	d := newDistribution(t)
	d.layer(t)
	d.layer(t)
	require.Equal(t, 1, d.calls(t, "apt-get", "update"))
	d.clock = d.clock.Add(25 * time.Hour)
	d.layer(t)
	require.Equal(t, 2, d.calls(t, "apt-get", "update"))

	d.clock = d.clock.Add(25 * time.Hour)
	d.write(t, "update-fails", "no network")
	d.write(t, "download-fails", "no network")
	d.layer(t)
	require.Equal(t, 1, d.logged.count("going on with what is known: E: no network"), d.logged)
}

func TestPackagesThatCannotBeHad(t *testing.T) {
	for what, want := range map[string]string{
		"update":   "read the distribution's package index: apt-get update: exit status 100",
		"simulate": "find the packages two: apt-get install --simulate two: exit status 100",
		"download": "download packages: apt-get",
	} {
		t.Run(what, func(t *testing.T) {
			d := newDistribution(t)
			d.write(t, what+"-fails", "the reason")
			_, err := d.Layer(t.Context(), userland())
			require.ErrorContains(t, err, want)
			require.ErrorContains(t, err, "E: the reason")
			left, err := filepath.Glob(filepath.Join(d.Cache, "debian", "test-*"))
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
	t.Run("a package that did not come", func(t *testing.T) {
		d := newDistribution(t)
		require.NoError(t, os.Remove(filepath.Join(d.dir, "packages", "two_1.5+b1_all.deb")))
		_, err := d.Layer(t.Context(), userland())
		require.ErrorContains(t, err, "two 1.5+b1 did not come")
	})
	t.Run("a package that is cut off", func(t *testing.T) {
		d := newDistribution(t)
		d.write(t, "packages/two_1.5+b1_all.deb", "no tar file")
		_, err := d.Layer(t.Context(), userland())
		require.ErrorContains(t, err, "unpack ")
		require.ErrorContains(t, err, "two_1.5+b1_all.deb")
	})
	t.Run("no apt", func(t *testing.T) {
		newStandIns(t)
		d := &image.Debian{Cache: t.TempDir(), Logf: t.Logf}
		_, err := d.Layer(t.Context(), userland())
		require.ErrorIs(t, err, image.ErrNoApt)
		require.ErrorContains(t, err, "use E2E_IMAGES=published")
	})
}

func TestSysroot(t *testing.T) {
	d := newDistribution(t)
	dir, err := d.Sysroot(t.Context(), "libone-dev")
	require.NoError(t, err)
	// By the link that a compiler follows, which is absolute in the package's world.
	text, err := os.ReadFile(filepath.Join(dir, "usr", "lib", "x86_64-linux-gnu", "libone.so"))
	require.NoError(t, err)
	require.Equal(t, "libone.so.1.0", string(text))
	text, err = os.ReadFile(filepath.Join(dir, "bin", "deux"))
	require.NoError(t, err)
	require.Equal(t, "two", string(text))

	again, err := d.Sysroot(t.Context(), "libone-dev")
	require.NoError(t, err)
	require.Equal(t, dir, again)
	require.Equal(t, 1, d.calls(t, "--download-only"))
}

func TestUnpacked(t *testing.T) {
	d := newDistribution(t)
	dir, err := d.Unpacked(t.Context(), userland())
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(dir, "usr", "bin", "two"))
	require.NoError(t, err)
	require.Equal(t, "two", string(text))
	require.NoFileExists(t, filepath.Join(dir, "usr", "share", "two", "big.txt"), "what is dropped does not come")
	require.Equal(t, dir+".tar", d.layer(t).Path, "it is the layer's content")

	left, err := filepath.Glob(filepath.Join(d.Cache, "debian", "*-unpacking-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}
