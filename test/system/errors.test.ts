/** How an error gets the name of its file or option. */
import { describe, expect, it } from 'vitest';
import { named, UsageError } from '../../host/system/errors.ts';

class Wrong extends Error {}

const thrown = (error: Error, ...only: [] | [typeof Wrong]): unknown => {
  try {
    return named(
      'a.htpw',
      () => {
        throw error;
      },
      ...only,
    );
  } catch (caught) {
    return caught;
  }
};

describe('what is thrown under a name', () => {
  it('becomes wrong use with that name in front', () => {
    expect(thrown(new TypeError('too short'))).toEqual(new UsageError('a.htpw: too short'));
  });

  it('stays as it is when it is wrong use already', () => {
    const error = new UsageError('b.htpw: too long');
    expect(thrown(error)).toBe(error);
  });

  it('stays as it is when it is of another class than the one that is the fault of the file', () => {
    const defect = new TypeError('undefined is not a function');
    expect(thrown(defect, Wrong)).toBe(defect);
    expect(thrown(new Wrong('no room'), Wrong)).toEqual(new UsageError('a.htpw: no room'));
  });
});
