package check

import (
	"regexp"
	"strings"
)

// region is the region in the name of AMP's own host, or empty for another host.
func (t *trigger) region() string {
	if t.address == nil {
		return ""
	}
	m := regexp.MustCompile(`^aps-workspaces(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|api\.aws)$`).FindStringSubmatch(t.address.Hostname())
	if m == nil {
		return ""
	}
	return m[1]
}

// proxy reports whether the address is a signing proxy's by its name.
func (t *trigger) proxy() bool {
	if t.address == nil || t.region() != "" {
		return false
	}
	host := t.address.Hostname()
	return strings.Contains(host, "sigv4") || strings.Contains(host, "proxy")
}

// service reports whether the address is a Service's, with a workspace behind it: a proxy's or an emulator's.
func (t *trigger) service() bool {
	if t.address == nil || t.region() != "" {
		return false
	}
	host := t.address.Hostname()
	return (!strings.Contains(host, ".") || strings.HasSuffix(host, ".svc") || strings.Contains(host, ".svc.")) && host != "localhost" &&
		t.address.Scheme == "http" && strings.Contains(t.address.Path, "/workspaces/")
}

// checkAddress judges serverAddress.
func (t *trigger) checkAddress(found *notes) {
	at := t.where("serverAddress")
	if t.ServerAddress == "" {
		found.add("address-missing", at, "trigger %d has no serverAddress", t.Index)
		return
	}
	if t.address == nil {
		found.add("address-invalid", at, "%q is not a URL such as https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-...", t.ServerAddress)
		return
	}
	path := strings.Trim(t.address.Path, "/")
	amp := t.region() != ""
	switch {
	case strings.Contains("/"+path+"/", "/api/v1/"):
		found.add("address-with-api", at, "serverAddress ends in %s", path[strings.Index("/"+path, "/api/v1"):])
	case strings.HasSuffix(t.ServerAddress, "/"):
		found.add("trailing-slash", at, "serverAddress ends in a slash")
	}
	if t.address.RawQuery != "" || t.address.Fragment != "" {
		found.add("address-with-query", at, "serverAddress holds a query or a fragment")
	}
	if amp && t.address.Scheme == "http" {
		found.add("plain-http", at, "AMP's address begins with http://")
	}
	workspace := regexp.MustCompile(`^workspaces/([^/]+)`).FindStringSubmatch(path)
	switch {
	case workspace == nil && (amp || strings.Contains(t.address.Hostname(), "sigv4")):
		found.add("workspace-missing", at, "the path %q names no workspace", t.address.Path)
	case workspace != nil && !regexp.MustCompile(`^ws-[0-9a-f-]+$`).MatchString(workspace[1]):
		found.add("workspace-placeholder", at, "%q is not the id of a workspace", workspace[1])
	}
}
