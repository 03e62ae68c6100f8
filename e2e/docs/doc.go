// Package docs holds every page of the repository to its word: each block of it is a command that runs, a file that a
// command uses, text that is in a file, or says by a marker which test runs it instead; and each link leads somewhere.
//
// `make test` accounts for all blocks and links; `make test-docs` (build tag docs) runs the commands, page by page, in a
// fresh copy of the repository and without a network.
//
// # Blocks
//
// Blocks are fenced and have a language. Indented ones are refused: nobody can say what they are.
//
//	sh       commands; run in one shell a page, in order. A text block right after it is their output.
//	console  commands after "$ ", and below each what it prints
//	text     what is shown and not typed
//	go, yaml, json, ini  need a marker: from or file, or run-by
//
// Output is compared line by line, in order, blanks aside; "..." stands for anything within a line, and as a line of its
// own for any number of lines. What the command prints besides does not matter.
//
// # Markers
//
// A marker is an HTML comment right before the block; there may be several.
//
//	<!-- docs: run-by make e2e-kind: it needs Docker -->   not run here; .ci/run runs this target, with these arguments
//	<!-- docs: run-by TestAction: it needs a runner -->    not run here; this Go test does
//	<!-- docs: not-run an AWS account -->                  nobody runs it; the reason is one of a few (notRun)
//	<!-- docs: background http://127.0.0.1:2677/-/ready -->  left running; the next block waits until the URL answers 200
//	<!-- docs: file mine.yaml -->                          written to that file, which a later block must name
//	<!-- docs: file mine.yaml scenario -->                 and read as a scenario
//	<!-- docs: from emulator/example_test.go -->           these lines are in that file, whatever their indentation
//	<!-- emulator/example_test.go TestThreeLines -->       the same
//	<!-- docs: fails 1 -->                                 the commands end with that exit code
//	<!-- docs: before
//	cp fixtures/manifests/scaling/base/scaledobject.yaml .
//	-->                                                    commands that the reader has done in another way
package docs
