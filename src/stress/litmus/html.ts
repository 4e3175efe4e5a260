// The report page: per family, a row a test and a cell an outcome, coloured by how often it was seen. One file, no scripts from elsewhere.
import { MEANING, type Report, type TestReport } from './report.ts';
import { VERDICTS } from './verdict.ts';

const escape = (text: string): string => text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!);

/** The shape a test is a variant of: the name up to its first '+', numbers of a series without their number. */
export function family(name: string): string {
  const base = name.startsWith('2+2W') ? '2+2W' : name.split('+', 1)[0];
  return /^[A-Za-z]+\d+\w*$/.test(base) && !/^(?:ISA2|IRIW|CoRW2|Z6|PPO\w*)$/.test(base) ? `${base.replace(/\d.*$/, '')}…` : base;
}

/** 0 … 1 by the order of magnitude of a share. */
const heat = (count: number, runs: number): number => 1 + Math.max(-6, Math.log10(count / runs)) / 6;

function cell(t: TestReport, state: string, count: number, kind: 'seen' | 'missing' | 'forbidden'): string {
  const title = kind === 'missing' ? `${state} — allowed, not seen` : `${state} — ${count.toLocaleString('en')} (${(100 * count / t.runs).toPrecision(3)} %)${kind === 'forbidden' ? ' — FORBIDDEN' : ''}`;
  const style = kind === 'seen' ? ` style="--h:${heat(count, t.runs).toFixed(2)}"` : '';
  return `<i class="${kind}"${style} title="${escape(title)}"></i>`;
}

function row(t: TestReport): string {
  const bad = new Set(t.verdict === 'forbidden' ? t.reason!.replace(/^forbidden: /, '').split(' | ') : []);
  const cells = [
    ...Object.entries(t.states).sort(([, a], [, b]) => b - a).map(([s, n]) => cell(t, s, n, bad.has(s) ? 'forbidden' : 'seen')),
    ...(t.missing ?? []).map((s) => cell(t, s, 0, 'missing')),
  ];
  const note = t.verdict === 'error' ? `<span class="why">${escape(t.reason ?? '')}</span>` : cells.join('');
  return `<tr data-v="${t.verdict}"><th title="${escape(`${t.file}\n${t.condition ?? ''}`)}">${escape(t.name)}</th><td class="v ${t.verdict}">${t.verdict}</td>`
    + `<td class="n">${t.runs.toLocaleString('en')}</td><td class="c">${note}</td></tr>`;
}

const STYLE = `
:root{color-scheme:light dark;--fg:#1d2733;--bg:#fff;--line:#d8dee6;--dim:#697686;--hot:21 101 192}
@media(prefers-color-scheme:dark){:root{--fg:#e3e8ee;--bg:#14181d;--line:#303a45;--dim:#93a0af;--hot:100 181 246}}
body{font:14px/1.45 system-ui,sans-serif;color:var(--fg);background:var(--bg);margin:2rem auto;max-width:72rem;padding:0 1rem}
h1{font-size:1.4rem;margin:0 0 .3rem}h2{font-size:1rem;margin:1.6rem 0 .3rem;border-bottom:1px solid var(--line)}h2 small{color:var(--dim);font-weight:400}
p{margin:.3rem 0;color:var(--dim)}table{border-collapse:collapse;width:100%}th{text-align:left;font:13px ui-monospace,monospace;width:24rem;word-break:break-all}
td,th{padding:.1rem .5rem .1rem 0;vertical-align:top}.n{text-align:right;width:7rem;font-variant-numeric:tabular-nums;color:var(--dim)}.v{width:6rem}
.v.forbidden{color:#d32f2f;font-weight:700}.v.error{color:#c77700}.v.all{color:#2e8b57}.v.partial,.v.unjudged{color:var(--dim)}
i{display:inline-block;width:13px;height:13px;margin:2px 2px 0 0;border-radius:2px;box-sizing:border-box}
.seen{background:rgb(var(--hot)/calc(.12 + .88*var(--h)))}.missing{border:1px dashed var(--dim)}.forbidden:is(i){background:#d32f2f;outline:2px solid #d32f2f}
.why{font-size:12px;color:#c77700}nav label{margin-right:1rem}input[type=search]{font:inherit;padding:.2rem .4rem;width:16rem}
`;

const SCRIPT = `
const q=document.querySelector('input[type=search]'),boxes=[...document.querySelectorAll('nav input[type=checkbox]')];
const show=()=>{const on=new Set(boxes.filter(b=>b.checked).map(b=>b.value)),t=q.value.toLowerCase();
for(const s of document.querySelectorAll('section')){let any=false;for(const r of s.querySelectorAll('tr')){const ok=on.has(r.dataset.v)&&r.textContent.toLowerCase().includes(t);r.hidden=!ok;any||=ok}s.hidden=!any}};
q.oninput=show;boxes.forEach(b=>b.onchange=show);
`;

/** The page of a campaign. */
export function htmlPage(r: Report): string {
  const families = new Map<string, TestReport[]>();
  for (const t of r.tests) {
    const f = family(t.name), list = families.get(f);
    if (list) list.push(t); else families.set(f, [t]);
  }
  const { summary: s, options: o } = r;
  const sections = [...families].sort(([a], [b]) => (a < b ? -1 : 1)).map(([f, tests]) =>
    `<section><h2>${escape(f)} <small>${tests.length}</small></h2><table>${tests.map(row).join('\n')}</table></section>`);
  const boxes = VERDICTS.map((v) => `<label><input type="checkbox" value="${v}" checked> ${v} ${s[v]} <small>${MEANING[v]}</small></label>`);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Litmus report</title><style>${STYLE}</style></head><body>
<h1>Litmus report</h1>
<p>${s.tests} tests, ${s.runs.toLocaleString('en')} instances in ${s.seconds} s. ${escape(`-cpu ${o.cpu}, ${o.smp} vCPUs, exclusive=${o.exclusive}, ${o.regions ? 'regions' : 'interpreter'}, seed ${o.seed}`)}.</p>
<p>A cell is an outcome: <i class="seen" style="--h:1"></i>seen always … <i class="seen" style="--h:.1"></i>seen once in a million, <i class="missing"></i>allowed but not seen, <i class="forbidden"></i>forbidden.</p>
<nav><input type="search" placeholder="test or reason"> ${boxes.join(' ')}</nav>
${sections.join('\n')}
<script>${SCRIPT}</script></body></html>
`;
}
