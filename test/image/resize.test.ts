/** What `open` asks of the table of a RESIZE beside its values: that it is there, and not too much to read. */
import { expect, it } from 'vitest';
import * as F from '../../assembly/format.ts';
import { pack } from '../../host/image/pack.ts';
import { crc32 } from '../../host/records/crc32.ts';
import { ImageView } from '../../host/records/view.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { StatusError, statusName } from '../../host/runtime/status.ts';
import { ModelBuilder } from '../zoo.ts';

type Edit = (data: DataView, view: ImageView) => void;

/** What open says of the image after an edit, its CRC made right. */
function opened(image: Uint8Array, edit: Edit): string {
  const data = new DataView(image.buffer, image.byteOffset, image.length);
  edit(data, new ImageView(image));
  data.setUint32(F.HEADER_CRC_AT, crc32(image.subarray(F.HEADER_BYTES)), true);
  try {
    new Runtime(image);
    return 'OK';
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return statusName(error.status);
  }
}

const resized = () => pack(new ModelBuilder(1, [1, 1, 3]).resize([2, 4]).build());

it.each([
  [6, 'OK'],
  [5, 'BAD_TABLE'],
])('a table of two rows and four columns with %i words behind its place is %s', (words, expected) => {
  const edit: Edit = (data, view) => {
    const [{ at }] = view.programs[0].operators;
    data.setUint32(at + F.OPERATOR_TABLE_AT, view.section(F.SECTION_TABLES).size - 4 * words, true);
  };
  expect(opened(resized(), edit)).toBe(expected);
});

it('fewer channels than those of the input are refused', () => {
  const edit: Edit = (data, view) => data.setUint16(view.programs[0].tensors[1].at + F.TENSOR_CHANNELS_AT, 2, true);
  expect(opened(resized(), edit)).toBe('BAD_SHAPE');
});

it('operators that share one long table are refused where proving them takes longer than the image is worth', () => {
  const sharing = (operators: number) => {
    const b = new ModelBuilder(1, [1, 1, 1]).resize([4000, 1]);
    for (let i = 1; i < operators; i++) b.from(0).resize([1, 1]);
    return opened(pack(b.build()), (data, view) => {
      const [first, ...others] = view.programs[0].operators;
      for (const { at } of others) {
        data.setUint16(at + F.OPERATOR_OUTPUT_AT, first.output, true);
        data.setUint32(at + F.OPERATOR_TABLE_AT, first.table, true);
      }
    });
  };
  expect([sharing(2), sharing(10)]).toEqual(['OK', 'BAD_WORK']);
});
