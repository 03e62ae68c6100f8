package check

import (
	"encoding/base64"
	"slices"
	"strings"
)

// signing says whether KEDA signs a trigger's requests, which follows from GetAwsAuthorization of KEDA's pkg/scalers/aws: it
// takes an identity, not awsRegion, and without one the request goes out unsigned and nothing says so. Seen of KEDA 2.21's scaler
// with each of these identities [M].
type signing struct {
	// signs is true when there is an identity, and known when the files tell.
	signs, known bool
	// by says where the identity comes from.
	by string
	// region is true when the identity brings a region.
	region bool
	// ambient is true for an identity of a pod, whose environment may name a region.
	ambient bool
}

// authOf finds the TriggerAuthentication that a trigger names.
func (s set) authOf(t *trigger) object {
	name, kind := t.node.at("authenticationRef", "name").text(), t.authKind()
	for _, a := range s.auths {
		if a.name == name && a.kind == kind && (kind == "ClusterTriggerAuthentication" || a.near(t.owner.object)) {
			return a
		}
	}
	return object{}
}

func (t *trigger) authKind() string {
	if kind := t.node.at("authenticationRef", "kind").text(); kind != "" {
		return kind
	}
	return "TriggerAuthentication"
}

func (s set) signingOf(t *trigger) signing {
	owner := t.meta.at("identityOwner").text()
	spec := t.auth.at("spec")
	named := t.node.at("authenticationRef", "name").text()
	provider := spec.at("podIdentity", "provider").text()
	params := parameters(spec)
	region := slices.Contains(params, "awsRegion")
	has := func(name string) bool { return slices.Contains(params, name) }
	switch {
	case t.meta.at("authModes").there() || t.meta.at("authMode").there():
		return signing{known: true, by: "authModes"}
	case provider == "aws":
		return signing{signs: true, known: true, by: "podIdentity aws", region: region, ambient: true}
	case owner != "" && owner != "pod":
		// The code asks for "operator", "pod" and nothing; whatever else there is leaves the operator's own identity.
		return signing{signs: true, known: true, by: "identityOwner: " + owner, region: region, ambient: true}
	case provider == "aws-eks" || has("awsRoleArn"):
		return signing{signs: true, known: true, by: "awsRoleArn", region: region, ambient: true}
	case (has("awsAccessKeyID") || has("awsAccessKeyId")) && has("awsSecretAccessKey"):
		return signing{signs: true, known: true, by: "keys of " + t.auth.kind + " " + named, region: region}
	case (t.meta.at("awsAccessKeyID").there() || t.meta.at("awsAccessKeyIDFromEnv").there()) && t.meta.at("awsSecretAccessKeyFromEnv").there():
		return signing{signs: true, known: true, by: "keys of the workload's environment"}
	case named != "" && t.auth.yaml == nil, elsewhere(spec):
		return signing{}
	}
	return signing{known: true}
}

// parameters are the names that a TriggerAuthentication gives values to.
func parameters(spec node) []string {
	var names []string
	for _, source := range []string{"secretTargetRef", "configMapTargetRef", "env"} {
		for _, entry := range spec.at(source).items() {
			names = append(names, entry.at("parameter").text())
		}
	}
	return names
}

// elsewhere reports whether a TriggerAuthentication gets values from where no file shows them.
func elsewhere(spec node) bool {
	for key := range spec.fields() {
		if !slices.Contains([]string{"secretTargetRef", "configMapTargetRef", "env", "podIdentity"}, key.text()) {
			return true
		}
	}
	return false
}

