package sigv4

import "strings"

// paths undoes changes of the path and of the way it was encoded.
func (i *investigation) paths(yield func(guess) bool) bool {
	raw := i.target.path
	try := func(cause, canonical, text string) bool {
		c := i.base
		c.path = canonical
		return canonical == i.base.path || yield(guess{cause, text, c})
	}
	signed := func(path string) string { return string(appendPath(nil, path)) }
	const remedy = " Let nothing between client and server clean or rewrite the path, or sign the path that arrives."

	plain := decodePath(raw)
	const rule = " Sign the path with every byte encoded twice, as the signers of the AWS SDKs do for all services but S3."
	if !try(CausePathEncoding, raw, "The client signed the path encoded once, which is right for S3 only."+rule) ||
		!try(CausePathEncoding, signed(plain), "The client signed the decoded path, encoded once."+rule) ||
		!try(CausePathEncoding, plain, "The client signed the decoded path without encoding it."+rule) ||
		!try(CausePathEncoding, signed(signed(plain)), "The client signed the path in another encoding than it sent: escapes were added or "+
			"taken away on the way."+rule) {
		return false
	}
	for _, other := range []string{lowerEscapes(raw), upperEscapes(raw)} {
		if !try(CausePathEncoding, signed(other), "The client signed the escapes of the path in hex digits of the other case: they were rewritten on "+
			"the way (Python's requests does so). Send escapes in upper-case hex.") {
			return false
		}
	}
	if !try(CausePathEncoding, signed(plainUnreserved(raw)), "The client signed letters, digits or -._~ of the path as they are, and they "+
		"arrived escaped. "+needlessRemedy) {
		return false
	}
	for _, other := range []string{strings.TrimRight(raw, "/"), raw + "/"} {
		if !try(CausePath, signed(other), "The client signed a path that differs in the slash at its end."+remedy) {
			return false
		}
	}
	for _, other := range []string{
		"/" + raw, normalizePath(raw), normalizePath(raw) + "/", squeeze(raw), "", "//",
		strings.Replace(raw, "/api/", "//api/", 1), strings.Replace(raw, "/alertmanager/", "//alertmanager/", 1),
	} {
		if !try(CausePath, signed(other), "The client signed a path that differs in double slashes or dot segments: the path was cleaned "+
			"after signing, or before."+remedy) {
			return false
		}
	}
	for _, header := range []string{"X-Forwarded-Prefix", "X-Original-Uri", "X-Forwarded-Uri", "X-Envoy-Original-Path", "X-Rewrite-Url"} {
		value := i.r.Header.Get(header)
		if value == "" || len(value) > maxRehashed {
			continue
		}
		path, _, _ := strings.Cut(value, "?")
		if header == "X-Forwarded-Prefix" {
			path = strings.TrimRight(path, "/") + raw
		}
		if !try(CausePath, signed(path), "The client signed another path: a proxy rewrote it, and says so in the header "+header+"."+remedy) {
			return false
		}
	}
	// A proxy in front of one workspace adds its prefix.
	if rest, ok := strings.CutPrefix(raw, "/workspaces/"); ok {
		if slash := strings.IndexByte(rest, '/'); slash >= 0 {
			if !try(CausePath, signed(rest[slash:]), "The client signed the path without the prefix of the workspace: a proxy put it in front after signing."+remedy) {
				return false
			}
		}
	}
	return true
}

const needlessRemedy = "Escape none of those in a path: libraries write such escapes anew (Python's requests does so)."

// undoneEscapes puts back an escape that none of the path needs and that was undone on
// the way: of -, ., _ and ~ wherever they stand, as many a library escapes them, and of
// one byte at a time, from the end, where the varying part of a path is.
func (i *investigation) undoneEscapes(yield func(guess) bool) bool {
	raw := i.target.path
	try := func(path string) bool {
		c := i.base
		c.path = string(appendPath(nil, path))
		return path == raw || yield(guess{CausePathEncoding, "The client signed an escape in the path that nothing needs, and it was undone on the way. " +
			needlessRemedy, c})
	}
	for _, mark := range "~_-." {
		escape := string(appendEscape(nil, byte(mark)))
		for _, form := range []string{escape, lowerEscapes(escape)} {
			if !try(strings.ReplaceAll(raw, string(mark), form)) {
				return false
			}
		}
	}
	tried := 0
	for k := len(raw) - 1; k >= 0 && tried < maxVaried; k-- {
		if !unreserved(raw[k]) || k >= 1 && raw[k-1] == '%' || k >= 2 && raw[k-2] == '%' { // nor the digits of an escape
			continue
		}
		tried++
		if !try(raw[:k] + string(appendEscape(nil, raw[k])) + raw[k+1:]) {
			return false
		}
	}
	return true
}

// plainUnreserved undoes the escapes of what needs none.
func plainUnreserved(path string) string {
	return mapEscapes(path, func(escape string, c byte) string {
		if unreserved(c) {
			return string(c)
		}
		return escape
	})
}

// upperEscapes writes the hex digits of escapes in upper case.
func upperEscapes(path string) string {
	return mapEscapes(path, func(escape string, _ byte) string { return strings.ToUpper(escape) })
}

// mapEscapes rewrites each percent escape, of the byte c, of a path.
func mapEscapes(path string, rewrite func(escape string, c byte) string) string {
	if !strings.Contains(path, "%") {
		return path
	}
	var out strings.Builder
	for k := 0; k < len(path); {
		c, width := decodeByte(path[k:])
		if width == 1 {
			out.WriteByte(path[k]) // as it stands: a plus is a plus
		} else {
			out.WriteString(rewrite(path[k:k+width], c))
		}
		k += width
	}
	return out.String()
}

// decodePath undoes the percent escapes of a path, in which a plus is a plus.
func decodePath(path string) string {
	if !strings.Contains(path, "%") {
		return path
	}
	out := make([]byte, 0, len(path))
	for k := 0; k < len(path); k++ {
		c, width := path[k], 1
		if c == '%' {
			c, width = decodeByte(path[k:])
		}
		out = append(out, c)
		k += width - 1
	}
	return string(out)
}

// squeeze joins runs of slashes, as proxies do that leave dot segments alone.
func squeeze(path string) string {
	out := make([]byte, 0, len(path))
	for k := range len(path) {
		if path[k] != '/' || k == 0 || path[k-1] != '/' {
			out = append(out, path[k])
		}
	}
	return string(out)
}
