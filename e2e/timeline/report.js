(() => {
  const sections = [...document.querySelectorAll("main > section")], links = [...document.querySelectorAll("nav a")];
  const show = (id) => {
    if (!sections.some((s) => s.id === id)) id = sections[0].id;
    for (const s of sections) s.hidden = s.id !== id;
    for (const a of links) { const on = a.hash === "#" + id; a.setAttribute("aria-selected", on); a.tabIndex = on ? 0 : -1; }
  };
  if (links.length > 1) {
    document.querySelector("nav").setAttribute("role", "tablist");
    for (const [i, a] of links.entries()) {
      a.setAttribute("role", "tab"); a.setAttribute("aria-controls", a.hash.slice(1));
      a.addEventListener("click", (e) => { e.preventDefault(); history.replaceState(null, "", a.hash); show(a.hash.slice(1)); });
      a.addEventListener("keydown", (e) => {
        const by = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
        if (by) { const to = links[(i + by + links.length) % links.length]; to.focus(); to.click(); }
        if (e.key === " ") { e.preventDefault(); a.click(); }
      });
    }
    for (const s of sections) s.setAttribute("role", "tabpanel");
    addEventListener("hashchange", () => show(location.hash.slice(1)));
    show(location.hash.slice(1));
  }
  for (const figure of document.querySelectorAll("figure[data-grid]")) {
    const grid = JSON.parse(document.getElementById(figure.dataset.grid).textContent), n = grid.curves.length ? grid.curves[0].values.length - 1 : 0;
    if (!n) continue;
    const tip = document.createElement("div"), said = document.createElement("p");
    tip.className = "tip"; tip.hidden = true; tip.setAttribute("aria-hidden", "true");
    said.className = "soft"; said.setAttribute("role", "status");
    figure.append(tip, said);
    figure.tabIndex = 0;
    let at = Math.round(-grid.from / (grid.to - grid.from) * n);
    const picture = () => [...figure.querySelectorAll("svg.chart")].find((s) => s.getBoundingClientRect().width > 0);
    const move = (i, keys) => {
      at = Math.min(n, Math.max(0, i));
      const svg = picture(); if (!svg) return;
      const seconds = grid.from + (grid.to - grid.from) * at / n, left = +svg.dataset.left, right = +svg.dataset.right;
      const x = left + (right - left) * at / n, cross = svg.querySelector(".cross"), scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
      cross.style.visibility = "visible"; cross.setAttribute("transform", `translate(${x} 0)`);
      const rows = grid.curves.filter((c) => c.values[at] !== null), spans = (grid.spans || []).filter((s) => s.from <= seconds && seconds <= s.to);
      tip.replaceChildren();
      const head = document.createElement("b"); head.textContent = (seconds < 0 ? "" : "+") + seconds.toFixed(1) + " s"; tip.append(head);
      for (const c of rows) {
        const line = document.createElement("div"), key = document.createElement("i");
        key.innerHTML = `<svg class="chart" viewBox="0 0 12 6"><path class="curve c-${c.class}" d="M0 3H12"/></svg>`;
        line.append(key, `${c.label} ${c.values[at]} ${c.unit}`); tip.append(line);
      }
      for (const s of spans) { const line = document.createElement("div"); line.textContent = s.text; tip.append(line); }
      tip.hidden = false;
      const width = svg.getBoundingClientRect().width;
      tip.style.left = tip.style.right = "";
      if (x * scale > width / 2) tip.style.right = width - x * scale + 10 + "px"; else tip.style.left = x * scale + 10 + "px";
      if (keys) said.textContent = head.textContent + ": " + rows.map((c) => `${c.label} ${c.values[at]} ${c.unit}`).concat(spans.map((s) => s.text)).join(", ");
    };
    const leave = () => { tip.hidden = true; said.textContent = ""; for (const c of figure.querySelectorAll(".cross")) c.style.visibility = ""; };
    figure.addEventListener("pointermove", (e) => {
      const svg = picture(); if (!svg) return;
      const box = svg.getBoundingClientRect(), left = +svg.dataset.left, right = +svg.dataset.right;
      move(Math.round(((e.clientX - box.left) * svg.viewBox.baseVal.width / box.width - left) / (right - left) * n));
    });
    figure.addEventListener("pointerleave", leave);
    figure.addEventListener("blur", leave);
    figure.addEventListener("keydown", (e) => {
      const by = { ArrowRight: 1, ArrowLeft: -1, PageDown: 20, PageUp: -20 }[e.key];
      if (by) { e.preventDefault(); move(at + by, true); }
      if (e.key === "Escape") leave();
    });
  }
})();
