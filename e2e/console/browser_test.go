//go:build clients

package console

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// browser is a page in Chromium. Whatever it complains of and whatever it asks of another host fails the test.
type browser struct {
	t    *testing.T
	ctx  context.Context //nolint:containedctx // it is the browser's tab, as chromedp has it
	home *url.URL

	mu       sync.Mutex
	trouble  []string
	expected string
}

// open starts Chromium, which CHROMIUM names or the path has.
func open(t *testing.T, home string, width, height int64, scheme string) *browser {
	t.Helper()
	program := os.Getenv("CHROMIUM")
	if program == "" {
		program = "chromium"
	}
	u, err := url.Parse(home)
	require.NoError(t, err)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.WSURLReadTimeout(patience),
		// A sandbox of its own needs rights that a container seldom has; the pages are ours.
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	ctx, cancel := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...) // it ends in the cleanup, before which a test's context does
	t.Cleanup(cancel)
	ctx, _ = chromedp.NewContext(ctx)
	t.Cleanup(func() { require.NoError(t, chromedp.Cancel(ctx)) }) // waits until the program has ended and its profile is gone
	b := &browser{t: t, ctx: ctx, home: u}
	chromedp.ListenTarget(ctx, b.hear)
	require.NoError(t, chromedp.Run(ctx, network.Enable(), log.Enable(), runtime.Enable(),
		emulation.SetDeviceMetricsOverride(width, height, 1, width < 500),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}})), "start %s", program)
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		assert.Empty(t, b.trouble)
	})
	return b
}

func (b *browser) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.trouble = append(b.trouble, "exception: "+e.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
			for _, arg := range e.Args {
				b.trouble = append(b.trouble, fmt.Sprintf("console: %s %s", arg.Value, arg.Description))
			}
		}
	case *log.EventEntryAdded:
		if b.expected == "" || !strings.Contains(e.Entry.URL, b.expected) {
			b.trouble = append(b.trouble, "log: "+e.Entry.Text+" "+e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(e.Request.URL)
		if err != nil || u.Scheme != b.home.Scheme || u.Host != b.home.Host {
			b.trouble = append(b.trouble, "request to another origin: "+e.Request.URL)
		}
	}
}

// expect says that pages with this in their address have an error as their status, which Chromium tells in its log.
func (b *browser) expect(address string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expected = address
}

func (b *browser) run(what string, actions ...chromedp.Action) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	require.NoError(b.t, chromedp.Run(ctx, actions...), what)
}

func (b *browser) visit(path string) {
	b.t.Helper()
	b.run("open "+path, chromedp.Navigate(b.home.String()+path), chromedp.WaitReady("main"))
}

// eval returns what an expression comes to in the page.
func eval[T any](b *browser, expression string) T {
	b.t.Helper()
	var v T
	b.run(expression, chromedp.Evaluate(expression, &v))
	return v
}

// until waits for an expression to hold. The page may be on its way to another meanwhile, which is no error.
func (b *browser) until(expression string) {
	b.t.Helper()
	require.Eventually(b.t, func() bool {
		holds := false
		err := chromedp.Run(b.ctx, chromedp.Evaluate("document.readyState === 'complete' && !!("+expression+")", &holds))
		return err == nil && holds
	}, patience, 20*time.Millisecond, "wait for %s", expression)
}

// keys presses keys, one after the other.
func (b *browser) keys(keys string) {
	b.t.Helper()
	b.run("press keys", chromedp.KeyEvent(keys))
}

// tab presses Tab until what has the focus matches a selector and contains a text.
func (b *browser) tab(selector, text string) {
	b.t.Helper()
	const most = 150
	for range most {
		b.keys(kb.Tab)
		if eval[bool](b, fmt.Sprintf("document.activeElement.matches(%q) && document.activeElement.textContent.includes(%q)", selector, text)) {
			return
		}
	}
	require.Failf(b.t, "not reached", "%d times Tab do not lead to %s with %q", most, selector, text)
}

// follow tabs to a link or button and presses it; the page that comes is waited for.
func (b *browser) follow(selector, text string) {
	b.t.Helper()
	b.tab(selector, text)
	eval[bool](b, "window.left = true")
	b.keys(kb.Enter)
	b.until("!window.left")
}

// text is that of the first node.
func (b *browser) text(selector string) string {
	b.t.Helper()
	return eval[string](b, fmt.Sprintf("document.querySelector(%q)?.innerText ?? 'there is no such node'", selector))
}

// awaited has the browser wait for a promise.
func awaited(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }
