package docs

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// judgeOutput wants what a page shows to be what was printed: its lines in that order, blanks aside. "..." stands for
// anything; what was printed between the lines is not looked at.
func judgeOutput(shown, printed string) error {
	rest := strings.Split(printed, "\n")
	for line := range strings.Lines(shown) {
		line = squeeze(line)
		if line == "" || line == "..." {
			continue
		}
		parts := strings.Split(line, "...")
		for i, part := range parts {
			parts[i] = regexp.QuoteMeta(part)
		}
		form, err := regexp.Compile("^" + strings.Join(parts, ".*") + "$")
		if err != nil {
			return err
		}
		at := 0
		for at < len(rest) && !form.MatchString(squeeze(rest[at])) {
			at++
		}
		if at == len(rest) {
			return fmt.Errorf("the page shows\n  %s\nwhich was not printed, or not after the line before; this was:\n%s", line, printed)
		}
		rest = rest[at+1:]
	}
	return nil
}

// squeeze leaves one blank where there are several.
func squeeze(line string) string { return strings.Join(strings.Fields(line), " ") }

// exchange is a command of a console block and what the page shows below it.
type exchange struct{ command, shown string }

// exchanges takes a console block apart.
func exchanges(text string) ([]exchange, error) {
	var list []exchange
	continued := false
	for line := range strings.Lines(text) {
		switch command, typed := strings.CutPrefix(line, "$ "); {
		case typed:
			list = append(list, exchange{command: command})
			line = command
			continued = true
		case len(list) == 0:
			return nil, fmt.Errorf("a console block begins with \"$ \" and a command, not with %q", strings.TrimSpace(line))
		case continued:
			list[len(list)-1].command += line
		default:
			list[len(list)-1].shown += line
		}
		continued = continued && strings.HasSuffix(strings.TrimRight(line, "\n"), "\\")
	}
	return list, nil
}

// TestOutput sees differences found, and none where there is none.
func TestOutput(t *testing.T) {
	printed := "12:00 begin\nvalue   7\n\nend in 3.1 s\n"
	for shown, right := range map[string]bool{
		"value 7":                    true,
		"... begin\n...\nend in ...": true,
		"":                           true,
		"value 8":                    false,
		"value":                      false,
		"end in ...\nvalue 7":        false,
	} {
		assert.Equal(t, right, judgeOutput(shown, printed) == nil, shown)
	}
	got, err := exchanges("$ one \\\n  two\nout\n\n$ three\n")
	require.NoError(t, err)
	require.Equal(t, []exchange{{"one \\\n  two\n", "out\n\n"}, {"three\n", ""}}, got)
	_, err = exchanges("out\n")
	require.Error(t, err)
}
