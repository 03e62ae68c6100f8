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
