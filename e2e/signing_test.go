package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/e2e-framework/pkg/envconf"
	"sigs.k8s.io/e2e-framework/pkg/features"

	"github.com/ampersand-amp/ampersand/e2e/lab"
	"github.com/ampersand-amp/ampersand/e2e/lab/component"
	"github.com/ampersand-amp/ampersand/e2e/trial"
)

// TestSigning produces, on the cluster and with KEDA itself, failures of signing that its users report, and looks where a user
// looks: the ScaledObject's condition and events, and the operator's log. The ids are those of the list of failure modes. All of
// them are produced at the emulator by TestFailureModes of emulator/proof, to the letter of AMP's answers; on the cluster are
//
//	S01 region empty          TestSigning S01/region-empty, TestControls controls/wrong-region
//	S02 secret missing        TestSigning S02/secret-missing, S02/secret-empty
//	S03 reason hidden         TestSigning S03/reason-hidden, TestControls controls/wrong-secret
//	S04 token dropped         TestSigning S04/token-dropped
//	S05 session expires       TestIdentity identity/expired-token (collector), and renewal by all in every lab with roles
//	S08 slash at the end      TestSigning S08/trailing-slash
//	S09 host names            every lab: a kind cluster has AMP's own name, a KWOK cluster an address
//	S12 clock skew            TestIdentity identity/clock-skew
//	S14 wrong principal       TestIdentity identity/wrong-principal, identity/principals
//
// S06, S07, S10, S11, S13, S15 and S16 are the clients' alone and have no other place where a user looks than their own output.
func TestSigning(t *testing.T) {
	if withoutEmulator(t) {
		return
	}
	list := []features.Feature{secretMissing(), secretEmpty(), reasonHidden(), tokenDropped(), trailingSlash()}
	if !the.options.lab.Roles { // an operator with a role has a region in its environment, which KEDA then takes
		list = append(list, regionEmpty())
	}
	the.test(t, list...)
}

// signingFeature deploys the application with a ScaledObject whose queries KEDA signs, and takes the steps in order. With a link
// the chain must stop there under load.
func signingFeature(name, description string, scaling func(ctx context.Context) (lab.Scaling, error), stop *control, steps ...namedStep) features.Feature {
	var tr *trial.Trial
	namespace := "signing-" + strings.ToLower(strings.ReplaceAll(name, "/", "-"))
	periods := the.options.periods
	f := features.NewWithDescription(name, description).WithLabel("suite", "signing").WithLabel("profile", the.options.profile).
		WithSetup("the application and its ScaledObject", func(ctx context.Context, t *testing.T, _ *envconf.Config) context.Context {
			removeAfter(ctx, t, &tr)
			s, err := scaling(ctx)
			if err != nil {
				t.Fatal(err)
			}
			s.Signing = lab.SigningNative
			s.Query, s.Threshold = trial.SumQuery(namespace, periods.RateWindow), fmt.Sprint(periods.Threshold)
			s.NoFallback = true // with a fallback KEDA calls itself ready
			tr, err = trial.Deploy(ctx, trial.Config{
				Lab: the.lab, Namespace: namespace, Scenario: name, Variant: string(s.Signing),
				Profile: the.options.profile, Periods: periods, Expect: the.options.autoscaling.Expect, Scaling: s,
			})
			if err != nil {
				t.Fatal(err)
			}
			return ctx
		})
	if stop != nil {
		f = f.Assess("does not scale under load, and says why", func(ctx context.Context, t *testing.T, _ *envconf.Config) context.Context {
			stop.stops(ctx, t, tr, namespace)
			return ctx
		})
	}
	for _, s := range steps {
		f = f.Assess(s.name, func(ctx context.Context, t *testing.T, _ *envconf.Config) context.Context {
			if err := s.take(ctx, tr); err != nil {
				t.Fatal(err)
			}
			return ctx
		})
	}
	return f.Feature()
}

// scaled returns a constant ScaledObject.
func scaled(s lab.Scaling) func(context.Context) (lab.Scaling, error) {
	return func(context.Context) (lab.Scaling, error) { return s, nil }
}

// atQuery is a chain that stops because AMP refuses KEDA's query.
func atQuery(reason string) *control { return &control{link: trial.LinkQuery, why: reason, atMost: 1} }

// regionEmpty is S01: without awsRegion, and with keys, KEDA signs for no region.
func regionEmpty() features.Feature {
	return signingFeature("S01/region-empty", "the trigger has no awsRegion", scaled(lab.Scaling{Metadata: map[string]string{"awsRegion": ""}}),
		atQuery("bad-scope"),
		namedStep{"KEDA shows the status alone", onlyStatus("valid region", "scoped")},
		namedStep{"the emulator names the cause", explained("region-empty", "awsRegion of KEDA's trigger")},
		mended("works once the region is given", func(s *lab.Scaling) { s.Metadata = nil }),
	)
}

