/** What other verbs have printed as JSON and the report draws: sizes that compression reaches, epochs of a training. */
import { UsageError } from '../system/errors.ts';
import * as json from '../system/json.ts';
import { shownPath } from '../system/shownPath.ts';
import type { Front } from './front.ts';
import type { Training } from './page.ts';

const LIKE = 'what htpw compress --curve --json prints';

const SHARE = json.numberUpTo(1);
const LOOSE = { loose: true };

const CURVE = json.fields(
  {
    image: json.text,
    method: json.text,
    points: json.list(
      json.fields(
        {
          report: json.nullable(
            json.fields(
              {
                bytes: json.fields({ before: json.quantity, after: json.quantity }),
                agreement: json.nullable(json.fields({ top1: SHARE }, LOOSE)),
                accuracy: json.nullable(json.fields({ before: SHARE, after: SHARE })),
              },
              LOOSE,
            ),
          ),
        },
        LOOSE,
      ),
      'a list of points, one or more',
    ),
  },
  LOOSE,
);

/** Throws UsageError for a file that is another, and for a curve without calibration, which has no quality. */
export function readFront(path: string): Front {
  const { image, method, points } = json.readJson(path, CURVE, LIKE);
  const reports = points.flatMap(({ report }) => (report ? [report] : []));
  const quality = reports.some(({ accuracy }) => accuracy) ? 'accuracy' : 'top-1 agreement';
  const known = reports.flatMap(({ bytes, accuracy, agreement }) => {
    const value = quality === 'accuracy' ? accuracy?.after : agreement?.top1;
    return value === undefined ? [] : [{ bytes: bytes.after, value }];
  });
  if (known.length === 0)
    throw new UsageError(
      `${shownPath(path)}: expected points with accuracy or agreement, got none; run htpw compress --curve with --calibration`,
    );
  const first = reports.find(({ accuracy }) => accuracy);
  return {
    image,
    method,
    quality,
    points: known,
    original: first ? { bytes: first.bytes.before, value: first.accuracy!.before } : null,
  };
}

const TRAINED = json.fields(
  {
    name: json.optional(json.text, 'training'),
    kept: json.wholeNumber(0, Number.MAX_SAFE_INTEGER),
    history: json.list(
      json.fields(
        {
          epoch: json.wholeNumber(1, Number.MAX_SAFE_INTEGER),
          loss: json.anyNumber,
          validation: json.nullable(json.list(json.nullable(SHARE), 'a list of shares')),
        },
        LOOSE,
      ),
      'a list of epochs, one or more',
    ),
  },
  LOOSE,
);

/** Throws UsageError for a file that is another. */
export const readTraining = (path: string): Training =>
  json.readJson(path, TRAINED as unknown as json.Schema<Training>, 'what htpw train --json prints');
