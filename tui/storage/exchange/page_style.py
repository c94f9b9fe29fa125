"""The style sheet of an exported page: for screens of any size, light and dark, and for paper."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fbfaf7; --card: #f1efe9; --ink: #24231f; --soft: #6a675f; --line: #dedad0;
  --accent: #0b6672; --warn: #8a4b00; --code: #f1efe9;
  --c-comment: #6f6b60; --c-keyword: #8a2463; --c-string: #2c6a2e; --c-number: #8f4a00;
  --c-name: #14507a; --c-deleted: #9c2323;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #16181a; --card: #1f2225; --ink: #e4e2dc; --soft: #9b988f; --line: #33373b;
    --accent: #6cc5d1; --warn: #e6a35c; --code: #1f2225;
    --c-comment: #8b887e; --c-keyword: #e08fc0; --c-string: #9ccc8f; --c-number: #e0a878;
    --c-name: #84b9e6; --c-deleted: #ef8d8d;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 1.0625rem/1.6 Charter, "Bitstream Charter", "Iowan Old Style", Cambria, Georgia, serif;
  overflow-wrap: break-word;
}
main { max-width: 46rem; margin: 0 auto; padding: 2.5rem 1.25rem 5rem; }
header { margin-bottom: 2.5rem; padding-bottom: 1.25rem; border-bottom: 1px solid var(--line); }
h1, h2, h3, h4, h5, h6, .facts, .note, .ending, summary, .sources, table {
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
h1, h2, h3, h4, h5, h6 { line-height: 1.25; text-wrap: balance; }
header h1 { font-size: 1.9rem; margin: 0 0 .5rem; letter-spacing: -.01em; }
.facts { margin: 0; color: var(--soft); font-size: .875rem; }
article { margin: 0 0 2.25rem; }
article > h2 { margin: 0 0 .5rem; font-size: .8125rem; font-weight: 600; color: var(--accent); }
.prompt { padding: .9rem 1.1rem; background: var(--card); border-radius: .75rem; }
.prompt > h2 { color: var(--soft); }
.plain { white-space: pre-wrap; }
.text > :first-child { margin-top: 0; }
.text > :last-child { margin-bottom: 0; }
.text h1 { font-size: 1.45rem; }
.text h2 { font-size: 1.25rem; }
.text h3, .text h4, .text h5, .text h6 { font-size: 1.0625rem; }
a { color: var(--accent); text-underline-offset: .15em; }
blockquote { margin: 1rem 0; padding-left: 1rem; border-left: 3px solid var(--line); }
blockquote, details > .plain { color: var(--soft); }
hr { border: 0; border-top: 1px solid var(--line); margin: 2rem 0; }
ul, ol { padding-left: 1.5rem; }
code, pre {
  font-family: ui-monospace, "SF Mono", "Cascadia Code", "DejaVu Sans Mono", Menlo, monospace;
  font-size: .875em;
}
code { background: var(--code); padding: .1em .3em; border-radius: .3em; }
pre {
  background: var(--code); padding: .9rem 1rem; border: 1px solid var(--line);
  border-radius: .6rem; overflow-x: auto; line-height: 1.5; tab-size: 4;
}
pre code { padding: 0; background: none; }
.prompt code, .prompt pre { background: var(--paper); }
table { display: block; overflow-x: auto; border-collapse: collapse; font-size: .9375rem; }
th, td { padding: .4rem .75rem; border: 1px solid var(--line); text-align: start; }
th { background: var(--card); }
.left { text-align: left; } .center { text-align: center; } .right { text-align: right; }
details { margin: .75rem 0; padding-left: 1rem; border-left: 3px solid var(--line); }
summary { cursor: pointer; color: var(--soft); font-size: .875rem; }
details > .plain { margin: .5rem 0; font-size: .9375em; }
.note { margin: 1rem 0 .25rem; color: var(--soft); font-size: .875rem; }
.ending { margin: .75rem 0 0; color: var(--warn); font-size: .875rem; }
.sources { color: var(--soft); font-size: .875rem; }
.c, .ch, .cm, .c1, .cs, .cp, .cpf { color: var(--c-comment); font-style: italic; }
.k, .kc, .kd, .kn, .kp, .kr, .kt, .ow { color: var(--c-keyword); }
.s, .sa, .sb, .sc, .dl, .sd, .s1, .s2, .se, .sh, .si, .sx, .sr, .ss, .gi { color: var(--c-string); }
.m, .mb, .mf, .mh, .mi, .mo, .il, .l, .ld { color: var(--c-number); }
.nf, .fm, .nc, .ne, .nn, .nt, .na, .nd, .nb, .bp { color: var(--c-name); }
.gd, .err { color: var(--c-deleted); }
.gh, .gu { font-weight: 600; }
@media (max-width: 30rem) {
  main { padding: 1.5rem 1rem 3rem; }
  header h1 { font-size: 1.5rem; }
}
@media print {
  :root {
    color-scheme: light;
    --paper: #fff; --card: #f5f5f5; --code: #f5f5f5; --ink: #000; --soft: #444; --line: #ccc;
    --accent: #000; --warn: #000; --c-comment: #555; --c-keyword: #000; --c-string: #333;
    --c-number: #333; --c-name: #000; --c-deleted: #000;
  }
  body { font-size: 10.5pt; }
  main { max-width: none; padding: 0; }
  pre { white-space: pre-wrap; }
  pre, table, .prompt, article > h2 { break-inside: avoid; }
  h1, h2, h3 { break-after: avoid; }
  .text a[href^="http"]::after { content: " (" attr(href) ")"; color: var(--soft); }
}
"""