// checkSigning judges who signs.
func (t *trigger) checkSigning(found *notes, s set) {
	amp := t.region() != ""
	t.checkAuth(found, s)
	switch {
	case t.signing.by == "authModes" && amp:
		found.add("auth-modes", t.where("authModes"), "authModes is set for AMP's address %s", t.ServerAddress)
	case amp && t.signing.known && !t.signing.signs:
		found.add("unsigned", t.where("serverAddress"), "nothing gives KEDA an identity to sign requests to AMP with")
	case amp && t.Region == "" && !t.signing.region && t.signing.ambient:
		found.add("region-from-environment", t.where("serverAddress"), "awsRegion is missing and the identity is a pod's (%s)", t.signing.by)
	case amp && t.Region == "" && !t.signing.region:
		found.add("region-missing", t.where("serverAddress"), "awsRegion is missing for AMP's address")
	case !amp && t.proxy() && t.signing.signs:
		found.add("signed-twice", t.where("awsRegion"), "KEDA signs (%s) what goes to the proxy %s", t.signing.by, t.address.Host)
	case !amp && t.service() && !t.proxy() && t.signing.signs:
		found.add("signed-for-service", t.where("serverAddress"), "KEDA signs (%s) what goes to the Service %s", t.signing.by, t.address.Host)
	case !amp && t.proxy() && t.Region != "":
		found.add("region-with-proxy", t.where("awsRegion"), "awsRegion %q is set for the proxy %s", t.Region, t.address.Host)
	}
	if region := t.region(); region != "" && t.Region != "" && region != t.Region {
		found.add("region-mismatch", t.where("awsRegion"), "awsRegion is %s, and the address is in %s", t.Region, region)
	}
	if unsafe := t.meta.at("unsafeSsl"); unsafe.text() == "true" && t.Signs {
		found.add("unsafe-ssl", t.owner.where(unsafe), "unsafeSsl is true and KEDA signs (%s)", t.signing.by)
	}
	switch owner := t.meta.at("identityOwner"); {
	case owner.there() && !slices.Contains([]string{"operator", "pod"}, owner.text()):
		found.add("identity-owner-unknown", t.owner.where(owner), "identityOwner is %q", owner.text())
	case owner.there() && t.auth.at("spec", "podIdentity", "provider").text() == "aws":
		found.add("identity-owner-ignored", t.owner.where(owner), "identityOwner is %q beside podIdentity aws", owner.text())
	case owner.text() == "operator":
		found.add("identity-owner", t.owner.where(owner), "identityOwner is operator")
	}
}

// checkAuth judges the TriggerAuthentication and its Secrets.
func (t *trigger) checkAuth(found *notes, s set) {
	ref := t.node.at("authenticationRef", "name")
	if !ref.there() {
		return
	}
	if t.auth.yaml == nil {
		for _, a := range s.auths {
			if a.name == ref.text() && a.kind == t.authKind() {
				found.add("authentication-namespace", t.owner.where(ref), "%s %s is in namespace %s, the ScaledObject in %s", a.kind, a.name, a.namespace, t.owner.namespace)
				return
			}
		}
		found.add("authentication-not-given", t.owner.where(ref), "%s %s is not among the files", t.authKind(), ref.text())
		return
	}
	spec := t.auth.at("spec")
	at := place{file: t.auth.file, line: t.auth.line(), object: t.owner.String()}
	if p := spec.at("podIdentity", "provider"); p.text() == "aws-eks" {
		at.line = p.line()
		found.add("aws-eks", at, "podIdentity's provider is aws-eks")
	}
	var temporary bool
	for _, entry := range spec.at("secretTargetRef").items() {
		at.line = entry.line()
		secret, key := s.secret(t, entry.at("name").text()), entry.at("key").text()
		if secret.yaml == nil {
			found.add("secret-not-given", at, "Secret %s (for %s) is not among the files", entry.at("name").text(), entry.at("parameter").text())
			continue
		}
		value, there := secretValue(secret, key)
		if !there {
			found.add("secret-key", at, "Secret %s has no key %s, which %s is to come from", secret.name, key, entry.at("parameter").text())
		}
		temporary = temporary || strings.EqualFold(entry.at("parameter").text(), "awsAccessKeyID") && strings.HasPrefix(value, "ASIA")
	}
	if temporary && !slices.Contains(parameters(spec), "awsSessionToken") {
		at.line = t.auth.line()
		found.add("session-token", at, "the access key is a temporary one (ASIA...), and no awsSessionToken is given")
	}
}

// secret finds the Secret that a TriggerAuthentication names.
func (s set) secret(t *trigger, name string) object {
	for _, o := range s.secrets {
		if o.name == name && (t.auth.kind == "ClusterTriggerAuthentication" || o.near(t.auth)) {
			return o
		}
	}
	return object{}
}

// secretValue returns a value of a Secret. It is looked at and never shown.
func secretValue(secret object, key string) (string, bool) {
	if v := secret.at("stringData", key); v.there() {
		return v.text(), true
	}
	v := secret.at("data", key)
	plain, err := base64.StdEncoding.DecodeString(v.text())
	return string(plain), v.there() && err == nil
}
