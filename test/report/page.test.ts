/** htpw report: one page that needs nothing else, with every part that there is, and each picture as a file. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { regionsOf } from '../../host/image/regions.ts';
import { ImageView } from '../../host/records/view.ts';
import { COLORS, themed } from '../../host/report/theme.ts';
import { treemapSvg } from '../../host/report/treemap.ts';
import { htpw, ONE_LINE } from '../cli/command.ts';
import { fileOf, folderOf } from '../inputs/files.ts';
import { CLASSES, imageFile, inputsFile } from './images.ts';

const LARGEST = 1_500_000;

const FRONT = {
  image: 'net.htpw',
  method: 'auto',
  points: [
    {
      budget: 900,
      report: { bytes: { before: 1000, after: 880 }, agreement: null, accuracy: { before: 0.9, after: 0.8 } },
    },
    { budget: 500, report: null, smallest: 700 },
  ],
};
const TRAINING = {
  name: 'net',
  kept: 2,
  history: [1, 2, 3].map((epoch) => ({ epoch, loss: 1 / epoch, validation: [epoch / 4] })),
};

describe('a report', () => {
  const folder = folderOf({});
  const [page, pictures] = [join(folder, 'report.html'), join(folder, 'pictures')];
  let html = '';

  beforeAll(async () => {
    const { data, labels } = inputsFile();
    const image = imageFile();
    const files = ['-o', page, '--svg', pictures];
    const by = ['--data', data, '--labels', labels, '--compare', image];
    const front = fileOf('front.json', JSON.stringify(FRONT));
    const training = fileOf('training.json', JSON.stringify(TRAINING));
    const drawn = ['--front', front, '--training', training];
    const { code, error } = await htpw('report', image, '--quick', ...files, ...by, ...drawn);
    expect({ code, error }).toEqual({ code: 0, error: '' });
    html = readFileSync(page, 'utf8');
  });

  it('is one file of less than 1.5 MB that asks for nothing from elsewhere', () => {
    expect(html.length).toBeLessThan(LARGEST);
    expect(html).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|\ssrc=/);
    const addresses = [...html.matchAll(/https?:[^"'\s<]+/g)].map(([address]) => address);
    expect(new Set(addresses)).toEqual(new Set(['http://www.w3.org/2000/svg'])); // the name of a language
  });

  it.each(['Bytes', 'Arena over time', 'Layers', 'Answers', 'Fewer bytes', 'Training'])('has a part "%s"', (title) => {
    expect(html).toMatch(new RegExp(`<h2 id="\\w+">${title}</h2>`));
  });

  it('names what is not on it', () => {
    expect(html).toContain('Not on this page: instructions, RAM curve and boards (without --quick).');
  });

  it('takes names of classes for text', () => {
    expect(html).not.toContain(CLASSES[0]);
    expect(html).toContain('&lt;b&gt;yes&lt;/b&gt;');
    expect(html).toContain('a &amp; b');
  });

  it('has every picture as a file that follows light and dark by itself', () => {
    const files = readdirSync(pictures).filter((name) => name.endsWith('.svg'));
    expect(files.sort()).toEqual(
      ['arena', 'bytes', 'confusion', 'front', 'roc', 'training'].map((name) => `${name}.svg`),
    );
    for (const file of files) {
      const svg = readFileSync(join(pictures, file), 'utf8');
      expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^>]*>\n<style>/);
      expect(svg).toContain('prefers-color-scheme:dark');
      expect(svg).not.toMatch(/(fill|stroke)="#/);
    }
  });

  it('counts an image equal to itself', () => {
    expect(html).toContain('the same answer to 100.0 % of the inputs');
  });
});

describe('the areas of the bytes', () => {
  it('have a rectangle for every region of the file', () => {
    const view = new ImageView(readFileSync('models/ecg-beats.htpw'));
    const regions = regionsOf(view);
    const svg = treemapSvg('ecg', regions);
    const bytes = [...svg.matchAll(/, ([\d,]+) bytes<\/title>/g)].map(([, text]) => Number(text!.replaceAll(',', '')));
    expect(bytes.length).toBe(regions.length);
    expect(bytes.reduce((sum, one) => sum + one, 0)).toBe(view.bytes.length);
  });
});

describe('colours', () => {
  it('without a dark twin are refused, so that no drawing stays light', () => {
    expect(themed('<path fill="#222"/>')).toBe('<path fill="var(--ink)"/>');
    expect(() => themed('<path fill="#123456"/>')).toThrow(/#123456: expected a colour of COLORS/);
  });

  it.each(['ink', 'quiet'])('of text (%s) stand out from paper and fills by 4.5 to 1, in light and dark', (ink) => {
    const grounds = Object.keys(COLORS).filter((name) => name === 'paper' || name.endsWith('-fill'));
    const least = [0, 1].flatMap((which) =>
      grounds.map((ground) => contrast(COLORS[ink]![which]!, COLORS[ground]![which]!)),
    );
    expect(Math.min(...least)).toBeGreaterThan(ink === 'ink' ? 4.5 : 3.5);
  });
});

/** Of two colours, as WCAG 2.2 has it. */
function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function luminance(color: string): number {
  const digits = color.length === 4 ? [...color.slice(1)].map((digit) => digit + digit).join('') : color.slice(1);
  const [red, green, blue] = [0, 2, 4].map((at) => {
    const part = Number.parseInt(digits.slice(at, at + 2), 16) / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

describe('htpw report refuses in one line', () => {
  const out = join(folderOf({}), 'x.html');
  it.each<[what: string, words: () => string[], says: RegExp]>([
    ['no place to write to', () => [], /expected -o <file> or --svg <folder>/],
    ['labels without data', () => ['-o', out, '--labels', 'x.csv'], /need data to judge by; give --data/],
    [
      'a front that is none',
      () => ['-o', out, '--front', fileOf('x.json', '{"image":"x"}')],
      /method: expected a string/,
    ],
    [
      'a front without any quality',
      () => [
        '-o',
        out,
        '--front',
        fileOf(
          'x.json',
          JSON.stringify({ ...FRONT, points: [{ report: { ...FRONT.points[0]!.report, accuracy: null } }] }),
        ),
      ],
      /expected points with accuracy or agreement.*--calibration/,
    ],
    [
      'a training without epochs',
      () => ['-o', out, '--training', fileOf('x.json', '{"kept":1,"history":[]}')],
      /history: expected a list of epochs/,
    ],
  ])('%s', async (_, words, says) => {
    const { code, error } = await htpw('report', imageFile(), '--quick', ...words());
    expect(code).toBe(2);
    expect(error).toMatch(ONE_LINE);
    expect(error).toMatch(says);
  });
});
