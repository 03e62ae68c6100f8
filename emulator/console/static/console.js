// What a page can do beyond links and forms. Without this script it has everything but the list that follows by itself.
(() => {
  const said = document.querySelector("[data-said]");
  const say = (text) => { said.textContent = text; };
  for (const node of document.querySelectorAll("[data-script], [data-copy]")) node.hidden = false;

  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", async () => {
      const text = document.getElementById("text-" + button.dataset.copy);
      try {
        await navigator.clipboard.writeText(text.textContent);
        say("Copied.");
        button.firstChild.textContent = "Copied";
        setTimeout(() => { button.firstChild.textContent = "Copy"; }, 2000);
      } catch { // not allowed, or a page that is not on localhost: have it marked instead
        getSelection().selectAllChildren(text);
        text.focus();
        say("The snippet is marked; copy it with Ctrl+C.");
      }
    });
  }

  const form = document.querySelector("[data-query]");
  form?.elements.query.addEventListener("keydown", (e) => {
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) { e.preventDefault(); form.requestSubmit(); }
  });

  const list = document.querySelector("[data-live]");
  if (!list) return;
  const every = 2000, quiet = 10000; // milliseconds; a screen reader hears of news at most each `quiet`
  const toggle = document.querySelector("[data-live-toggle]"), state = document.querySelector("[data-live-state]");
  const keys = () => new Set([...list.querySelectorAll("tr[data-key]")].map((row) => row.dataset.key));
  let paused = false, shown = "", unheard = 0, refused = 0, heard = 0;

  const focused = () => {
    const row = document.activeElement?.closest?.("[data-live] tr[data-key]");
    return row && row.dataset.key;
  };
  const replace = (html) => {
    const before = keys(), at = focused();
    list.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
    for (const row of list.querySelectorAll("tr[data-key]")) {
      if (before.has(row.dataset.key)) continue;
      unheard++;
      if (row.classList.contains("not")) refused++;
    }
    if (at) list.querySelector(`tr[data-key="${CSS.escape(at)}"] a`)?.focus({ preventScroll: true });
  };
  const tell = () => {
    if (!unheard || Date.now() - heard < quiet) return;
    say(`${unheard} new requests, ${refused} of them not accepted.`);
    unheard = refused = 0;
    heard = Date.now();
  };
  const look = async () => {
    if (!paused && !document.hidden) {
      try {
        const answer = await fetch(list.dataset.live);
        if (!answer.ok) throw new Error(answer.status);
        const html = await answer.text();
        if (!paused) {
          if (html !== shown) replace(html);
          shown = html;
          state.textContent = "Live: new requests appear by themselves.";
          tell();
        }
      } catch {
        if (!paused) state.textContent = "The emulator does not answer; trying again.";
      }
    }
    setTimeout(look, every);
  };
  toggle.hidden = false;
  toggle.addEventListener("click", () => {
    paused = !paused;
    toggle.setAttribute("aria-pressed", paused);
    state.textContent = paused ? "Paused." : "Live: new requests appear by themselves.";
    say(state.textContent);
  });
  look();
})();
