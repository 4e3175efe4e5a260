// Style and script of the lock profiler's page.

export const PAGE_STYLE = `
:root{color-scheme:light dark;--bg:#fff;--fg:#1a1d21;--dim:#6b7280;--line:#e5e7eb;--spin:#d1495b;--mmio:#2a7f9e;--lock:#e09f3e;--hold:#9db17c;--exclusive:#6d597a}
@media(prefers-color-scheme:dark){:root{--bg:#16181c;--fg:#e6e8eb;--dim:#9aa1ab;--line:#2c3036}}
*{box-sizing:border-box}body{font:14px/1.45 system-ui,sans-serif;margin:0 auto;padding:24px;max-width:1500px;background:var(--bg);color:var(--fg)}
h1{font-size:20px;margin:0 0 4px}h2{font-size:15px;margin:28px 0 8px}.sum,.hint{color:var(--dim);margin:0 0 8px}.sum b{color:var(--fg)}
.scroll{overflow:auto;max-height:480px;border:1px solid var(--line);border-radius:6px}table{border-collapse:collapse;width:100%;font-size:13px}
th{position:sticky;top:0;background:var(--bg);text-align:left;cursor:pointer;border-bottom:1px solid var(--line);user-select:none}th,td{padding:4px 10px;white-space:nowrap}
td{font-family:ui-monospace,monospace;font-size:12px}td.n{text-align:right;font-variant-numeric:tabular-nums}tbody tr:hover{background:color-mix(in srgb,var(--fg) 7%,transparent)}
.k{padding:0 6px;border-radius:3px;color:#fff;font-size:12px}.spin{background:var(--spin)}.mmio{background:var(--mmio)}.lock{background:var(--lock)}.hold{background:var(--hold)}.exclusive{background:var(--exclusive)}
canvas{width:100%;display:block;border:1px solid var(--line);border-radius:6px;cursor:crosshair}
.tip{position:fixed;display:none;background:var(--fg);color:var(--bg);padding:3px 8px;border-radius:4px;font-size:12px;pointer-events:none;max-width:60ch;z-index:2}
.graph{position:relative;border:1px solid var(--line);border-radius:6px;overflow:hidden}
.f{position:absolute;height:19px;font:11px/19px ui-monospace,monospace;padding:0 4px;overflow:hidden;white-space:nowrap;text-overflow:ellipsis;cursor:pointer;border:1px solid var(--bg);border-radius:3px;color:#1a1d21}
`;

