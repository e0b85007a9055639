/** Files are told by their first bytes, and what came out of a file is fit for a terminal. */
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { describeFile } from '../../host/system/fileKind.ts';
import { printable } from '../../host/system/printable.ts';

const latin1 = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));
const u16 = (value: number) => String.fromCharCode(value & 255, value >> 8);

/** A zip archive of stored, empty files: local records, then the list. CRC and sizes are 0. */
function zip(...names: string[]): Uint8Array {
  const local = names.map((name) => `PK\x03\x04${'\0'.repeat(22)}${u16(name.length)}\0\0${name}`);
  const listed = names.map((name) => `PK\x01\x02${'\0'.repeat(24)}${u16(name.length)}${'\0'.repeat(16)}${name}`);
  return latin1(`${local.join('')}${listed.join('')}PK\x05\x06${'\0'.repeat(18)}`);
}

/** A field of a protocol buffer with a length: its number, its content below 128 bytes. */
const field = (number: number, content: string) => `${String.fromCharCode(8 * number + 2, content.length)}${content}`;

it.each<[string, Uint8Array, RegExp, RegExp | undefined]>([
  ['no bytes', new Uint8Array(), /^an empty file$/, /write it again/],
  ['an image', latin1('HTPW\x02\0\0\0'), /^an \.htpw image$/, /no import/],
  ['a .tflite', latin1('\x1c\0\0\0TFL3\x14\0'), /^a \.tflite model$/, /htpw import/],
  ['HDF5', latin1('\x89HDF\r\n\x1a\n\0\0'), /Keras/, /from_keras_model/],
  ['a .keras archive', zip('metadata.json', 'config.json', 'model.weights.h5'), /Keras/, /from_keras_model/],
  ['a PyTorch archive', zip('net/data.pkl', 'net/byteorder', 'net/data/0'), /PyTorch/, /onnx/],
  ['a PyTorch archive cut short', zip('net/data.pkl').subarray(0, 50), /PyTorch/, /onnx/],
  ['a zip of a SavedModel', zip('m/saved_model.pb', 'm/variables/variables.index'), /SavedModel/, /from_saved_model/],
  ['a zip of a .tflite', zip('kws/model.tflite'), /zip archive with a \.tflite/, /unpack/],
  ['a zip of anything else', zip('letter.txt'), /^a zip archive$/, /unpack/],
  ['an empty zip', zip(), /^a zip archive$/, /unpack/],
  ['a PyTorch pickle of old', latin1('\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.'), /PyTorch/, /onnx/],
  ['a pickle of protocol 4', latin1('\x80\x04\x95\x10\0\0\0\0\0\0\0}'), /pickle/, /onnx/],
  ['ONNX of PyTorch', latin1(`\x08\x08${field(2, 'pytorch')}${field(3, '2.1')}`), /ONNX/, /--calibration/],
  ['ONNX whose graph comes first', latin1(`\x08\x07\x3a\xff\x40`), /ONNX/, /--calibration/],
  ['ONNX of version 1 of its format', latin1(`\x08\x01${field(2, 'cntk')}`), /ONNX/, /--calibration/],
  ['saved_model.pb', latin1(`\x08\x01\x12\x90\x80\x01${field(1, '\x12\0')}`), /SavedModel/, /from_saved_model/],
  [
    'a frozen graph',
    latin1(field(1, field(1, 'input') + field(2, 'Placeholder'))),
    /frozen TensorFlow graph/,
    /from_frozen_graph/,
  ],
  ['gzip', new Uint8Array(gzipSync('x')), /gzip/, /unpack/],
  ['PNG', latin1('\x89PNG\r\n\x1a\n'), /PNG/, /file of a model/],
  ['WAV', latin1('RIFF\x24\0\0\0WAVEfmt '), /WAV/, /file of a model/],
  ['safetensors', latin1('\x10\0\0\0\0\0\0\0{"a":{}}'), /safetensors/, /--arch/],
  ['a pointer of Git LFS', latin1('version https://git-lfs.github.com/spec/v1\noid'), /LFS pointer/, /git lfs pull/],
  ['a web page', latin1('\n<!DOCTYPE html>\n<html>'), /web page/, /download/],
  [
    'the array of a model',
    latin1('// kws\nalignas(8) const unsigned char g_model[] = {\n  0x1c'),
    /C source/,
    /xxd -r/,
  ],
  ['text about C', latin1('# Use\n\nstatic uint8_t arena[BYTES];\n'), /^text$/, /file of a model/],
  ['JSON', latin1('{"epochs": 5}'), /JSON/, /file of a model/],
  ['TensorFlow.js', latin1('{"format": "layers", "modelTopology": {}}'), /TensorFlow\.js/, /convert/],
  ['other text, not ASCII', new Uint8Array(Buffer.from('größer\r\n')), /^text$/, /file of a model/],
  ['noise', latin1('\xee\x01\xf3\x99'), /unknown kind \(first bytes ee 01 f3 99\)$/, undefined],
  ['one byte', latin1('\0'), /unknown kind \(first bytes 00\)$/, undefined],
])('%s is recognised', (_, bytes, kind, advice) => {
  const found = describeFile(bytes);
  expect(found.kind).toMatch(kind);
  if (advice === undefined) expect(found.advice).toBeUndefined();
  else expect(found.advice).toMatch(advice);
});

it('any bytes are described in one printable line, also at the end of a larger buffer', () => {
  for (let seed = 0; seed < 2000; seed++) {
    const bytes = Uint8Array.from(
      { length: 1 + (seed % 40) },
      (_, i) => Math.imul(seed * 41 + i + 7, 2654435761) >>> 24,
    );
    const { kind, advice = '' } = describeFile(new Uint8Array([9, 9, 9, ...bytes]).subarray(3));
    expect(printable(`${kind}${advice}`)).toBe(`${kind}${advice}`);
    expect(describeFile(bytes).kind).toBe(kind);
  }
});

it.each<[string, string, string]>([
  ['colours', 'conv\u001b[31m', 'conv\\u{1b}[31m'],
  ['a C1 control character', 'a\u009b2J', 'a\\u{9b}2J'],
  ['a line break', 'a\r\nb', 'a\\u{d}\\u{a}b'],
  ['another direction of text', 'a\u202eb', 'a\\u{202e}b'],
  ['a line separator', 'a\u2028b', 'a\\u{2028}b'],
  ['half of a pair', 'a\ud800', 'a\\u{d800}'],
  ['letters of any language', 'größe 大 🙂', 'größe 大 🙂'],
])('%s in a name of a file: what a terminal gets', (_, text, shown) => expect(printable(text)).toBe(shown));

it('a long name is cut between characters', () => {
  expect(printable('🙂🙂🙂', 2)).toBe('🙂🙂...');
  expect(printable('abc', 3)).toBe('abc');
  expect(printable('\u001b\u001b', 1)).toBe('\\u{1b}...');
});
