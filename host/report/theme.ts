/**
 * Colours of drawings in light and dark. Drawings are made in the colours of light; here each becomes a variable of CSS,
 * so that one drawing serves both, in a page and as a file of its own.
 */

/** Every colour that a drawing may have: its name, in light and in dark. */
export const COLORS: Readonly<Record<string, readonly [light: string, dark: string]>> = {
  ink: ['#222', '#e8eaed'],
  quiet: ['#555', '#b4bac2'],
  grid: ['#dde1e6', '#3b424b'],
  paper: ['#fff', '#15181c'],
  dark: ['#444', '#9aa1aa'],
  blue: ['#1f5fa8', '#83b8f2'],
  rust: ['#b3541e', '#f0a070'],
  purple: ['#7a3e9d', '#cda2e6'],
  green: ['#2b7a3d', '#84d096'],
  red: ['#c0182b', '#ff8f99'],
  'blue-fill': ['#a9c8e8', '#264a70'],
  'rust-fill': ['#f3cfa5', '#5e3d1e'],
  'green-fill': ['#bfdcc3', '#25502f'],
  'purple-fill': ['#dcc8e8', '#4a3159'],
  'grey-fill': ['#e3e6ea', '#33393f'],
  'red-fill': ['#f5c6cb', '#5f2530'],
  'line-1': ['#0072b2', '#5fb0e6'],
  'line-2': ['#d55e00', '#f59255'],
  'line-3': ['#009e73', '#43cca4'],
  'line-4': ['#cc79a7', '#e3a8c8'],
  'line-5': ['#e69f00', '#f2bd4a'],
  'line-6': ['#56b4e9', '#9ad4f5'],
};

const variables = (which: 0 | 1): string =>
  Object.entries(COLORS)
    .map(([name, values]) => `--${name}:${values[which]}`)
    .join(';');

/** The variables for both, as the reader's system wants it. */
export const THEME = `:root{color-scheme:light dark;${variables(0)}}
@media(prefers-color-scheme:dark){:root{${variables(1)}}}`;

const NAMES = new Map(Object.entries(COLORS).map(([name, [light]]) => [light, name]));

/** A drawing whose colours are variables. Throws for a colour that has no name here, as it would stay light. */
export const themed = (svg: string): string =>
  svg.replaceAll(/"(#[0-9a-f]{3,8})"/g, (_, color: string) => {
    const name = NAMES.get(color);
    if (name === undefined) throw new Error(`${color}: expected a colour of COLORS; give it a name and a dark twin`);
    return `"var(--${name})"`;
  });

/** The same as a file of its own. */
export const standalone = (svg: string): string =>
  themed(svg).replace(/^(<svg[^>]*>)/, (opening) => `${opening}\n<style>${THEME}</style>`);

/** The same as a part of a page, with a name for those who cannot see it. */
export const inlined = (svg: string, name: string): string =>
  themed(svg).replace(
    /^<svg/,
    `<svg role="img" aria-label="${name.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}"`,
  );
