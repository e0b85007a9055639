/** Labels of data as classes of a network, and labels that lie in a file beside the inputs. */
import { describe, expect, it } from 'vitest';
import { classesOf } from '../../host/inputs/classes.ts';
import { labelled } from '../../host/inputs/labels.ts';
import type { InputSet } from '../../host/inputs/wanted.ts';
import { fileOf } from './files.ts';

describe('classes of labels', () => {
  it.each<[what: string, labels: string[], known: string[] | null, expected: number[], names: string[]]>([
    ['are found by the names of the image', ['no', 'yes'], ['yes', 'no'], [1, 0], ['yes', 'no']],
    ['are found by number', ['1', '0'], ['yes', 'no'], [1, 0], ['yes', 'no']],
    ['are numbers where nothing has a name', ['1', '1'], null, [1, 1], ['0', '1']],
    ['are in alphabetical order where only the data have names', ['b', 'a', 'b'], null, [1, 0, 1], ['a', 'b']],
  ])('%s', (_, labels, known, expected, names) => {
    const classes = classesOf('x', labels, 2, known);
    expect({ of: [...classes.of], names: classes.names }).toEqual({ of: expected, names });
    expect(classes.notes.length).toBe(known === null && labels[0] === 'b' ? 1 : 0);
  });

  it.each<[what: string, labels: string[], known: string[] | null, says: string]>([
    [
      'a name that the image does not know',
      ['maybe'],
      ['yes', 'no'],
      'label "maybe": expected one of yes, no, or a number below 2',
    ],
    ['a number that is no class', ['2'], ['yes', 'no'], 'label "2": expected one of'],
    [
      'a number that is no class, of an image without names',
      ['1', '2'],
      null,
      'label "2" of input 1: expected a class',
    ],
    ['a number below 0', ['-1', '0'], null, 'label "-1" of input 0: expected a class below 2; count from 0'],
    ['fewer names than classes', ['a', 'a'], null, 'expected labels of 2 classes, by number from 0'],
  ])('refuse %s', (_, labels, known, says) => {
    expect(() => classesOf('x', labels, 2, known)).toThrow(says);
  });
});

describe('a file of labels', () => {
  const set: InputSet = {
    inputs: [new Uint8Array(1), new Uint8Array(1)],
    labels: null,
    groups: null,
    names: ['c/1.png', 'c/2.png'],
    notes: [],
  };

  it.each<[what: string, csv: string, labels: string[], groups: string[] | null]>([
    ['is in the order of the inputs', '0\n1\n', ['0', '1'], null],
    ['has the label in its last column', 'index,class\n0,b\n1,a\n', ['b', 'a'], null],
    ['assigns rows by the names of files', 'file,class\n2.png,a\n1.png,b\n0.png,c\n', ['b', 'a'], null],
    ['can say whose each input is', 'label,speaker\na,anna\nb,ben\n', ['a', 'b'], ['anna', 'ben']],
  ])('%s', (_, csv, labels, groups) => {
    expect(labelled(set, fileOf('labels.csv', csv))).toMatchObject({ labels, groups });
  });

  it.each<[what: string, csv: string, says: RegExp]>([
    ['another number of rows', '0\n1\n2\n', /expected 2 labels, one an input, got 3/],
    ['two rows for an input', '1.png,a\n2.png,b\n2.png,a\n', /"2\.png": expected a row for each input, got several/],
  ])('with %s is refused', (_, csv, says) => {
    expect(() => labelled(set, fileOf('labels.csv', csv))).toThrow(says);
  });

  it('tells files of one name apart by their folders, or is refused', () => {
    const same = { ...set, names: ['a/1.png', 'b/1.png'] };
    const labelsOf = (csv: string) => labelled(same, fileOf('labels.csv', csv)).labels;
    expect(labelsOf('b/1.png,B\na/1.png,A\n')).toEqual(['A', 'B']);
    expect(labelsOf('x/b/1.png,B\nx/a/1.png,A\n')).toEqual(['A', 'B']);
    expect(() => labelsOf('1.png,A\n2.png,B\n')).toThrow(/"1\.png": expected .* got one for several; give names/);
  });
});
