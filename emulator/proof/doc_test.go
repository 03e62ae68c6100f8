// Package proof holds Ampersand against Prometheus, from outside: samples go in
// by signed remote write and come back by the signed HTTP API of a running
// emulator, and what they come to is judged by Prometheus' own code. It has
// promqltest's suite, a differential test against a plain Prometheus,
// Prometheus itself as the sender, and the benchmarks. There are tests only.
package proof
