package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/e2e-framework/pkg/features"

	"github.com/ampersand-amp/ampersand/e2e/lab"
	"github.com/ampersand-amp/ampersand/e2e/lab/component"
	"github.com/ampersand-amp/ampersand/e2e/trial"
)

// The emulator's words for what it refuses (reasons of /_ampersand/api/requests).
const (
	reasonDenied     = "access-denied"
	reasonExpired    = "expired-token"
	reasonUnknownKey = "unknown-key"
	reasonSkew       = "not-yet-current"
)

// Everybody works as who he is: two service accounts, two roles, and no key that lasts.
func principals() features.Feature {
	var began time.Time
	return identityFeature("principals", signedBy(lab.SigningIRSA),
		namedStep{"the collector writes with its role", func(ctx context.Context, tr *trial.Trial) error {
			began = time.Now() // before, others may have worked with keys
			return written(ctx, tr)
		}},
		namedStep{"KEDA asks with its role", all(queried(component.SessionARN(component.QueryRole)), shownReady("True"))},
		namedStep{"nobody but this suite works as root", func(ctx context.Context, _ *trial.Trial) error {
			requests, err := the.lab.AMP.Requests(ctx)
			for _, r := range requests {
				if r.Time.After(began) && strings.HasSuffix(r.Identity, ":root") && !strings.HasPrefix(r.UserAgent, "ampersand-e2e") {
					err = errors.Join(err, fmt.Errorf("%s %s by %q came from root", r.Method, r.Path, r.UserAgent))
				}
			}
			return err
		}},
	)
}

// S14: KEDA is told to assume the collector's role, which does not trust it. Nothing of that reaches the ScaledObject but that
// it does not work; the reason is in the operator's log.
func wrongPrincipal() features.Feature {
	role := component.RoleARN(component.WriteRole)
	wrong := func(context.Context) (lab.Scaling, error) {
		return lab.Scaling{Signing: lab.SigningIRSA, Role: role}, nil
	}
	return identityFeature("wrong-principal", wrong,
		namedStep{"is not ready", shownReady("False")},
		namedStep{"STS has refused KEDA, and AMP was not asked", func(ctx context.Context, tr *trial.Trial) error {
			requests, err := the.lab.AMP.Requests(ctx)
			if err != nil {
				return err
			}
			refusals := 0
			for _, r := range requests {
				if r.Method == http.MethodPost && r.Path == "/" && r.Status == http.StatusForbidden {
					refusals++
				}
			}
			asked, err := tr.Asked(ctx)
			if err != nil || refusals == 0 || len(asked) != 0 {
				return fmt.Errorf("STS refused %d requests, and KEDA asked AMP %d times (error %w)", refusals, len(asked), err)
			}
			return nil
		}},
		namedStep{"the operator's log names the action that is not allowed", func(ctx context.Context, _ *trial.Trial) error {
			return logged(ctx, "keda", "keda-operator", "sts:AssumeRole", 0)
		}},
		namedStep{"asks as itself once the role is no longer named", func(ctx context.Context, tr *trial.Trial) error {
			if err := tr.Change(ctx, func(s *lab.Scaling) { s.Role = component.RoleARN(component.QueryRole) }); err != nil {
				return err
			}
			return all(queried(component.SessionARN(component.QueryRole)), shownReady("True"))(ctx, tr)
		}},
	)
}

// A permission is taken from KEDA's role and given back.
func revokedQuery() features.Feature {
	return identityFeature("revoked-query", signedBy(lab.SigningIRSA),
		namedStep{"works", all(queried(component.SessionARN(component.QueryRole)), shownReady("True"))},
		namedStep{"is refused without the policy, and not ready", func(ctx context.Context, tr *trial.Trial) error {
			iam := the.lab.AMP.IAM()
			if err := iam.DetachPolicy(ctx, component.QueryRole, component.QueryPolicy); err != nil {
				return err
			}
			// Whatever happens: others come after this feature.
			return errors.Join(
				all(refused(reasonDenied), shownReady("False"))(ctx, tr),
				iam.AttachPolicy(context.WithoutCancel(ctx), component.QueryRole, component.QueryPolicy))
		}},
		namedStep{"works again with it", all(queried(component.SessionARN(component.QueryRole)), shownReady("True"))},
	)
}

