package emulator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
	"github.com/ampersand-amp/ampersand/emulator/ingest"
	"github.com/ampersand-amp/ampersand/emulator/storage"
	"github.com/ampersand-amp/ampersand/emulator/workspace"
)

// serveControl answers a control-plane operation.
func (s *Server) serveControl(x *exchange, body []byte) {
	awsapi.SetGateway(x.w.Header(), s.cfg.Now())
	_, query, _ := strings.Cut(x.r.RequestURI, "?")
	out, err := s.workspaces.Do(x.route.call, workspace.Input{
		RawQuery: query, Body: body, BaseURL: s.baseURL(x.r),
	})
	if err != nil {
		answer := (*awsapi.Error)(nil)
		if !errors.As(err, &answer) {
			answer = awsapi.Internal(err)
		}
		x.err = answer.Cause
		awsapi.Write(x.w, answer)
		return
	}
	if out.Body == nil {
		x.w.WriteHeader(out.Status)
		return
	}
	awsapi.WriteJSON(x.w, out.Status, out.Body)
}

// serveData answers a request to one workspace's samples.
func (s *Server) serveData(x *exchange, body []byte) {
	db, err := s.open(x.r.Context(), x.route.workspaceID)
	if errors.Is(err, errNoWorkspace) || errors.Is(err, storage.ErrRemoved) {
		x.refuse(awsapi.WorkspaceNotFound(), reasonWorkspaceNotFound)
		return
	}
	if err != nil {
		x.err = err
		awsapi.Write(x.w, awsapi.Internal(err))
		return
	}
	if s.throttle(x) {
		return
	}
	x.w.Header().Set("Vary", "Origin") // [D samples of the user guide]
	switch x.route.kind {
	case kindWrite:
		s.ingest.ServeWrite(x.w, withBody(x.r, body), ingest.Target{
			WorkspaceID: x.route.workspaceID,
			Tenant:      s.cfg.AccountID + "_" + x.route.workspaceID,
			DB:          db,
			LabelSets:   s.labelSets.get(x.route.workspaceID),
		})
	case kindQuery:
		r := withBody(x.r, body)
		r.URL = &url.URL{Path: x.route.apiPath, RawPath: x.route.apiRawPath, RawQuery: r.URL.RawQuery}
		s.query.Handler(db).ServeHTTP(x.w, r)
	case kindRules:
		s.alerting.ServeRules(x.w, withBody(x.r, body), x.route.workspaceID)
	case kindAlerts:
		s.alerting.ServeAlerts(x.w, withBody(x.r, body), x.route.workspaceID)
	case kindAlertManager:
		s.alerting.ServeAlertManager(x.w, withBody(x.r, body), x.route.workspaceID, x.route.apiPath)
	default: // kindStatus [O kiali/kiali#8370; text is that of Cortex's router, C]
		http.NotFound(x.w, x.r)
	}
}

var errNoWorkspace = errors.New("no such workspace")

// open returns the samples of a workspace that exists.
func (s *Server) open(ctx context.Context, id string) (*storage.DB, error) {
	_, release, ok := s.workspaces.Hold(id)
	if !ok {
		return nil, errNoWorkspace
	}
	defer release()
	db, err := s.tenants.Workspace(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("open samples of %s: %w", id, err)
	}
	s.metrics.heads.track(db)
	return db, nil
}

// withBody returns the request with the body that was read for its signature.
func withBody(r *http.Request, body []byte) *http.Request {
	r2 := r.Clone(r.Context())
	r2.Body = io.NopCloser(bytes.NewReader(body))
	r2.ContentLength = int64(len(body))
	return r2
}
