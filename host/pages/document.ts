/** A page of sections with tables and drawings, as Markdown and as one HTML file that needs nothing else. */
import { markdownTable } from '../drawing/markdown.ts';
import { grouped } from '../system/grouped.ts';

export interface Table {
  headings: string[];
  /** cells may have **bold** and `code` */
  rows: string[][];
  /** the first column that is set to the right */
  from: number;
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
  return markdownTable(block.headings, block.rows, block.from);
}

/** Drawings are in it. */
export const asHtml = ({ title, lead, sections }: Document): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${inHtml(title)}</title>
<style>
:root { color-scheme: light dark; --ink: #1f2328; --paper: #fff; --rule: #d8dee4; --quiet: #59636e }
@media (prefers-color-scheme: dark) { :root { --ink: #f0f6fc; --paper: #0d1117; --rule: #30363d; --quiet: #9198a1 } }
body { margin: 0 auto; max-width: 1000px; padding: 16px; color: var(--ink); background: var(--paper); font: 15px/1.5 system-ui, sans-serif }
h2 { margin-top: 2.2em; border-bottom: 1px solid var(--rule) }
nav { columns: 3 } nav a { display: block }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-size: 13px; margin: 1em 0; white-space: nowrap }
th, td { border-bottom: 1px solid var(--rule); padding: 3px 9px; text-align: left }
.right { text-align: right; font-variant-numeric: tabular-nums }
svg { max-width: 100%; height: auto }
</style>
</head>
<body>
<h1>${inHtml(title)}</h1>
${paragraphs(lead)}
<nav>
${sections.map((one) => `<a href="#${anchorOf(one.title)}">${inHtml(one.title)}</a>`).join('\n')}
</nav>
${sections.map((one) => `<h2 id="${anchorOf(one.title)}">${inHtml(one.title)}</h2>\n${one.blocks.map(htmlOf).join('\n')}`).join('\n')}
</body>
</html>
`;

const anchorOf = (title: string): string => title.toLowerCase().replace(/[^a-z\d]+/g, '-');

function htmlOf(block: Block): string {
  if (typeof block === 'string') return paragraphs(block);
  if ('svg' in block) return block.svg;
  const { headings, rows, from } = block;
  const line = (tag: string, cells: readonly string[]): string =>
    `<tr>${cells.map((cell, i) => `<${tag}${i >= from ? ' class="right"' : ''}>${inHtml(cell)}</${tag}>`).join('')}</tr>`;
  return `<div class="wide"><table>\n${[line('th', headings), ...rows.map((row) => line('td', row))].join('\n')}\n</table></div>`;
}

/** Lists and code of Markdown stay as they are read there. */
const paragraphs = (text: string): string =>
  text
    .split('\n\n')
    .map((part) =>
      part.startsWith('```') ? `<pre>${inHtml(part.replace(/^```\w*\n|\n```$/g, ''))}</pre>` : `<p>${inHtml(part)}</p>`,
    )
    .join('\n');

const inHtml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/\*\*(.+?)\*\*/g, '<b>$1</b>')
    .replace(/`([^`]+)`/g, '<code>$1</code>')
    .replace(/\[([^\]]+)\]\([^)]*\)/g, '$1');

/** Numbers of tables. */
export const decimals = (value: number): string => value.toFixed(3);
export const signed = (value: number): string => `${value < 0 ? '' : '+'}${value.toFixed(3)}`;
export const thousands = (value: number): string => grouped(Math.round(value / 1000));
