package emulator

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/promql"

	"github.com/ampersand-amp/ampersand/emulator/alerting"
	"github.com/ampersand-amp/ampersand/emulator/fault"
	"github.com/ampersand-amp/ampersand/emulator/identity"
	"github.com/ampersand-amp/ampersand/emulator/identity/sts"
	"github.com/ampersand-amp/ampersand/emulator/ingest"
	"github.com/ampersand-amp/ampersand/emulator/query"
	"github.com/ampersand-amp/ampersand/emulator/quota"
	"github.com/ampersand-amp/ampersand/emulator/sigv4"
	"github.com/ampersand-amp/ampersand/emulator/storage"
	"github.com/ampersand-amp/ampersand/emulator/traffic"
	"github.com/ampersand-amp/ampersand/emulator/workspace"
)

// ShutdownGrace is how long Close waits for requests in flight.
const ShutdownGrace = 10 * time.Second

// Service is the signing name of Amazon Managed Service for Prometheus, for
// control plane and data plane alike [D API model].
const Service = "aps"

// STS's signing name, and how far a client's clock may be off there
// [O vscode-remote-release#5048: 15 minutes].
const (
	stsService = "sts"
	stsMaxSkew = 15 * time.Minute
)

// maxHeader bounds a request's line and headers.
const maxHeader = 128 << 10

// workspacesFile is the name of the control plane's file in the data folder.
const workspacesFile = "workspaces.json"

// Server is a running emulator. Its methods are safe for concurrent use.
type Server struct {
	cfg   Config
	grace time.Duration // ShutdownGrace, shorter in tests

	listener net.Listener
	http     *http.Server
	served   chan struct{} // closed when nothing is accepted any more
	serveErr error         // valid after served
	url      string

	identities  *identity.Store
	verifier    verifier
	stsVerifier verifier
	sts         *sts.Service
	iam         *iamFront
	workspaces  *workspace.Registry
	tenants     *storage.Tenants
	ingest      *ingest.Handler
	query       *query.API
	alerting    *alerting.Manager
	labelSets   labelSets
	policies    resourcePolicies
	quotas      *quota.Set
	buckets     *quota.Buckets
	metrics     *metrics
	inspector   *inspector
	traffic     *traffic.Book
	console     http.Handler
	faults      *fault.Set

	tempDir   string // to remove, if the data folder is temporary
	closing   atomic.Bool
	closeOnce sync.Once
	closeErr  error
}

// Start starts an emulator and returns when it is ready to serve. The context
// bounds the start only; Close ends the emulator.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	cfg = cfg.withDefaults()
	s := &Server{
		cfg:       cfg,
		grace:     ShutdownGrace,
		served:    make(chan struct{}),
		metrics:   newMetrics(cfg.Version, cfg.Revision),
		inspector: newInspector(inspectorSize),
		quotas:    quota.New(),
		traffic:   traffic.New(cfg.Now),
	}
	s.buckets = quota.NewBuckets(s.quotas, cfg.Now)
	s.faults = fault.NewSet(fault.Config{Now: cfg.Now})
	if err := s.faults.Replace(cfg.Faults); err != nil {
		return nil, fmt.Errorf("configuration: faults: %w", err)
	}
	if err := s.quotas.Assign(cfg.Quotas); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	if err := s.start(ctx); err != nil {
		close(s.served) // nothing was served
		return nil, errors.Join(err, s.release())
	}
	return s, nil
}

