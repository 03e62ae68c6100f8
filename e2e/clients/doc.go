// Package clients holds the emulator against programs that others wrote and built: the distribution's AWS CLI, curl and
// Prometheus 2, and the Prometheus 3 whose module is pinned in fixtures/components. `make test-clients` runs it; the
// build tag keeps it out of what needs no network.
package clients
