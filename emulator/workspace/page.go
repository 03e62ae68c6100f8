package workspace

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
)

// Constraints of the API model [D].
const (
	defaultPageSize = 100 // when maxResults is absent
	maxPageSize     = 1000
	maxPageToken    = 1000
)

// cursor is the place in a list after which a page starts. Because it names a
// place and not a count, resources that come and go between two pages neither
// repeat nor hide others.
type cursor struct {
	CreatedAt time.Time
	ID        string
}

// compare orders a list by age and then by id. The order of the real service is
// not documented [I].
func (c cursor) compare(o cursor) int {
	return cmp.Or(c.CreatedAt.Compare(o.CreatedAt), cmp.Compare(c.ID, o.ID))
}

// token returns the cursor as the opaque nextToken. A name of 128 characters
// still fits into the 1000 that a token has.
func (c cursor) token() string {
	return base64.RawURLEncoding.EncodeToString([]byte(c.CreatedAt.Format(time.RFC3339Nano) + " " + c.ID))
}

func parseCursor(token string) (cursor, error) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return cursor{}, fmt.Errorf("decode page token: %w", err)
	}
	at, id, ok := strings.Cut(string(raw), " ")
	if !ok || id == "" {
		return cursor{}, errors.New("page token without an id")
	}
	t, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return cursor{}, fmt.Errorf("time of page token: %w", err)
	}
	return cursor{CreatedAt: t, ID: id}, nil
}

// window is which part of a list a page shows.
type window struct {
	size  int
	after cursor // zero: from the beginning
}

// window reads maxResults and nextToken, which all lists have.
func (c *checker) window(query url.Values) window {
	w := window{size: defaultPageSize}
	if query.Has("maxResults") {
		n, err := strconv.Atoi(query.Get("maxResults"))
		switch {
		case err != nil:
			c.fail("maxResults", "Member must be a number")
		case n < 1 || n > maxPageSize:
			c.fail("maxResults", "Member must be between 1 and 1000, inclusive")
		}
		w.size = n
	}
	if token := query.Get("nextToken"); token != "" && c.length("nextToken", token, 0, maxPageToken) {
		var err error
		if w.after, err = parseCursor(token); err != nil {
			c.fail("nextToken", "Member must be a token of an earlier answer")
		}
	}
	return w
}

// paginate sorts what was found and returns the window of it, and the token of
// the next page unless this is the last.
func paginate[E any](found []E, w window, place func(E) cursor) ([]E, string) {
	slices.SortFunc(found, func(a, b E) int { return place(a).compare(place(b)) })
	if w.after != (cursor{}) {
		found = slices.DeleteFunc(found, func(e E) bool { return place(e).compare(w.after) <= 0 })
	}
	if len(found) <= w.size {
		return found, ""
	}
	return found[:w.size], place(found[w.size-1]).token()
}

// cannotParse is the refusal of a request that is not even syntax.
func cannotParse(message string) error {
	return awsapi.Validation(awsapi.ReasonCannotParse, message)
}
