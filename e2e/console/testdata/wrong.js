(() => {
  const found = [], name = (n) => n.tagName.toLowerCase() + (n.id && "#" + n.id) + "." + [...n.classList].join(".");
  const seen = (n) => n.checkVisibility({ visibilityProperty: true }) && !n.closest(".hide, .said, .skip");
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) found.push(`the page is ${wide} px wider than the window`);
  if (document.querySelectorAll("h1").length !== 1) found.push("not one h1");
  const ids = [...document.querySelectorAll("[id]")].map((n) => n.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push("the id " + id + " is given twice");
  for (const n of document.querySelectorAll("input:not([type=hidden]), select, textarea")) if (!n.labels.length) found.push(name(n) + " has no label");
  for (const n of document.querySelectorAll("table")) if (!n.caption) found.push("a table has no caption");
  const parse = (color) => { const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number); return { r, g, b, a }; };
  const over = (top, below) => ({ r: top.r * top.a + below.r * (1 - top.a), g: top.g * top.a + below.g * (1 - top.a), b: top.b * top.a + below.b * (1 - top.a), a: 1 });
  const ground = (n) => { const own = n ? parse(getComputedStyle(n).backgroundColor) : { r: 255, g: 255, b: 255, a: 1 }; return own.a === 1 ? own : over(own, ground(n.parentElement)); };
  const light = ({ r, g, b }) => { const [x, y, z] = [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * x + 0.7152 * y + 0.0722 * z; };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let t; (t = texts.nextNode());) {
    const n = t.parentElement;
    if (!t.textContent.trim() || !seen(n) || n.closest("script, noscript")) continue;
    const style = getComputedStyle(n), below = ground(n), top = over(parse(n.closest("svg") ? style.fill : style.color), below);
    const [a, b] = [light(top), light(below)].sort((x, y) => y - x), ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) found.push(`contrast ${ratio.toFixed(2)} of ${name(n)}: ${t.textContent.trim().slice(0, 40)}`);
  }
  return [...new Set(found)];
})()
