package kind

import (
	"fmt"
	"log/slog"
	"strings"

	"sigs.k8s.io/kind/pkg/log"
)

// logger leads kind's messages to where the lab's go: its steps to the progress, the rest to the log.
type logger struct {
	logf   func(format string, args ...any)
	detail *slog.Logger
}

// Warn implements kind's Logger. What kind warns of - its network variable, cgroup v1 - the preflight has said in our words.
func (l *logger) Warn(message string) { l.detail.Warn(strings.TrimSpace(message)) }

// Warnf implements kind's Logger.
func (l *logger) Warnf(format string, args ...any) { l.Warn(fmt.Sprintf(format, args...)) }

// Error implements kind's Logger.
func (l *logger) Error(message string) { l.detail.Error(strings.TrimSpace(message)) }

// Errorf implements kind's Logger.
func (l *logger) Errorf(format string, args ...any) { l.Error(fmt.Sprintf(format, args...)) }

// V implements kind's Logger.
func (l *logger) V(level log.Level) log.InfoLogger { return infoLogger{l, level} }

type infoLogger struct {
	*logger
	level log.Level
}

// Enabled implements kind's InfoLogger.
func (l infoLogger) Enabled() bool { return true }

// Infof implements kind's InfoLogger.
func (l infoLogger) Infof(format string, args ...any) { l.Info(fmt.Sprintf(format, args...)) }

// Info implements kind's InfoLogger. kind announces a step as " • Writing configuration 📜  ..." and ends it with a tick
// and the same words.
func (l infoLogger) Info(message string) {
	step, announced := strings.CutPrefix(strings.TrimSpace(message), "•")
	if l.level == 0 && announced {
		l.logf("kind: %s", plain(strings.TrimSuffix(step, "...")))
		return
	}
	l.detail.Debug(plain(message))
}

// plain removes the pictures.
func plain(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r > '~' {
			return -1
		}
		return r
	}, text))
}
