// Package console holds the emulator's web page against a real browser: its pages are used by keyboard alone, and
// looked at in both colour schemes and at two widths. `make test-browser` runs it; the build tag keeps it out of what
// needs no Chromium.
package console