// secretMissing is S02: the Secret that the TriggerAuthentication names is not there, so that KEDA asks without a signature. Its
// operator's log names the Secret, the ScaledObject does not.
func secretMissing() features.Feature {
	steps := append(unsigned(),
		namedStep{"the operator's log names the Secret", func(ctx context.Context, tr *trial.Trial) error {
			log, err := operatorLog(ctx, tr.Namespace())
			if err == nil && !strings.Contains(log, `Secret \"keda-aws\" not found`) {
				err = errors.New("it does not")
			}
			return err
		}},
		mended("works once the Secret is there", func(s *lab.Scaling) { s.NoSecret = false }))
	return signingFeature("S02/secret-missing", "the Secret is missing", scaled(lab.Scaling{NoSecret: true}), atQuery("missing-token"), steps...)
}

// secretEmpty is S02 as well: the Secret is there, and the secret key in it is empty. Nothing of KEDA's says so.
func secretEmpty() features.Feature {
	keys := component.Keys{AccessKeyID: the.lab.AMP.Keys.AccessKeyID}
	steps := append(unsigned(),
		namedStep{"no line of the operator's log tells of keys", onlyStatus("Secret.Name", "awsSecretAccessKey", "redential", "not found")},
		mended("works once it is not empty", func(s *lab.Scaling) { s.Keys = component.Keys{} }))
	return signingFeature("S02/secret-empty", "the secret access key is empty", scaled(lab.Scaling{Keys: keys}), nil, steps...)
}

// unsigned are the steps of S02.
func unsigned() []namedStep {
	return []namedStep{
		{"the emulator sees an unsigned request", func(ctx context.Context, tr *trial.Trial) error {
			if err := refused("missing-token")(ctx, tr); err != nil {
				return err
			}
			requests, err := tr.Asked(ctx)
			if err != nil {
				return err
			}
			for _, r := range requests {
				if r.Identity != "" || r.Accepted() {
					return fmt.Errorf("the emulator took a request for one of %q and %s it", r.Identity, r.Verdict)
				}
			}
			return nil
		}},
		{"KEDA shows the status alone", onlyStatus("signature", "signed", "Missing Authentication")},
		{"the emulator names the cause", explained("missing-token", "KEDA sends unsigned requests when a part of its AWS settings is missing")},
	}
}

// reasonHidden is S03: a wrong secret. That the signature does not match is told to nobody but KEDA, which drops it.
func reasonHidden() features.Feature {
	wrong := func(context.Context) (lab.Scaling, error) {
		return lab.Scaling{Keys: component.Keys{AccessKeyID: the.lab.AMP.Keys.AccessKeyID, SecretAccessKey: the.lab.AMP.Keys.SecretAccessKey + "\n"}}, nil
	}
	return signingFeature("S03/reason-hidden", "a newline at the end of the secret", wrong, nil,
		namedStep{"is refused", refused("signature-mismatch")},
		namedStep{"KEDA shows the status alone", onlyStatus("signature", "Secret Access Key", "does not match")},
		namedStep{"the emulator names the cause", explained("secret-form", "has a newline at its end")},
		mended("works once the secret is right", func(s *lab.Scaling) { s.Keys = component.Keys{} }),
	)
}

// tokenDropped is S04: the key of a session in a Secret and a TriggerAuthentication that have no place for its token.
func tokenDropped() features.Feature {
	session := func(ctx context.Context) (lab.Scaling, error) {
		amp := the.lab.AMP
		client := sts.New(sts.Options{
			Region: amp.Region, BaseEndpoint: aws.String(amp.URL()), HTTPClient: amp.HTTPClient(),
			Credentials: credentials.NewStaticCredentialsProvider(amp.Keys.AccessKeyID, amp.Keys.SecretAccessKey, ""),
		})
		out, err := client.GetSessionToken(ctx, nil)
		if err != nil {
			return lab.Scaling{}, fmt.Errorf("get a session: %w", err)
		}
		return lab.Scaling{Keys: component.Keys{AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey}}, nil
	}
	return signingFeature("S04/token-dropped", "a session's key without its token", session, nil,
		namedStep{"is refused", refused("bad-token")},
		namedStep{"KEDA shows the status alone", onlyStatus("security token", "session")},
		namedStep{"the emulator names the cause", explained("token-missing", "Set AWS_SESSION_TOKEN too")},
		mended("works with a key that needs no token", func(s *lab.Scaling) { s.Keys = component.Keys{} }),
	)
}

