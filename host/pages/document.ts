/** A page of sections with tables and drawings, as Markdown and as one HTML file that needs nothing else. */
import { markdownTable } from '../drawing/markdown.ts';
import { grouped } from '../system/grouped.ts';

export interface Table {
  headings: string[];
  /** cells may have **bold** and `code` */
  rows: string[][];
  /** the first column that is set to the right, and the first behind those; default: all from there on */
  from: number;
  to?: number;
}

/** Paragraphs, tables and drawings in their order. */
export type Block = string | Table | { drawing: string; svg: string; says: string };

export interface Section {
  title: string;
  blocks: Block[];
}

export interface Document {
  title: string;
  /** begins the page */
  lead: string;
  sections: Section[];
}

/** Drawings are files beside the page, by their names. */
export const asMarkdown = ({ title, lead, sections }: Document): string =>
  [`# ${title}`, lead, ...sections.flatMap((one) => [`## ${one.title}`, ...one.blocks.map(markdownOf)])]
    .map((part) => part.trimEnd())
    .join('\n\n')
    .concat('\n');

function markdownOf(block: Block): string {
  if (typeof block === 'string') return block;
  if ('svg' in block) return `![${block.says}](${block.drawing})`;
  return markdownTable(block.headings, block.rows, block.from, block.to);
}

/** Drawings are in it. */
export const asHtml = ({ title, lead, sections }: Document): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${inHtml(title)}</title>
<style>
${STYLE}
</style>
</head>
<body>
<main>
<h1>${inHtml(title)}</h1>
${prose(lead, title)}
<nav aria-label="Sections">
${sections.map((one) => `<a href="#${anchorOf(one.title)}">${inHtml(one.title)}</a>`).join('\n')}
</nav>
${sections.map(sectionHtml).join('\n')}
</main>
</body>
</html>
`;

const STYLE = `:root { color-scheme: light dark; --ink: #1f2328; --paper: #fff; --rule: #d8dee4; --link: #0550ae }
@media (prefers-color-scheme: dark) { :root { --ink: #f0f6fc; --paper: #0d1117; --rule: #30363d; --link: #79c0ff } }
body { margin: 0; color: var(--ink); background: var(--paper); font: 16px/1.5 system-ui, sans-serif }
main { max-width: 62rem; margin: 0 auto; padding: 1rem; overflow-wrap: break-word }
h1 { line-height: 1.2 }
h2 { margin-top: 2.5em; border-bottom: 1px solid var(--rule) }
a { color: var(--link) }
nav { columns: 15rem; margin: 1.5em 0 } nav a { display: block; padding: .15em 0 }
pre, .wide { overflow-x: auto; margin: 1em 0 }
.wide:focus-visible { outline: 2px solid var(--link) }
code { font-size: .9em; overflow-wrap: anywhere }
table { border-collapse: collapse; font-size: .82rem; white-space: nowrap }
th, td { border-bottom: 1px solid var(--rule); padding: .25em .7em; text-align: left }
th.right, td.right { text-align: right; font-variant-numeric: tabular-nums }
tbody tr:hover { background: color-mix(in srgb, var(--rule) 35%, transparent) }
svg { display: block; height: auto }
@media print { .wide { overflow: visible } }`;

const anchorOf = (title: string): string => title.toLowerCase().replace(/[^a-z\d]+/g, '-');

const sectionHtml = ({ title, blocks }: Section): string =>
  `<section aria-labelledby="${anchorOf(title)}">\n<h2 id="${anchorOf(title)}">${inHtml(title)}</h2>\n${blocks.map((block) => htmlOf(block, title)).join('\n')}\n</section>`;

function htmlOf(block: Block, section: string): string {
  if (typeof block === 'string') return prose(block, section);
  return 'svg' in block ? wide(block.says, block.svg) : tableHtml(block, section);
}

/** What may be wider than a phone: it scrolls by itself, and can be reached with a keyboard. */
const wide = (label: string, content: string): string =>
  `<div class="wide" role="group" tabindex="0" aria-label="${inHtml(label).replaceAll('"', '&quot;')}">${content}</div>`;

function tableHtml({ headings, rows, from, to = headings.length }: Table, label: string): string {
  const right = (i: number): string => (i >= from && i < to ? ' class="right"' : '');
  const head = headings.map((cell, i) => `<th scope="col"${right(i)}>${inHtml(cell)}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((cell, i) => `<td${right(i)}>${inHtml(cell)}</td>`).join('')}</tr>`);
  const table = `<table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body.join('\n')}\n</tbody>\n</table>`;
  return wide(`${label}: table`, table);
}

/** Paragraphs, and what else of Markdown pages are made of: headings of a third level, tables and code. */
const prose = (text: string, label: string): string =>
  text
    .trim()
    .split(/\n\n+/)
    .map((part) => {
      if (part.startsWith('```')) return `<pre tabindex="0">${inHtml(part.replace(/^```\w*\n|\n```$/g, ''))}</pre>`;
      if (part.startsWith('### ')) return `<h3>${inHtml(part.slice(4))}</h3>`;
      return part.startsWith('| ') ? tableHtml(tableIn(part), label) : `<p>${inHtml(part)}</p>`;
    })
    .join('\n');

/** A table of Markdown; no cell of ours has a bar in it. */
function tableIn(text: string): Table {
  const [headings, rule, ...rows] = text
    .trim()
    .split('\n')
    .map((line) =>
      line
        .replace(/^\||\|$/g, '')
        .split('|')
        .map((cell) => cell.trim()),
    ) as [string[], string[], ...string[][]];
  const isRight = rule.map((cell) => cell.endsWith(':'));
  return { headings, rows, from: Math.max(0, isRight.indexOf(true)), to: isRight.lastIndexOf(true) + 1 };
}

const inHtml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/\*\*(.+?)\*\*/g, '<b>$1</b>')
    .replace(/`([^`]+)`/g, '<code>$1</code>')
    .replace(/(?<=^|[\s(])_([^_]+)_(?=[\s:,.;)]|$)/g, '<em>$1</em>')
    .replace(/\[([^\]]+)\]\([^)]*\)/g, '$1');

/** Numbers of tables. */
export const decimals = (value: number): string => value.toFixed(3);
export const signed = (value: number): string => `${value < 0 ? '' : '+'}${value.toFixed(3)}`;
export const thousands = (value: number): string => grouped(Math.round(value / 1000));
