// Package explain holds what the emulator tells about the requests that it saw: the
// JSON of /_ampersand/api/requests, made from a refusal with secrets and tokens taken
// out, and the client and the printer behind `ampersand explain`.
//
// It finds nothing out: a signature's diagnosis is package sigv4's, a denial's reason
// package identity's.
package explain
