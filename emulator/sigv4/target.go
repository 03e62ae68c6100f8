package sigv4

import (
	"net/http"
	"strings"
)

// target is the request target as it was on the wire, undecoded.
type target struct {
	path, query string
}

// splitTarget takes the raw request target apart. The parsed URL is the fallback for
// requests that never were on a wire: its path is not the wire form in all cases
// (amp-api.md 5.3, 3). Absolute-form targets, as a proxy gets them, lose scheme and
// authority.
func splitTarget(r *http.Request) target {
	raw := r.RequestURI
	if raw == "" && r.URL != nil {
		raw = r.URL.RequestURI()
	}
	path, query, _ := strings.Cut(raw, "?")
	if !strings.HasPrefix(path, "/") {
		if _, rest, ok := strings.Cut(path, "://"); ok {
			path = ""
			if slash := strings.IndexByte(rest, '/'); slash >= 0 {
				path = rest[slash:]
			}
		}
	}
	if path == "" {
		path = "/"
	}
	return target{path: path, query: query}
}

// normalizePath removes empty and dot segments the way botocore does before it
// signs: Go's signers do not ([M] amp-api.md 5.1, path normalization).
func normalizePath(path string) string {
	if !strings.Contains(path, "//") && !strings.Contains(path, "/.") {
		return path
	}
	var kept []string
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "", ".":
		case "..":
			if len(kept) > 0 {
				kept = kept[:len(kept)-1]
			}
		default:
			kept = append(kept, segment)
		}
	}
	clean := "/" + strings.Join(kept, "/")
	if len(kept) > 0 && strings.HasSuffix(path, "/") {
		clean += "/"
	}
	return clean
}

// appendPath appends the canonical path: the raw path encoded once more, so that
// an escape of the client becomes %25xx ([M] amp-api.md 5.1, canonical path).
func appendPath(dst []byte, path string) []byte {
	for i := range len(path) {
		if c := path[i]; c == '/' || unreserved(c) {
			dst = append(dst, c)
		} else {
			dst = appendEscape(dst, c)
		}
	}
	return dst
}

// unreserved reports whether a byte stays as it is in canonical paths and queries.
func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}

// appendEscape appends a percent escape in upper-case hex.
func appendEscape(dst []byte, c byte) []byte {
	const hexDigits = "0123456789ABCDEF"
	return append(dst, '%', hexDigits[c>>4], hexDigits[c&15])
}
