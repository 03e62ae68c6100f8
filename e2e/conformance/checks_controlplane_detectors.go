package conformance

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/amp"
)

const detectorsPath = "/anomalydetectors"

func detectorChecks() []Check {
	return []Check{
		slow(mustModel("detector.create", "CreateAnomalyDetector answers 202 with an id of ad- and its ARN, and the detector is CREATING.",
			"API model; service authorization reference [D]", func(_ context.Context, t *T) {
				ws := t.BorrowWorkspace()
				a := ws.createDetector(`{"alias":"made","tags":{"k":"v"},"configuration":{"randomCutForest":{"query":"sum(x)"}}}`).
					ExpectJSON("status.statusCode", "CREATING").ExpectJSON("tags", map[string]string{"k": "v"})
				id := a.Text("anomalyDetectorId")
				if !regexp.MustCompile(`^ad-[0-9A-Za-z][-.0-9A-Z_a-z]*$`).MatchString(id) {
					t.Errorf("expected an id of ad- and more, got %q", id)
				}
				a.ExpectJSON("arn", strings.Replace(ws.ARN(), ":workspace/", ":anomalydetector/", 1)+"/"+id)
			})),
		slow(mustModel("detector.describe", "DescribeAnomalyDetector shows what the detector was created with.",
			"API model, AnomalyDetectorDescription [D]", describesDetector)),
		slow(shouldModel("detector.defaults", "A detector of which nothing else was said is evaluated every 60 s with shingles of 8 and samples of 256.",
			"SDK, CreateAnomalyDetectorInput and RandomCutForestConfiguration [D]; that Describe shows them [I]", func(_ context.Context, t *T) {
				ws := t.BorrowWorkspace()
				id := ws.createDetector(`{"alias":"made","configuration":{"randomCutForest":{"query":"sum(x)"}}}`).Text("anomalyDetectorId")
				ws.detectorActive(id).ExpectJSON("anomalyDetector.evaluationIntervalInSeconds", 60).
					ExpectJSON("anomalyDetector.configuration.randomCutForest.shingleSize", 8).
					ExpectJSON("anomalyDetector.configuration.randomCutForest.sampleSize", 256)
			})),
		slow(mustModel("detector.put", "PutAnomalyDetector answers 202 and gives a detector other settings; its alias and id stay.",
			"SDK, PutAnomalyDetector [D]", func(_ context.Context, t *T) {
				ws := t.BorrowWorkspace()
				id := ws.createDetector(`{"alias":"made","configuration":{"randomCutForest":{"query":"sum(x)"}}}`).Text("anomalyDetectorId")
				ws.detectorActive(id)
				ws.Control(PutJSON(detectorsPath+"/"+id, `{"evaluationIntervalInSeconds":120,"configuration":{"randomCutForest":{"query":"avg(x)"}}}`)).
					RequireStatus(http.StatusAccepted).ExpectJSON("anomalyDetectorId", id).ExpectJSON("status.statusCode", "UPDATING")
				ws.detectorActive(id).ExpectJSON("anomalyDetector.alias", "made").
					ExpectJSON("anomalyDetector.evaluationIntervalInSeconds", 120).
					ExpectJSON("anomalyDetector.configuration.randomCutForest.query", "avg(x)")
			})),
		slow(mustModel("detector.put-creates", "PutAnomalyDetector of an id that is not there makes a detector of that id.",
			"SDK, PutAnomalyDetector [D]", func(_ context.Context, t *T) {
				ws, path := t.BorrowWorkspace(), detectorsPath+"/ad-conformance"
				ws.RemoveAfter(path)
				ws.Control(PutJSON(path, `{"configuration":{"randomCutForest":{"query":"sum(x)"}}}`)).
					RequireStatus(http.StatusAccepted).ExpectJSON("anomalyDetectorId", "ad-conformance").ExpectJSON("status.statusCode", "CREATING")
				ws.detectorActive("ad-conformance")
			})),
		slow(mustModel("detector.waiters", "The SDK's waiters see a detector become ACTIVE, and gone after DeleteAnomalyDetector answered 202 with nothing.",
			"API model, waiters AnomalyDetectorActive and AnomalyDetectorDeleted [D]", waitsForDetector)),
		slow(mustModel("detector.list", "ListAnomalyDetectors shows id, ARN, alias, status and times, and with alias only the detectors that have it.",
			"SDK, ListAnomalyDetectorsInput.Alias [D]", func(_ context.Context, t *T) {
				ws := t.BorrowWorkspace()
				id := ws.createDetector(`{"alias":"one","configuration":{"randomCutForest":{"query":"sum(x)"}}}`).Text("anomalyDetectorId")
				ws.createDetector(`{"alias":"two","configuration":{"randomCutForest":{"query":"sum(x)"}}}`)
				for i, alias := range []string{"three", "one", "two"} {
					n := min(i, 1)
					t.Eventually("detectors are listed by the alias "+alias, func() error {
						a := ws.Control(Get(detectorsPath + "?" + url.Values{"alias": {alias}}.Encode())).RequireStatus(http.StatusOK)
						if a.Len("anomalyDetectors") != n {
							t.Errorf("expected %d detectors; %s", n, a)
						}
						return nil
					})
				}
				ws.Control(Get(detectorsPath+"?alias=one")).ExpectJSON("anomalyDetectors.0.anomalyDetectorId", id).
					ExpectJSON("anomalyDetectors.0.alias", "one").ExpectText("anomalyDetectors.0.arn").
					ExpectText("anomalyDetectors.0.status.statusCode").ExpectRecent("anomalyDetectors.0.createdAt").
					ExpectRecent("anomalyDetectors.0.modifiedAt")
			})),
		slow(mustModel("detector.list-pages", "ListAnomalyDetectors gives maxResults detectors at a time, each once.",
			"SDK, ListAnomalyDetectorsInput.NextToken [D]", func(_ context.Context, t *T) {
				ws := t.BorrowWorkspace()
				for _, alias := range []string{"one", "two"} {
					ws.createDetector(`{"alias":"` + alias + `","configuration":{"randomCutForest":{"query":"sum(x)"}}}`)
				}
				t.Eventually("both are in the pages", func() error {
					first := ws.Control(Get(detectorsPath + "?maxResults=1")).RequireStatus(http.StatusOK)
					next := url.Values{"maxResults": {"1"}, "nextToken": {first.Text("nextToken")}}
					second := ws.Control(Get(detectorsPath + "?" + next.Encode())).RequireStatus(http.StatusOK)
					got := append(first.texts("anomalyDetectors", "alias"), second.texts("anomalyDetectors", "alias")...)
					if text(sortedTexts(got)) != `["one","two"]` {
						t.Errorf("expected one and two in pages of one, got %q", got)
					}
					return nil
				})
			})),
	}
}

