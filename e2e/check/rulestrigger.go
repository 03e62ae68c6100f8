package check

// triggerRules are about a trigger's metadata, address and identity.
func triggerRules() []Rule {
	return []Rule{
		{
			ID: "metadata-not-text", Level: LevelError, Source: "KEDA",
			Why: "Trigger metadata is text to the API server, which refuses numbers and booleans.",
			Do:  "Put the value in quotes.",
		},
		{
			ID: "unknown-key", Level: LevelWarning, Source: "KEDA",
			Why: "KEDA ignores metadata that its scaler does not know.",
			Do:  "Correct the name or take it out.",
		},
		{
			ID: "metric-name", Level: LevelNote, Source: "recipe",
			Why: "KEDA names the metric itself (s0-prometheus); metricName has no effect.",
			Do:  "Take it out.",
		},
		{
			ID: "not-a-boolean", Level: LevelError, Source: "KEDA",
			Why: "KEDA cannot read it and the scaler fails.",
			Do:  "Write \"true\" or \"false\".",
		},
		{
			ID: "not-a-number", Level: LevelError, Source: "KEDA",
			Why: "KEDA cannot read it and the scaler fails.",
			Do:  "Write a number in quotes.",
		},
		{
			ID: "timeout-invalid", Level: LevelError, Source: "K07",
			Why: "KEDA cannot read it and the scaler fails.",
			Do:  "Write a duration such as \"5s\", or milliseconds.",
		},
		{
			ID: "timeout-short", Level: LevelWarning, Source: "K07",
			Why: "A number without a unit is milliseconds; no signed query over a network is that fast.",
			Do:  "Write a unit: \"5s\".",
		},
		{
			ID: "threshold-missing", Level: LevelError, Source: "KEDA",
			Why: "The scaler needs it.",
			Do:  "Set threshold, the value that one replica is for.",
		},
		{
			ID: "threshold-zero", Level: LevelError, Source: "KEDA",
			Why: "The HPA's target must be above 0, so the HPA is refused.",
			Do:  "Set threshold to the value that one replica is for.",
		},
		{
			ID: "activation-without-effect", Level: LevelNote, Source: "K05",
			Why: "It decides between 0 and 1 replica only, and the workload never goes to 0.",
			Do:  "Take it out, or set minReplicaCount to 0.",
		},
		{
			ID: "activation-outranks", Level: LevelWarning, Source: "K05",
			Why: "Activation outranks the threshold: up to this value the workload is scaled to 0, whatever count the threshold asks for.",
			Do:  "Set activationThreshold below threshold.",
		},
		{
			ID: "activation", Level: LevelNote, Source: "K05",
			Why: "The value must be above it, not at it.",
			Do:  "Nothing, if that is meant.",
		},
		{
			ID: "metric-type-value", Level: LevelWarning, Source: "HPA",
			Why: "The HPA compares the total with the threshold and multiplies the count by the ratio: unless the query falls when pods are added, it grows to the maximum.",
			Do:  "Use AverageValue (the default) for a sum over pods.",
		},
		{
			ID: "metric-type", Level: LevelError, Source: "KEDA",
			Why: "The prometheus scaler takes AverageValue and Value.",
			Do:  "Write AverageValue, or take it out.",
		},
		{
			ID: "address-missing", Level: LevelError, Source: "KEDA",
			Why: "The scaler needs it.",
			Do:  "Set serverAddress.",
		},
		{
			ID: "address-invalid", Level: LevelError, Source: "KEDA",
			Why: "No request can be made.",
			Do:  "Write scheme, host and path.",
		},
		{
			ID: "address-with-api", Level: LevelError, Source: "S08",
			Why: "KEDA appends /api/v1/query itself.",
			Do:  "End the address after the workspace's id.",
		},
		{
			ID: "trailing-slash", Level: LevelWarning, Source: "S08",
			Why: "KEDA then asks for //api/v1/query. What AMP answers to that is not known, and signers differ in what they sign for it.",
			Do:  "Take the slash away: AMP's prometheusEndpoint has one.",
		},
		{
			ID: "address-with-query", Level: LevelError, Source: "KEDA",
			Why: "KEDA appends its path to the end of the address, so path and parameters are mixed up.",
			Do:  "Use queryParameters.",
		},
		{
			ID: "plain-http", Level: LevelWarning, Source: "KEDA",
			Why: "AMP is reached over TLS.",
			Do:  "Write https://.",
		},
		{
			ID: "workspace-missing", Level: LevelError, Source: "S08",
			Why: "AMP's data plane has a path for each workspace and nothing besides.",
			Do:  "End the address in /workspaces/WORKSPACE-ID.",
		},
		{
			ID: "workspace-placeholder", Level: LevelWarning, Source: "recipe",
			Why: "AMP refuses a workspace that there is not.",
			Do:  "Put the id in (ws-...).",
		},
		{
			ID: "region-missing", Level: LevelError, Source: "S01",
			Why: "KEDA signs for the region in awsRegion; without one AMP answers 403 (Credential should be scoped to a valid region).",
			Do:  "Set awsRegion to the address's region.",
		},
		{
			ID: "region-from-environment", Level: LevelWarning, Source: "S01",
			Why: "KEDA then signs for the region in its operator's environment, and for none when that names none.",
			Do:  "Set awsRegion to the address's region.",
		},
		{
			ID: "region-mismatch", Level: LevelError, Source: "S09",
			Why: "AMP refuses a signature for another region.",
			Do:  "Set awsRegion to the address's region.",
		},
		{
			ID: "unsigned", Level: LevelError, Source: "S02",
			Why: "Without an identity KEDA sends the query unsigned and says nothing; AMP answers 403.",
			Do:  "Name a TriggerAuthentication with podIdentity aws, or with keys.",
		},
		{
			ID: "auth-modes", Level: LevelError, Source: "S02",
			Why: "With authModes KEDA does not sign for AWS.",
			Do:  "Take authModes out.",
		},
		{
			ID: "signed-twice", Level: LevelError, Source: "recipe",
			Why: "KEDA signs by itself, which fails without credentials of its own, and the proxy signs again.",
			Do:  "Take awsRegion, identityOwner and authenticationRef out, or address AMP itself.",
		},
		{
			ID: "signed-for-service", Level: LevelWarning, Source: "recipe",
			Why: "That is right for an emulator of AMP; a signing proxy would sign again.",
			Do:  "If it is a proxy, take awsRegion, identityOwner and authenticationRef out.",
		},
		{
			ID: "region-with-proxy", Level: LevelWarning, Source: "recipe",
			Why: "A proxy signs for a region of its own. awsRegion has no effect until KEDA gets an identity, and then the request is signed twice.",
			Do:  "Take awsRegion out, or address AMP itself.",
		},
		{
			ID: "unsafe-ssl", Level: LevelWarning, Source: "S10",
			Why: "Since KEDA 2.13 it has no effect on requests that KEDA signs: a certificate that is not trusted fails.",
			Do:  "Give KEDA the CA.",
		},
		{
			ID: "identity-owner", Level: LevelNote, Source: "S14",
			Why: "KEDA signs with its operator's credentials; which principal that is, its environment decides.",
			Do:  "Prefer a TriggerAuthentication with podIdentity aws.",
		},
		{
			ID: "identity-owner-unknown", Level: LevelWarning, Source: "S14",
			Why: "KEDA takes whatever is neither operator nor pod for the operator's own identity.",
			Do:  "Write operator or pod.",
		},
		{
			ID: "identity-owner-ignored", Level: LevelNote, Source: "S14",
			Why: "podIdentity aws goes first, and identityOwner is not read.",
			Do:  "Take it out.",
		},
		{
			ID: "aws-eks", Level: LevelNote, Source: "S14",
			Why: "The provider aws-eks is on its way out of KEDA.",
			Do:  "Use podIdentity provider aws.",
		},
		{
			ID: "authentication-not-given", Level: LevelNote, Source: "S02",
			Why: "Whether KEDA can sign depends on it. When its Secret is missing, KEDA sends the query unsigned and says nothing.",
			Do:  "Give its file as well.",
		},
		{
			ID: "authentication-namespace", Level: LevelError, Source: "S02",
			Why: "A TriggerAuthentication serves its own namespace only.",
			Do:  "Move it, or make it a ClusterTriggerAuthentication.",
		},
		{
			ID: "secret-not-given", Level: LevelNote, Source: "S02",
			Why: "When it is missing, KEDA sends the query unsigned and says nothing.",
			Do:  "Make sure that it is there: ampersand doctor looks.",
		},
		{
			ID: "secret-key", Level: LevelError, Source: "S02",
			Why: "The value is then empty, and KEDA sends the query unsigned.",
			Do:  "Correct the key.",
		},
		{
			ID: "session-token", Level: LevelError, Source: "S04",
			Why: "AWS refuses a temporary key without its token.",
			Do:  "Give awsSessionToken from the Secret.",
		},
	}
}
