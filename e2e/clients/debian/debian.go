// Package debian knows the distribution's AWS CLI, curl and Prometheus: what to unpack, and how to start them from where
// they were unpacked, so that nothing is installed and nothing of the machine's own has a part in them.
package debian

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/ampersand-amp/ampersand/e2e/lab/image"
)

// Userland is the distribution's programs. What they need for manuals, web pages and installation is left out: it is more
// than half.
func Userland() image.Userland {
	return image.Userland{
		Name:     "clients",
		Packages: []string{"awscli", "curl", "prometheus"},
		// The C library is the machine's own: its loader is the one that starts the programs.
		Without: []string{
			"libc6", "adduser", "debconf", "dpkg", "groff-base", "init-system-helpers", "javascript-common", "passwd", "perl",
			"sgml-base", "tar", "usrmerge", "xml-core", "fonts-glyphicons-halflings", "libjs-bootstrap", "libjs-bootstrap4",
			"libjs-d3", "libjs-eonasdan-bootstrap-datetimepicker", "libjs-jquery", "libjs-jquery-hotkeys", "libjs-moment",
			"libjs-moment-timezone", "libjs-mustache", "libjs-popper.js", "libjs-rickshaw",
		},
		Drop: []string{"usr/share/javascript", "usr/share/nodejs", "usr/bin/promtool"},
	}
}

// Command is how to start a program: its path with what comes before the caller's arguments, and what it needs of the
// environment.
type Command struct {
	Args []string
	Env  []string
}

// Libraries is the setting of the environment by which the programs unpacked in a folder find their libraries.
func Libraries(unpacked string) (string, error) {
	found, err := filepath.Glob(filepath.Join(unpacked, "usr", "lib", "*-linux-gnu*"))
	if err != nil {
		return "", fmt.Errorf("look for libraries: %w", err)
	}
	if len(found) == 0 {
		return "", errors.New("the packages hold no libraries")
	}
	return "LD_LIBRARY_PATH=" + strings.Join(found, ":"), nil
}

// Curl is curl.
func Curl(unpacked string) (Command, error) {
	libraries, err := Libraries(unpacked)
	return Command{Args: []string{filepath.Join(unpacked, "usr", "bin", "curl")}, Env: []string{libraries}}, err
}

// AWS is the AWS CLI, on the interpreter that was unpacked with it.
func AWS(unpacked string) (Command, error) {
	libraries, err := Libraries(unpacked)
	usr := filepath.Join(unpacked, "usr")
	return Command{
		Args: []string{filepath.Join(usr, "bin", "python3"), filepath.Join(usr, "bin", "aws")},
		Env: []string{
			libraries, "PYTHONHOME=" + usr, "PYTHONPATH=" + filepath.Join(usr, "lib/python3/dist-packages"), "PYTHONNOUSERSITE=1", "AWS_PAGER=",
		},
	}, err
}

// Prometheus is Prometheus.
func Prometheus(unpacked string) (Command, error) {
	libraries, err := Libraries(unpacked)
	return Command{Args: []string{filepath.Join(unpacked, "usr", "bin", "prometheus")}, Env: []string{libraries}}, err
}