// createDetector asks for a detector, which is removed after the check.
func (w *Workspace) createDetector(body string) Answer {
	a := w.Control(PostJSON(detectorsPath, body)).RequireStatus(http.StatusAccepted)
	w.RemoveAfter(detectorsPath + "/" + a.Text("anomalyDetectorId"))
	return a
}

func (w *Workspace) detectorActive(id string) Answer {
	return w.Await(detectorsPath+"/"+id, "anomalyDetector.status.statusCode", "ACTIVE")
}

func describesDetector(_ context.Context, t *T) {
	ws := t.BorrowWorkspace()
	const settings = `"evaluationIntervalInSeconds":30,"missingDataAction":{"skip":true},"labels":{"team":"ops"},` +
		`"configuration":{"randomCutForest":{"query":"avg(x)","shingleSize":1024,"sampleSize":1024,` +
		`"ignoreNearExpectedFromAbove":{"ratio":0.5},"ignoreNearExpectedFromBelow":{"amount":0}}}`
	made := ws.createDetector(`{"alias":"made",` + settings + `}`)
	a := ws.detectorActive(made.Text("anomalyDetectorId")).ExpectJSON("anomalyDetector.alias", "made").
		ExpectJSON("anomalyDetector.arn", made.Text("arn")).
		ExpectRecent("anomalyDetector.createdAt").ExpectRecent("anomalyDetector.modifiedAt")
	for _, member := range []struct {
		name string
		want any
	}{
		{"evaluationIntervalInSeconds", 30},
		{"missingDataAction", map[string]bool{"skip": true}},
		{"labels", map[string]string{"team": "ops"}},
		{"configuration.randomCutForest.query", "avg(x)"},
		{"configuration.randomCutForest.shingleSize", 1024},
		{"configuration.randomCutForest.sampleSize", 1024},
		{"configuration.randomCutForest.ignoreNearExpectedFromAbove", map[string]float64{"ratio": 0.5}},
		{"configuration.randomCutForest.ignoreNearExpectedFromBelow", map[string]float64{"amount": 0}},
	} {
		a.ExpectJSON("anomalyDetector."+member.name, member.want)
	}
}

func waitsForDetector(ctx context.Context, t *T) {
	ws := t.BorrowWorkspace()
	workspace := ws.ID()
	id := ws.createDetector(`{"alias":"made","configuration":{"randomCutForest":{"query":"sum(x)"}}}`).Text("anomalyDetectorId")
	in := &amp.DescribeAnomalyDetectorInput{WorkspaceId: &workspace, AnomalyDetectorId: &id}
	active := amp.NewAnomalyDetectorActiveWaiter(t.Control(), func(o *amp.AnomalyDetectorActiveWaiterOptions) {
		o.MinDelay, o.MaxDelay = 20*time.Millisecond, 2*time.Second
	})
	if err := active.Wait(ctx, in, activeTime); err != nil {
		t.Fatalf("wait for detector %s: %v", id, err)
	}
	ws.Control(Delete(detectorsPath + "/" + id)).RequireStatus(http.StatusAccepted).ExpectBody("")
	gone := amp.NewAnomalyDetectorDeletedWaiter(t.Control(), func(o *amp.AnomalyDetectorDeletedWaiterOptions) {
		o.MinDelay, o.MaxDelay = 20*time.Millisecond, 2*time.Second
	})
	if err := gone.Wait(ctx, in, activeTime); err != nil {
		t.Fatalf("wait until detector %s is gone: %v", id, err)
	}
}