func (s *Server) start(ctx context.Context) error {
	certs, err := s.certificates()
	if err != nil {
		return err
	}
	// The port first: if it is taken, the data of the emulator that has it is
	// best left alone.
	var lc net.ListenConfig
	if s.listener, err = lc.Listen(ctx, "tcp", s.cfg.Listen); err != nil {
		return fmt.Errorf("listen on %s: %w", s.cfg.Listen, err)
	}
	s.url = serverURL(s.listener.Addr(), certs != nil)
	s.identities, err = identity.Open(identity.Config{
		Region: s.cfg.Region, AccountID: s.cfg.AccountID,
		RootAccessKeyID: s.cfg.AccessKeyID, RootSecretKey: s.cfg.SecretAccessKey,
		File: s.cfg.IdentityFile, StateFile: s.cfg.identityStateFile(), Now: s.cfg.Now, Logger: s.cfg.Logger,
	})
	if err != nil {
		return err // says which file and where in it
	}
	s.ingest = ingest.New(ingest.Config{
		Now: s.cfg.Now, Logger: s.cfg.Logger, Quotas: s.quotas, RemoteWrite2: !s.cfg.NoRemoteWrite2,
		OnDiscard: func(workspaceID, reason string, n int) {
			s.metrics.discarded.WithLabelValues(workspaceID, reason).Add(float64(n))
		},
		OnDone: func(workspaceID string, stored, discarded int) {
			s.metrics.ingested.WithLabelValues(workspaceID).Add(float64(stored))
			s.traffic.Samples(workspaceID, stored, discarded)
		},
	})
	s.query = query.New(query.Config{
		Logger: s.cfg.Logger, Registerer: s.metrics.registry, Now: s.cfg.Now, Quotas: s.quotas,
		AlignRangeToStep: !s.cfg.NoRangeAlignment,
	})
	if err := s.openData(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	s.verifier = newVerifier(sigv4.Config{Region: s.cfg.Region, Service: Service, Now: s.cfg.Now, Keys: s.identities})
	s.stsVerifier = newVerifier(sigv4.Config{
		Region: s.cfg.Region, Service: stsService, Now: s.cfg.Now, Keys: s.identities, MaxSkew: stsMaxSkew,
	})
	s.iam = newIAMFront(s.cfg, s.identities)
	s.sts = sts.New(sts.Config{Store: s.identities, AccountID: s.cfg.AccountID, Now: s.cfg.Now, Logger: s.cfg.Logger})
	s.console = s.newConsole()
	s.http = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		// From the end of the headers: the body, a query of a minute, and a minute
		// for the client to take the answer.
		WriteTimeout: 3 * time.Minute,
		IdleTimeout:  2 * time.Minute,
		// API Gateway takes 10,240 bytes of headers [D API Gateway quotas]; here the
		// request line counts too, which a long query by GET is in.
		MaxHeaderBytes: maxHeader,
		// OPTIONS * is an unknown route like any other, and logged like any other.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(s.cfg.Logger.Handler(), slog.LevelDebug),
	}
	if certs != nil {
		s.http.TLSConfig = &tls.Config{Certificates: certs, MinVersion: tls.VersionTLS12}
	}
	go s.accept(certs != nil) // ends in Close, which waits for served
	return nil
}

func (s *Server) accept(secure bool) {
	defer close(s.served)
	var err error
	if secure {
		err = s.http.ServeTLS(s.listener, "", "")
	} else {
		err = s.http.Serve(s.listener)
	}
	if !errors.Is(err, http.ErrServerClosed) {
		s.serveErr = fmt.Errorf("serve: %w", err)
	}
}

// openData opens the data folder. Storage locks it, so it comes first.
func (s *Server) openData() error {
	dir := s.cfg.DataDir
	if dir == "" {
		temp, err := os.MkdirTemp("", "ampersand-*")
		if err != nil {
			return fmt.Errorf("make temporary data folder: %w", err)
		}
		s.tempDir, dir = temp, temp
	}
	var err error
	s.tenants, err = storage.Open(dir, storage.Options{
		Retention: s.cfg.Retention, OutOfOrderWindow: s.cfg.OutOfOrderWindow, Settings: s.settingsOf,
		Quotas: s.quotas, Logger: s.cfg.Logger, Now: s.cfg.Now,
	})
	if err != nil {
		return err // says which folder and what to do
	}
	s.alerting, err = alerting.New(alerting.Config{
		Dir: dir, Samples: s.open, Quotas: s.quotas, Logger: s.cfg.Logger, Now: s.cfg.Now,
		Engine:     func() promql.QueryEngine { return s.query.Engine() },
		Registerer: s.metrics.registry,
	})
	if err != nil {
		return fmt.Errorf("data folder %s: %w", dir, err)
	}
	window := s.cfg.OutOfOrderWindow
	if window == 0 {
		window = -1 // to the registry 0 is the default
	}
	s.workspaces, err = workspace.Open(workspace.Config{
		Path:      filepath.Join(dir, workspacesFile),
		Partition: identity.Partition(s.cfg.Region),
		Region:    s.cfg.Region, AccountID: s.cfg.AccountID,
		Data: estate{s}, Judge: s.alerting, OnChange: s.follow, Quotas: s.quotas,
		CheckPolicy: func(document []byte) error {
			_, err := identity.ParseResourcePolicy(document)
			return err //nolint:wrapcheck // says what is wrong with the document, to its author
		},
		DefaultRetention: s.cfg.Retention, DefaultOutOfOrderWindow: window,
		CreateTime: s.cfg.StateDelay, DeleteTime: max(s.cfg.StateDelay, workspace.DefaultDeleteTime),
		Now: s.cfg.Now, Logger: s.cfg.Logger,
	})
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("data folder %s: %w: choose a folder that this user may write", dir, err)
	case err != nil:
		return fmt.Errorf("data folder %s: %w", dir, err)
	}
	for _, ws := range s.workspaces.All() {
		s.follow(ws.ID)
	}
	return s.ensureWorkspaces()
}

