"""What the pages share: one file each without external resources, readable in light, dark and print; Markdown of students is harmless."""

from __future__ import annotations

import re
from html import escape

from markdown_it import MarkdownIt

STYLE = """
:root { color-scheme: light dark; --line: color-mix(in srgb, currentcolor 22%, transparent);
  --shade: color-mix(in srgb, currentcolor 7%, transparent); }
body { font: 16px/1.55 system-ui, "DejaVu Sans", sans-serif; overflow-wrap: anywhere;
  margin: 2rem auto; max-width: 62rem; padding: 0 1rem; }
h1 { font-size: 1.7rem; line-height: 1.25; margin-bottom: .3rem; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .5rem; }
h3 { font-size: 1.05rem; margin: 1rem 0 .3rem; }
p { margin: .5rem 0; max-width: 46rem; }
.quiet { color: color-mix(in srgb, currentcolor 72%, Canvas); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: .6rem 0; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .7rem .3rem 0; text-align: left; vertical-align: top; }
th, td { overflow-wrap: normal; }
td:first-child { white-space: nowrap; }
td + td:not(.number) { min-width: 10rem; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
pre { background: var(--shade); padding: .5rem .7rem; white-space: pre-wrap; font-size: .88rem; line-height: 1.45; }
code { font-size: .9em; }
figure { margin: 1rem 0; }
figure svg { width: 100%; height: auto; }
figure svg text { fill: currentColor; }
figcaption { max-width: 46rem; }
img { max-width: 100%; height: auto; background: #fff; }
summary { cursor: pointer; padding: .25rem 0; }
details > div { margin: 0 0 .8rem 1.1rem; }
.state { display: inline-block; min-width: 3.2rem; font-weight: 700; }
.fail .state { border-bottom: 2px solid #c0392b; min-width: 0; margin-right: .6rem; }
.pass .state { font-weight: 400; }
.beside { display: grid; grid-template-columns: 3fr 2fr; gap: 1.6rem; align-items: start; }
.beside > div { min-width: 0; }
.missing { border-left: 4px solid #d07a1e; padding-left: .8rem; }
@media (max-width: 46rem) { .beside { grid-template-columns: 1fr; } .wide svg { min-width: 42rem; } }
@media print {
  :root { color-scheme: light; }
  body { margin: 0; max-width: none; font-size: 11pt; }
  figure, tr, details { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
"""

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""Nothing is fetched and no script runs, whatever a student wrote."""

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["image"])


def page(title: str, body: str) -> str:
    """The whole document."""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}"><title>{escape(title)}</title>
<style>{STYLE}</style></head><body>
{body}
</body></html>
"""


def markdown(text: str) -> str:
    """Markdown as HTML, without raw HTML and pictures."""
    return str(_MARKDOWN.render(text))


def answer_html(text: str) -> str:
    """The Markdown of a student's answer as HTML; formulas stay as their source, since no converter of ours reads what students write."""
    text = re.sub(r"\$\$(.+?)\$\$", lambda m: f"\n```\n{m.group(1).strip()}\n```\n", text, flags=re.DOTALL)
    return markdown(re.sub(r"(?<![\\`$])\$([^$`\n]+)\$", lambda m: f"`{m.group(1)}`", text))


def table(heads: list[str], rows: list[list[str]], *, numbers: int) -> str:
    """A table whose cells are HTML; the last `numbers` columns are numbers."""
    kinds = [""] * (len(heads) - numbers) + [" class=number"] * numbers
    head = "".join(f"<th scope=col{kind}>{escape(text)}</th>" for kind, text in zip(kinds, heads, strict=True))
    lines = ("".join(f"<td{kind}>{text}</td>" for kind, text in zip(kinds, row, strict=True)) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def figure(picture: str, caption: str) -> str:
    """A picture and the sentence below it, which is HTML."""
    return f'<figure class="wide"><div class="scroll">{picture}</div><figcaption>{caption}</figcaption></figure>'
