// Package sigv4test takes signed requests off the wire, changes one byte of them at a
// time and knows what a server has to say to each change. It is for tests: it signs
// nothing and judges nothing, so that what it says of package sigv4 is worth
// something.
package sigv4test
