package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/ampersand-amp/ampersand/emulator"
	"github.com/ampersand-amp/ampersand/emulator/quota"
)

// defaultListen is the program's address; as a library the emulator takes a
// free port.
const defaultListen = "127.0.0.1:2677"

// serveOptions are the flags of `ampersand serve`.
type serveOptions struct {
	emulator                 emulator.Config
	auth                     string
	quotas                   map[string]string
	quotaFile                string
	faultsFile               string
	remoteWrite2, alignRange bool
	readyFile                string
	logLevel                 string
	logFormat                string
}

func newServe(env lookup, stdout, stderr io.Writer) *cobra.Command {
	o := &serveOptions{
		emulator: emulator.Config{
			Listen:           defaultListen,
			Retention:        emulator.DefaultRetention,
			OutOfOrderWindow: emulator.DefaultOutOfOrderWindow,
			Version:          version(),
			Revision:         builtFrom(),
		},
		quotas: map[string]string{},
		auth:   string(emulator.AuthStrict), logLevel: "info", logFormat: "text",
	}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the emulator",
		Long: "Run the emulator until SIGINT or SIGTERM. Every flag can also be given by the\n" +
			"environment variable in brackets; the flag wins.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := applyEnv(cmd, env); err != nil {
				return err
			}
			cfg, err := o.config(stderr)
			if err != nil {
				return &usageError{cmd.CommandPath(), err}
			}
			return serve(cmd.Context(), cfg, o.readyFile, stdout)
		},
	}
	o.addFlags(cmd)
	return cmd
}

func (o *serveOptions) addFlags(cmd *cobra.Command) {
	c, f := &o.emulator, cmd.Flags()
	f.SortFlags = false
	f.Var(addressValue{&c.Listen}, "listen", "address to listen on; port 0 picks one")
	f.StringVar(&c.DataDir, "data-dir", "", "folder of workspaces and samples; without it a temporary one, removed at exit")
	f.StringVar(&c.Region, "region", emulator.DefaultRegion, "the only region that signatures may be scoped to")
	f.StringVar(&c.AccountID, "account-id", emulator.DefaultAccountID, "account of the workspaces, twelve digits")
	f.StringVar(&c.AccessKeyID, "access-key", emulator.DefaultAccessKeyID, "id of the account's root key, which may do everything")
	f.StringVar(&c.SecretAccessKey, "secret-key", emulator.DefaultSecretAccessKey, "secret of the root key")
	f.StringVar(&c.IdentityFile, "identity", "", "YAML file of users, roles, policies and OIDC providers; read again when it changes")
	f.Var(workspacesValue{&c.Workspaces}, "workspace", "workspace to create if absent, ws- and a UUID; repeatable")
	f.Var(choiceValue{&o.auth, []string{"strict", "off"}}, "auth", "off: take unsigned requests as the account's root")
	f.Var(durationValue{&c.Retention}, "retention", "how long samples are kept")
	f.Var(durationValue{&c.OutOfOrderWindow}, "out-of-order-window", "how late a sample may be; 0 refuses all that are out of order")
	f.Var(quotasValue{o.quotas}, "quota", "value of a quota, such as active-series=1000 or sample-age=unlimited; \"ampersand quotas\" lists them; repeatable")
	f.StringVar(&o.quotaFile, "quota-file", "", "YAML file of quota names and values; --quota wins")
	f.StringVar(&o.faultsFile, "faults", "", "YAML or JSON file of fault rules that are in force from the start")
	f.BoolVar(&o.remoteWrite2, "remote-write-2", true, "take remote write 2.0; without, it is refused with 415")
	f.BoolVar(&o.alignRange, "align-range-to-step", true, "round start and end of range queries down to multiples of the step, as AMP does")
	f.Var(durationValue{&c.StateDelay}, "state-delay", "how long resources of the control plane are CREATING, UPDATING and DELETING")
	f.StringVar(&c.TLSCertFile, "tls-cert", "", "PEM file with the certificate: serve HTTPS")
	f.StringVar(&c.TLSKeyFile, "tls-key", "", "PEM file with the certificate's key")
	f.StringVar(&o.readyFile, "ready-file", "", "write the address (host:port) to this file when ready; removed at exit")
	f.BoolVar(&c.ConsoleOpen, "console-open", false, "answer /_ampersand/ on other than loopback addresses too")
	f.Var(choiceValue{&o.logLevel, []string{"debug", "info", "warn", "error"}}, "log-level", "least level of what is logged to stderr")
	f.Var(choiceValue{&o.logFormat, []string{"text", "json"}}, "log-format", "form of the log")
	bindEnv(f, map[string]string{
		"region":     "AWS_REGION",
		"access-key": "AWS_ACCESS_KEY_ID",
		"secret-key": "AWS_SECRET_ACCESS_KEY",
	})
	setAnnotation(f.Lookup("secret-key"), secretAnnotation, "true")
}