// A permission is taken from the collector's role and given back: what was scraped meanwhile is lost, and no more.
func revokedWrite() features.Feature {
	return identityFeature("revoked-write", signedBy(lab.SigningIRSA),
		namedStep{"loses what was written meanwhile, and no more", func(ctx context.Context, tr *trial.Trial) error {
			iam := the.lab.AMP.IAM()
			return outage(ctx, tr, reasonDenied, "is not authorized to perform: aps:RemoteWrite",
				func(ctx context.Context) error {
					return iam.DetachPolicy(ctx, component.WriteRole, component.WritePolicy)
				},
				func(ctx context.Context) error {
					return iam.AttachPolicy(ctx, component.WriteRole, component.WritePolicy)
				})
		}},
	)
}

// S05: the collector's session expires while it still signs with it. It asks for another when it takes its own for expired, and
// goes on without a restart; what is lost is at most what was scraped until then.
func expiredToken() features.Feature {
	return identityFeature("expired-token", signedBy(lab.SigningIRSA),
		namedStep{"loses no more than the rest of a session", func(ctx context.Context, tr *trial.Trial) error {
			iam := the.lab.AMP.IAM()
			expire := func(ctx context.Context) error {
				if err := eventually(ctx, "the collector has a young session", youngSession); err != nil {
					return err
				}
				n, err := iam.ExpireSessions(ctx, component.WriteRole)
				if err == nil && n == 0 {
					err = errors.New("the collector's role has no session that could expire")
				}
				return err
			}
			nothing := func(context.Context) error { return nil }
			return outage(ctx, tr, reasonExpired, "security token included in the request is expired", expire, nothing)
		}},
		namedStep{"and sessions come and go without anybody's help", func(ctx context.Context, tr *trial.Trial) error {
			before, err := newestWrite(ctx)
			if err != nil {
				return err
			}
			err = eventually(ctx, "the collector writes in another session", func(ctx context.Context) error {
				now, err := newestWrite(ctx)
				if err == nil && (now.Identity == before.Identity || !now.Accepted()) {
					err = fmt.Errorf("the newest write is %s, as %s", now.Verdict, now.Identity)
				}
				return err
			})
			return errors.Join(err, queried(component.SessionARN(component.QueryRole))(ctx, tr))
		}},
	)
}

// youngSession is an error unless the collector works with a session that has most of its life before it.
func youngSession(ctx context.Context) error {
	sessions, err := the.lab.AMP.IAM().Sessions(ctx, component.WriteRole)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		if !s.Expired && time.Since(s.Issued) < the.options.lab.Sessions/4 {
			return nil
		}
	}
	return fmt.Errorf("none of %d is", len(sessions))
}

// outage begins and ends a time in which the collector may not write, looks where a user looks, and measures what was lost.
func outage(ctx context.Context, tr *trial.Trial, reason, text string, begin, end func(context.Context) error) error {
	periods := the.options.periods
	if err := written(ctx, tr); err != nil {
		return err
	}
	said, err := mentions(ctx, "ho11y", "adot", text)
	if err != nil {
		return err
	}
	// Some samples have to be there before the gap, for it to be one.
	from := time.Now()
	if err := eventually(ctx, "samples are stored", func(ctx context.Context) error {
		_, err := tr.Store().LargestGap(ctx, tr.UpSelector(), from, time.Now())
		return err
	}); err != nil {
		return err
	}
	if err := begin(ctx); err != nil {
		return err
	}
	began := time.Now()
	seen := all(
		notWritten(reason),
		func(ctx context.Context, _ *trial.Trial) error { return logged(ctx, "ho11y", "adot", text, said) },
		func(ctx context.Context, _ *trial.Trial) error {
			return eventually(ctx, "several scrapes are lost", func(context.Context) error {
				if past := time.Since(began); past < 4*periods.ScrapeInterval.D() {
					return fmt.Errorf("only %s are past", past)
				}
				return nil
			})
		},
	)(ctx, tr)
	if err := errors.Join(seen, end(context.WithoutCancel(ctx))); err != nil {
		return err
	}
	if err := written(ctx, tr); err != nil {
		return err
	}
	lasted := time.Since(began)
	// The next scrape closes the gap; what was queued for it is written with it.
	most := lasted + 3*periods.ScrapeInterval.D() + periods.BatchTimeout.D() + slack
	if limit := the.options.lab.Sessions; limit != 0 && reason == reasonExpired && lasted > limit+slack {
		return fmt.Errorf("the collector wrote again after %s, although a session lasts %s", lasted, limit)
	}
	return eventually(ctx, "the gap is closed", func(ctx context.Context) error {
		gap, err := tr.Store().LargestGap(ctx, tr.UpSelector(), from, time.Now())
		switch {
		case err != nil:
			return err
		case gap > most:
			return fmt.Errorf("there is a gap of %s, want no more than %s", gap, most)
		case gap <= periods.ScrapeInterval.D()*3/2:
			return fmt.Errorf("the largest gap is %s: nothing was lost, or it is not closed yet", gap)
		}
		logf("writes were refused for %s; the gap is %s", lasted.Round(time.Millisecond), gap)
		return nil
	})
}