// trailingSlash is S08: serverAddress as DescribeWorkspace prints it, with a slash at its end. KEDA signs and sends two slashes,
// which the emulator takes.
func trailingSlash() features.Feature {
	slash := scaled(lab.Scaling{Metadata: map[string]string{"serverAddress": the.lab.AMP.WorkspaceURL() + "/"}})
	return signingFeature("S08/trailing-slash", "serverAddress ends in a slash", slash, nil,
		namedStep{"works", all(queried(""), shownReady("True"))},
		namedStep{"and has sent two slashes", func(ctx context.Context, tr *trial.Trial) error {
			requests, err := tr.Asked(ctx)
			if err != nil {
				return err
			}
			for _, r := range requests {
				if !strings.HasSuffix(r.Path, "//api/v1/query") || !r.Accepted() {
					return fmt.Errorf("%s of %s: %d (%s)", r.Verdict, r.Path, r.Status, r.Reason)
				}
			}
			return nil
		}},
	)
}

// mended is the step that mends the ScaledObject: KEDA's queries are accepted and it is ready, without a restart.
func mended(name string, change func(*lab.Scaling)) namedStep {
	return namedStep{name, func(ctx context.Context, tr *trial.Trial) error {
		if err := tr.Change(ctx, change); err != nil {
			return err
		}
		return all(queried(""), shownReady("True"))(ctx, tr)
	}}
}

// explained wants the emulator to name the cause of KEDA's newest refusal, and to say what to do.
func explained(cause, remedy string) step {
	return func(ctx context.Context, tr *trial.Trial) error {
		requests, err := tr.Asked(ctx)
		if err != nil || len(requests) == 0 {
			return fmt.Errorf("KEDA has asked nothing (error %w)", err)
		}
		newest := requests[0]
		if newest.Cause != cause {
			return fmt.Errorf("the emulator says that it refused KEDA's query for %q, want %q", newest.Cause, cause)
		}
		text, err := the.lab.AMP.Explain(ctx, newest.ID)
		if err == nil && !strings.Contains(text, remedy) {
			err = fmt.Errorf("the emulator explains the refusal by %q, which does not say %q", text, remedy)
		}
		return err
	}
}

// onlyStatus wants KEDA to show that its scaler fails in the ScaledObject's condition and events and in the operator's log, with
// AMP's status and none of the words that tell why.
func onlyStatus(reasons ...string) step {
	const status = "prometheus query api returned error. status: 403"
	return func(ctx context.Context, tr *trial.Trial) error {
		if err := shownReady("False")(ctx, tr); err != nil {
			return err
		}
		var shown []string
		err := eventually(ctx, "event and log show the status", func(ctx context.Context) error {
			events, err := eventsOf(ctx, tr.Namespace())
			if err != nil {
				return err
			}
			log, err := operatorLog(ctx, tr.Namespace())
			if err != nil {
				return err
			}
			if !strings.Contains(events, status) || !strings.Contains(log, status) {
				return fmt.Errorf("the events say %q, the log %q", events, log)
			}
			_, condition, err := tr.ScaledObjectCondition(ctx, "Ready")
			shown = []string{events, log, condition}
			return err
		})
		for _, reason := range reasons {
			if strings.Contains(strings.Join(shown, "\n"), reason) {
				err = errors.Join(err, fmt.Errorf("KEDA says %q: %s", reason, shown))
			}
		}
		return err
	}
}

// eventsOf returns what is recorded about the ScaledObject of a namespace.
func eventsOf(ctx context.Context, namespace string) (string, error) {
	client, err := kubernetes.NewForConfig(the.lab.REST)
	if err != nil {
		return "", fmt.Errorf("make a client: %w", err)
	}
	events, err := client.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{FieldSelector: "involvedObject.kind=ScaledObject"})
	if err != nil {
		return "", fmt.Errorf("look at the events of %s: %w", namespace, err)
	}
	var text strings.Builder
	for _, event := range events.Items {
		fmt.Fprintf(&text, "%s: %s\n", event.Reason, event.Message)
	}
	return text.String(), nil
}

// operatorLog returns the lines of the operator's log that are about a namespace.
func operatorLog(ctx context.Context, namespace string) (string, error) {
	log, err := the.lab.Log(ctx, "keda", "keda-operator")
	if err != nil {
		return "", err
	}
	var text strings.Builder
	for line := range strings.Lines(log) {
		if strings.Contains(line, `"`+namespace+`"`) {
			text.WriteString(line)
		}
	}
	return text.String(), nil
}
