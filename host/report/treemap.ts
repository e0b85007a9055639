/** Every byte of an image as an area: categories as groups, regions within them (d3-hierarchy). */
import { type HierarchyRectangularNode, hierarchy, treemap, treemapSquarify } from 'd3-hierarchy';
import { escaped, panels, round } from '../drawing/svg.ts';
import type { Region } from '../image/regions.ts';
import { grouped } from '../system/grouped.ts';

const WIDTH = 760;
const HEIGHT = 420;
const TOP = 56;
const PER_LETTER = 6.4; // pixels of a label

/** Fill of weights, of what tells how to make or scale them, and of the rest. */
const FILLS = { weights: '#a9c8e8', generated: '#bfdcc3', tables: '#f3cfa5', rest: '#e3e6ea' } as const;
const GENERATED = /generator|basis|codes|codebook|random|tile/;
const REST = /^(header|program|plan|metadata|trailer)$/;

interface Node {
  name: string;
  bytes?: number;
  children?: Node[];
}

type Rectangle = HierarchyRectangularNode<Node>;

/** A whole SVG document. */
export function treemapSvg(name: string, regions: readonly Region[]): string {
  const total = regions.reduce((sum, { bytes }) => sum + bytes, 0);
  const root = hierarchy<Node>({ name, children: categoriesOf(regions) })
    .sum(({ bytes = 0 }) => bytes)
    .sort((a, b) => b.value! - a.value!);
  const placed = treemap<Node>()
    .tile(treemapSquarify)
    .size([WIDTH, HEIGHT - TOP])
    .paddingInner(2)
    .paddingTop(({ depth }) => (depth === 1 ? 16 : 0))
    .round(true)(root);
  return panels(WIDTH, HEIGHT, [
    [
      `<text x="0" y="20" font-size="16" font-weight="600">${escaped(name)}: where ${grouped(total)} bytes go</text>`,
      `<text x="0" y="40" fill="#555">areas are bytes; the pointer shows what a rectangle is</text>`,
      `<g transform="translate(0 ${TOP})">`,
      ...(placed.children ?? []).map(group),
      '</g>',
    ].join('\n'),
  ]);
}

function categoriesOf(regions: readonly Region[]): Node[] {
  const found = new Map<string, Node[]>();
  for (const { category, label, bytes } of regions)
    found.set(category, [...(found.get(category) ?? []), { name: label, bytes }]);
  return [...found].map(([name, children]) => ({ name, children }));
}

function fillOf(category: string): string {
  if (REST.test(category)) return FILLS.rest;
  if (category === 'quantisation tables') return FILLS.tables;
  return GENERATED.test(category) ? FILLS.generated : FILLS.weights;
}

function group(node: Rectangle): string {
  const { name } = node.data;
  const fill = fillOf(name);
  const parts = (node.children ?? []).map((leaf) => {
    const words = `${name}: ${leaf.data.name}, ${grouped(leaf.value!)} bytes`;
    return `${box(leaf, fill)}<title>${escaped(words)}</title></rect>`;
  });
  return [...parts, labelOf(node)].join('\n');
}

const box = ({ x0, y0, x1, y1 }: Rectangle, fill: string): string =>
  `<rect x="${round(x0)}" y="${round(y0)}" width="${round(Math.max(x1 - x0, 0))}" height="${round(Math.max(y1 - y0, 0))}" fill="${fill}">`;

/** Name and bytes above the rectangles of a category, as far as there is room. */
function labelOf({ x0, x1, y0, data, value }: Rectangle): string {
  const room = Math.floor((x1 - x0) / PER_LETTER);
  const words = [`${data.name} ${grouped(value!)}`, data.name].find((text) => text.length <= room);
  return words === undefined
    ? ''
    : `<text x="${round(x0)}" y="${round(y0 + 12)}" font-size="11">${escaped(words)}</text>`;
}