// A key is rotated: the old one is refused at once, and KEDA takes up the Secret's new one by itself.
func rotatedKey() features.Feature {
	var keys component.Keys
	own := func(ctx context.Context) (lab.Scaling, error) {
		var err error
		keys, err = the.lab.AMP.IAM().CreateRootKey(ctx)
		return lab.Scaling{Signing: lab.SigningNative, Keys: keys}, err
	}
	return identityFeature("rotated-key", own,
		namedStep{"works with a key of its own", all(queried(""), shownReady("True"))},
		namedStep{"the old key is refused once it is rotated", func(ctx context.Context, tr *trial.Trial) error {
			var err error
			if keys, err = the.lab.AMP.IAM().RotateKey(ctx, keys.AccessKeyID); err != nil {
				return err
			}
			return all(refused(reasonUnknownKey), shownReady("False"))(ctx, tr)
		}},
		namedStep{"the new key is taken up from the Secret", func(ctx context.Context, tr *trial.Trial) error {
			err := tr.Change(ctx, func(s *lab.Scaling) { s.Keys = keys })
			if err == nil {
				err = all(queried(""), shownReady("True"))(ctx, tr)
			}
			return errors.Join(err, the.lab.AMP.IAM().DeleteKey(context.WithoutCancel(ctx), keys.AccessKeyID))
		}},
	)
}

// clockOffset is more than AMP's five minutes.
const clockOffset = 7 * time.Minute

// S12: the clock of who signs is seven minutes ahead.
func skewedClock() features.Feature {
	return identityFeature("clock-skew", signedBy(lab.SigningProxy),
		namedStep{"works while the proxy's clock is right", all(queried(component.SessionARN(component.QueryRole)), shownReady("True"))},
		namedStep{"is refused when it is seven minutes ahead, and the proxy says why", func(ctx context.Context, tr *trial.Trial) error {
			if err := setProxyArgument(ctx, tr, "--clock-offset="+clockOffset.String()); err != nil {
				return err
			}
			err := all(refused(reasonSkew), shownReady("False"))(ctx, tr)
			if err == nil {
				err = logged(ctx, "keda", "keda-sigv4", "Signature not yet current", 0)
			}
			return errors.Join(err, setProxyArgument(context.WithoutCancel(ctx), tr, "--clock-offset=0s"))
		}},
		namedStep{"works again once it is right", all(queried(component.SessionARN(component.QueryRole)), shownReady("True"))},
	)
}

// setProxyArgument deploys the signing proxy with an argument instead of the one of the same name, and points the trial at the
// new pod.
func setProxyArgument(ctx context.Context, tr *trial.Trial, argument string) error {
	client, err := kubernetes.NewForConfig(the.lab.REST)
	if err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	err = retry.RetryOnConflict(retry.DefaultRetry, func() error {
		proxy, err := client.AppsV1().Deployments("keda").Get(ctx, "keda-sigv4", metav1.GetOptions{})
		if err != nil {
			return err
		}
		replaceArgument(proxy, argument)
		_, err = client.AppsV1().Deployments("keda").Update(ctx, proxy, metav1.UpdateOptions{})
		return err
	})
	if err != nil {
		return fmt.Errorf("give the proxy %s: %w", argument, err)
	}
	err = eventually(ctx, "the proxy has "+argument, func(ctx context.Context) error {
		if err := component.DeploymentReady(ctx, client, "keda", "keda-sigv4"); err != nil {
			return err
		}
		pods, err := client.CoreV1().Pods("keda").List(ctx, metav1.ListOptions{LabelSelector: "app=keda-sigv4"})
		if err == nil && len(pods.Items) != 1 {
			err = fmt.Errorf("it has %d pods", len(pods.Items))
		}
		return err
	})
	if err != nil {
		return err
	}
	return tr.Change(ctx, func(*lab.Scaling) {})
}

func replaceArgument(d *appsv1.Deployment, argument string) {
	name, _, _ := strings.Cut(argument, "=")
	container := &d.Spec.Template.Spec.Containers[0]
	for i, existing := range container.Args {
		if strings.HasPrefix(existing, name+"=") {
			container.Args[i] = argument
			return
		}
	}
	container.Args = append(container.Args, argument)
}
