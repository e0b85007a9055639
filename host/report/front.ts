/** What quality each size of a network comes to, out of what `htpw compress --curve --json` prints. */
import { type ScatterPoint, scatterSvg } from '../drawing/scatterSvg.ts';

/** Sizes that compression reached, and how good the network is at each. */
export interface Front {
  image: string;
  method: string;
  /** which figure the points have */
  quality: 'accuracy' | 'top-1 agreement';
  points: { bytes: number; value: number }[];
  /** of the network as it was; null where only agreement with it is known */
  original: { bytes: number; value: number } | null;
}

/** A whole SVG document. */
export function frontSvg({ image, method, quality, points, original }: Front): string {
  const all: ScatterPoint[] = [
    ...points.map(
      ({ bytes, value }): ScatterPoint => ({ name: `${bytes} B`, x: bytes / 1000, y: value, mark: 'plain' }),
    ),
    ...(original ? [{ name: 'as it was', x: original.bytes / 1000, y: original.value, mark: 'whole' as const }] : []),
  ];
  return scatterSvg({
    title: `${image}: ${quality} against bytes`,
    subtitle: `method ${method}`,
    x: 'image, kB',
    y: quality,
    points: all,
  });
}