// config turns the flags into the emulator's configuration.
func (o *serveOptions) config(stderr io.Writer) (emulator.Config, error) {
	cfg := o.emulator
	cfg.Auth = emulator.Auth(o.auth)
	if cfg.Retention == 0 {
		return cfg, errors.New("--retention 0 would keep nothing")
	}
	cfg.NoRemoteWrite2, cfg.NoRangeAlignment = !o.remoteWrite2, !o.alignRange
	if o.quotaFile != "" {
		var err error
		if cfg.Quotas, err = quota.ReadFile(o.quotaFile); err != nil {
			return cfg, fmt.Errorf("--quota-file: %w", err)
		}
	}
	if o.faultsFile != "" {
		var err error
		if cfg.Faults, err = readFaults(o.faultsFile); err != nil {
			return cfg, fmt.Errorf("--faults: %w", err)
		}
	}
	if len(o.quotas) > 0 {
		merged := maps.Clone(cfg.Quotas)
		if merged == nil {
			merged = map[string]string{}
		}
		maps.Copy(merged, o.quotas)
		cfg.Quotas = merged
	}
	if cfg.OutOfOrderWindow == 0 {
		cfg.OutOfOrderWindow = -1 // 0 is the default of emulator.Config
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(o.logLevel)); err != nil {
		return cfg, fmt.Errorf("--log-level: %w", err)
	}
	handlerOptions := &slog.HandlerOptions{Level: level}
	if o.logFormat == "json" {
		cfg.Logger = slog.New(slog.NewJSONHandler(stderr, handlerOptions))
	} else {
		cfg.Logger = slog.New(slog.NewTextHandler(stderr, handlerOptions))
	}
	return cfg, cfg.Validate()
}

// serve runs the emulator until a signal or a failure ends it.
func serve(ctx context.Context, cfg emulator.Config, readyFile string, stdout io.Writer) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := removeFile(readyFile); err != nil { // of a run that was killed
		return err
	}
	srv, err := emulator.Start(ctx, cfg)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil // told to stop before it had started
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("the address %s is taken by another program; choose another with --listen (port 0 picks a free one): %w", cfg.Listen, err)
	case err != nil:
		return err
	}
	err = announce(srv, cfg, readyFile, stdout)
	if err == nil {
		cfg.Logger.Info("ready", "url", srv.URL(), "data", cfg.DataDir, "region", cfg.Region, "auth", string(cfg.Auth))
		select {
		case <-ctx.Done():
			cfg.Logger.Info("stopping", "grace", emulator.ShutdownGrace)
		case <-srv.Done():
		}
	}
	stop() // a second signal ends the program at once
	return errors.Join(err, removeFile(readyFile), srv.Close())
}

// announce says where the emulator is, to people and to scripts.
func announce(srv *emulator.Server, cfg emulator.Config, readyFile string, stdout io.Writer) error {
	if err := writeBanner(stdout, srv, cfg); err != nil {
		return fmt.Errorf("print the address: %w", err)
	}
	if readyFile == "" {
		return nil
	}
	// Who waits for the file must not see half of it.
	temp, err := os.CreateTemp(filepath.Dir(readyFile), filepath.Base(readyFile)+".tmp-*")
	if err != nil {
		return fmt.Errorf("write ready file: %w", err)
	}
	_, err = fmt.Fprintln(temp, srv.Addr())
	if err = errors.Join(err, temp.Chmod(0o644), temp.Close()); err == nil {
		err = os.Rename(temp.Name(), readyFile)
	}
	if err != nil {
		return fmt.Errorf("write ready file: %w", errors.Join(err, os.Remove(temp.Name())))
	}
	return nil
}

func removeFile(path string) error {
	if path == "" {
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove ready file: %w", err)
	}
	return nil
}