export const PAGE_SCRIPT = `
'use strict';
const data = JSON.parse(document.getElementById('data').textContent), css = getComputedStyle(document.documentElement);
const show = (ns) => ns >= 1e9 ? (ns / 1e9).toFixed(2) + ' s' : ns >= 1e6 ? (ns / 1e6).toFixed(1) + ' ms' : ns >= 1e3 ? (ns / 1e3).toFixed(1) + ' µs' : Math.round(ns) + ' ns';
for (const th of document.querySelectorAll('th')) th.onclick = () => {
  const k = [...th.parentNode.children].indexOf(th), body = th.closest('table').tBodies[0], down = th.dataset.down !== '1';
  th.dataset.down = down ? '1' : '0';
  const key = (tr) => tr.cells[k].dataset.sort === undefined ? tr.cells[k].textContent : Number(tr.cells[k].dataset.sort);
  body.append(...[...body.rows].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0) * (down ? -1 : 1)));
};
const tip = document.querySelector('.tip');
const say = (e, text) => { tip.textContent = text; tip.style.display = text ? 'block' : 'none'; tip.style.left = Math.min(e.clientX + 12, innerWidth - 380) + 'px'; tip.style.top = e.clientY + 14 + 'px'; };
(() => { // timeline: a row a thread
  const canvas = document.querySelector('canvas'), rows = data.timeline, H = 24, LEFT = 90, TOP = 22;
  const all = [0, Math.max(1, ...rows.flatMap((r) => r.spans.map((s) => s.at + s.ns)))];
  // The rings of busy vCPUs reach less far back than main's.
  const vcpus = rows.filter((r) => r.thread.startsWith('vCPU')).map((r) => r.spans[0].at);
  let [from, to] = [Math.min(all[1] - 1, ...vcpus), all[1]], drag;
  const x = (t, w) => LEFT + (t - from) / (to - from) * (w - LEFT);
  const draw = (mark) => {
    const w = canvas.clientWidth, h = rows.length * H + TOP + 4, d = devicePixelRatio || 1, g = canvas.getContext('2d');
    canvas.width = w * d; canvas.height = h * d; canvas.style.height = h + 'px'; g.scale(d, d); g.font = '12px system-ui';
    g.fillStyle = css.getPropertyValue('--dim');
    for (let k = 0; k <= 6; k++) g.fillText(show(from + (to - from) * k / 6), Math.min(x(from + (to - from) * k / 6, w), w - 60), 15);
    rows.forEach((r, n) => {
      g.fillStyle = css.getPropertyValue('--fg'); g.fillText(r.thread, 6, TOP + n * H + 16);
      for (const s of r.spans) {
        if (s.at + s.ns < from || s.at > to) continue;
        const a = Math.max(LEFT, x(s.at, w));
        g.fillStyle = css.getPropertyValue('--' + s.kind); g.fillRect(a, TOP + n * H + 4, Math.max(1, x(s.at + s.ns, w) - a), H - 8);
      }
    });
    if (mark) { g.fillStyle = 'rgba(120,120,160,.25)'; g.fillRect(Math.min(...mark), TOP, Math.abs(mark[1] - mark[0]), h); }
  };
  const time = (px) => from + (px - LEFT) / (canvas.clientWidth - LEFT) * (to - from);
  canvas.onmousedown = (e) => { drag = e.offsetX; };
  canvas.onmousemove = (e) => {
    if (drag !== undefined) return draw([drag, e.offsetX]);
    const row = rows[Math.floor((e.offsetY - TOP) / H)], t = time(e.offsetX), slack = 2 * (to - from) / canvas.clientWidth;
    const hit = row && row.spans.filter((s) => s.at - slack <= t && t <= s.at + s.ns + slack).sort((a, b) => a.ns - b.ns)[0];
    say(e, hit ? hit.kind + ': ' + hit.what + ', ' + show(hit.ns) : '');
  };
  canvas.onmouseleave = (e) => say(e, '');
  onmouseup = (e) => {
    if (drag === undefined) return;
    const a = time(drag), b = time(e.clientX - canvas.getBoundingClientRect().left);
    drag = undefined;
    if (Math.abs(b - a) > (to - from) / 200) { from = Math.max(all[0], Math.min(a, b)); to = Math.min(all[1], Math.max(a, b)); }
    draw();
  };
  canvas.ondblclick = () => { [from, to] = all; draw(); };
  addEventListener('resize', () => draw());
  draw();
})();
(() => { // flame graph, roots on top
  const root = { name: 'all', ns: 0, kids: new Map() };
  for (const s of data.stacks) {
    let at = root; root.ns += s.ns;
    for (const f of s.frames) { let k = at.kids.get(f); if (!k) at.kids.set(f, k = { name: f, ns: 0, kids: new Map(), up: at }); k.ns += s.ns; at = k; }
  }
  const box = document.querySelector('.graph'), H = 20;
  const hue = (s) => { let h = 0; for (const c of s) h = (h * 31 + c.codePointAt(0)) >>> 0; return s.startsWith('[') ? 355 : 18 + h % 45; };
  const draw = (top) => {
    box.replaceChildren(); let depth = 0;
    const put = (n, from, share, level) => {
      if (share < 0.0004) return;
      depth = Math.max(depth, level);
      const d = document.createElement('div'); d.className = 'f'; d.textContent = n.name;
      Object.assign(d.style, { left: from * 100 + '%', width: share * 100 + '%', top: level * H + 'px', background: 'hsl(' + hue(n.name) + ' 75% ' + (n.name.startsWith('[') ? 74 : 66) + '%)' });
      d.onmousemove = (e) => say(e, n.name + ' ' + show(n.ns) + ', ' + (100 * n.ns / root.ns).toFixed(1) + ' %'); d.onmouseleave = (e) => say(e, '');
      d.onclick = () => draw(n === top ? n.up || root : n); box.append(d);
      let at = from;
      for (const k of [...n.kids.values()].sort((a, b) => b.ns - a.ns)) { put(k, at, share * k.ns / n.ns, level + 1); at += share * k.ns / n.ns; }
    };
    if (top.ns > 0) put(top, 0, 1, 0);
    box.style.height = (depth + 1) * H + 4 + 'px';
  };
  draw(root);
})();
`;
