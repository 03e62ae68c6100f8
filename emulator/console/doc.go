// Package console is the emulator's web page at /_ampersand/: workspaces with their
// series, rates and limits, a query box, the request inspector, faults, and what to
// paste into other programs.
//
// Pages are made on the server, from templates and files that are part of the program.
// They work without JavaScript and load nothing from elsewhere. Who may see them is
// decided before this package is asked.
package console