func (s *Server) ensureWorkspaces() error {
	for _, spec := range s.cfg.Workspaces {
		if _, err := s.workspaces.Ensure(spec.ID, spec.Alias); err != nil {
			return fmt.Errorf("create workspace %s: %w", spec.ID, err)
		}
	}
	return nil
}

func (s *Server) certificates() ([]tls.Certificate, error) {
	if s.cfg.TLSCertFile == "" {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(s.cfg.TLSCertFile, s.cfg.TLSKeyFile)
	if err != nil {
		return nil, fmt.Errorf("load TLS certificate: %w", err)
	}
	return []tls.Certificate{cert}, nil
}

// Reset forgets all samples and, if all is set, all workspaces and fault rules; the
// workspaces of Config.Workspaces are made anew, the rules of Config.Faults are not.
func (s *Server) Reset(ctx context.Context, all bool) error {
	if all {
		s.faults.Clear()
		if err := s.workspaces.Reset(ctx); err != nil {
			return fmt.Errorf("reset workspaces: %w", err)
		}
		return s.ensureWorkspaces()
	}
	for _, ws := range s.workspaces.All() {
		if err := s.clear(ctx, ws.ID); err != nil {
			return err
		}
	}
	return nil
}

// clear forgets what a workspace was sent; it does nothing if the workspace is
// deleted meanwhile.
func (s *Server) clear(ctx context.Context, id string) error {
	_, release, ok := s.workspaces.Hold(id)
	if !ok {
		return nil
	}
	defer release()
	if err := s.tenants.Clear(ctx, id); err != nil {
		return fmt.Errorf("reset samples: %w", err)
	}
	s.ingest.Forget(id)
	s.buckets.Forget(id)
	if err := s.alerting.Clear(ctx, id); err != nil {
		return fmt.Errorf("reset alerts: %w", err)
	}
	return nil
}

// Done is closed when the emulator has stopped accepting requests, be it by
// Close or by a failure that Close then returns.
func (s *Server) Done() <-chan struct{} { return s.served }

// Close stops accepting, waits up to ShutdownGrace for requests in flight and
// cuts off those that remain, writes what is in memory to disk and removes
// temporary data. Later calls return what the first did.
func (s *Server) Close() error {
	s.closeOnce.Do(func() {
		s.closing.Store(true)
		s.faults.Clear() // what they hold up is to end well
		ctx, cancel := context.WithTimeout(context.Background(), s.grace)
		defer cancel()
		err := s.http.Shutdown(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			// A client that does not come to its end is no failure of ours.
			s.cfg.Logger.Warn("requests still in flight are cut off", "grace", s.grace)
			err = s.http.Close()
		}
		<-s.served
		s.closeErr = errors.Join(err, s.serveErr, s.release())
	})
	return s.closeErr
}

// release gives back everything that start took, in reverse.
func (s *Server) release() error {
	var errs []error
	if s.identities != nil {
		errs = append(errs, s.identities.Close())
	}
	if s.alerting != nil {
		errs = append(errs, s.alerting.Close())
	}
	if s.query != nil {
		errs = append(errs, s.query.Close())
	}
	if s.workspaces != nil {
		s.workspaces.Close()
	}
	if s.tenants != nil {
		errs = append(errs, s.tenants.Close())
	}
	if s.listener != nil {
		if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if s.tempDir != "" {
		errs = append(errs, os.RemoveAll(s.tempDir))
	}
	return errors.Join(errs...)
}
