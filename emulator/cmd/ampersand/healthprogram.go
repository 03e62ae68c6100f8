package main

import (
	"cmp"
	"io"
	"io/fs"
	"net"
	"path"
	"slices"
	"strconv"
	"strings"
)

// containerProgram returns the command line of the program of ours that the container exists for, or nil: outside a
// container process 1 is the machine's, and on other systems than Linux there is no proc to look into.
//
// That is process 1, or its child where the container engine was asked to put an init before it.
func containerProgram(proc fs.FS) []string {
	argv := commandLine(proc, "1")
	if isOurs(argv) {
		return argv
	}
	if !isInit(argv) {
		return nil
	}
	entries, err := fs.ReadDir(proc, ".")
	if err != nil {
		return nil
	}
	for _, entry := range entries {
		if _, err := strconv.Atoi(entry.Name()); err != nil || parent(proc, entry.Name()) != "1" {
			continue
		}
		if argv := commandLine(proc, entry.Name()); isOurs(argv) {
			return argv
		}
	}
	return nil
}

func isOurs(argv []string) bool {
	return len(argv) > 0 && slices.Contains([]string{"ampersand", "sigv4proxy", "ho11y"}, path.Base(argv[0]))
}

// isInit knows what Docker, Podman and Kubernetes put before a container's program when told to.
func isInit(argv []string) bool {
	return len(argv) > 0 && slices.Contains([]string{"docker-init", "podman-init", "catatonit", "tini", "dumb-init"}, path.Base(argv[0]))
}

func commandLine(proc fs.FS, process string) []string {
	raw, err := fs.ReadFile(proc, process+"/cmdline")
	if err != nil || len(raw) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(raw), "\x00"), "\x00")
}

// parent is the second field behind the program's name, which may hold anything.
func parent(proc fs.FS, process string) string {
	raw, err := fs.ReadFile(proc, process+"/stat")
	if err != nil {
		return ""
	}
	stat := string(raw)
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 2 {
		return ""
	}
	return fields[1]
}

// checkOf says how to ask the program with this command line. A health check has the environment of its container, so
// env is the program's as well.
func checkOf(argv []string, env lookup) (healthCheck, error) {
	switch program := path.Base(argv[0]); {
	case program == "sigv4proxy":
		return newHealthCheck(program, "http", proxyListen(argv[1:]), "/-/ready")
	case program == "ho11y":
		host, _ := env("HO11Y_ADDR")
		port, _ := env("HO11Y_PORT")
		return newHealthCheck(program, "http", net.JoinHostPort(strings.Trim(host, "[]"), cmp.Or(port, "8765")), "/-/healthy")
	case len(argv) > 1 && argv[1] == "serve":
		serve := newServe(env, io.Discard, io.Discard)
		if err := serve.ParseFlags(argv[2:]); err != nil {
			return healthCheck{}, err
		}
		if err := applyEnv(serve, env); err != nil {
			return healthCheck{}, err
		}
		return serveAddress{serve.Flag("listen").Value.String(), serve.Flag("tls-cert").Value.String()}.check()
	}
	return healthCheck{program: strings.Join(argv[:min(2, len(argv))], " ")}, nil
}

// proxyListen is the address that sigv4proxy's --port names, in one of the forms that it takes.
func proxyListen(args []string) string {
	listen := ":8080"
	for i, arg := range args {
		if value, ok := strings.CutPrefix(arg, "--port="); ok {
			listen = value
		} else if arg == "--port" && i+1 < len(args) {
			listen = args[i+1]
		}
	}
	if !strings.Contains(listen, ":") {
		listen = ":" + listen
	}
	return listen
}
