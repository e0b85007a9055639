# SPDX-License-Identifier: Apache-2.0
"""Reads an image for htpw_add_model(): prints bytes;arena;input;output, each the largest of any program.

Stops with a line on stderr at what is no image, or one that was damaged, or another than it should be (docs/format.md).
"""
import argparse
import re
import struct
import sys
import zlib
from pathlib import Path

FORMAT_VERSION = 2
HEADER_BYTES = 32
SECTION_BYTES = 12
PROGRAM_HEADER_BYTES = 8
RECORD_BYTES = 8  # of a tensor, and of an input or output descriptor
ARENA_UNIT = 16


def refuse(path, what):
    sys.exit(f'{path}: {what}')


def read_image(path):
    try:
        image = Path(path).read_bytes()
    except FileNotFoundError:
        refuse(path, 'not found; name an image that is there, or one of the module with htpw_models_folder()')
    except OSError as error:
        refuse(path, f'expected an image, got: {error.strerror}')
    if len(image) < HEADER_BYTES:
        refuse(path, f'expected an image, got {len(image)} bytes; pack or copy it again')
    magic, version, _, total, crc = struct.unpack_from('<4sHHII', image)
    if magic != b'HTPW':
        refuse(path, f'expected an image, which begins with 48545057, got {magic.hex()}; "npx htpw" imports and trains them')
    if version != FORMAT_VERSION:
        refuse(path, f'expected format {FORMAT_VERSION}, got {version}; pack it with the htpw that this module is from')
    if total != len(image):
        refuse(path, f'expected {total} bytes, as its header says, got {len(image)}; copy it again')
    found = zlib.crc32(image[HEADER_BYTES:])
    if found != crc:
        refuse(path, f'expected CRC-32 {crc:08x}, as its header says, got {found:08x}; copy it again')
    return image


def sections(image):
    """Offset and size of each section, those of the programs first; and the number of programs."""
    count, programs = struct.unpack_from('<HH', image, 16)
    if programs < 1:
        raise ValueError('no program')
    return [struct.unpack_from('<II', image, HEADER_BYTES + SECTION_BYTES * i + 4) for i in range(count)], programs


def port_bytes(image, ports, count, tensors):
    total = 0
    for port in range(count):
        (tensor,) = struct.unpack_from('<H', image, ports + RECORD_BYTES * port)
        height, width, channels, element = struct.unpack_from('<HHHB', image, tensors + RECORD_BYTES * tensor)
        total += height * width * channels * element  # of a type's number of bytes
    return total


def sizes(image):
    """Arena, input and output, each the largest of any program."""
    table, programs = sections(image)
    each = []
    for program, _ in table[:programs]:
        tensor_count, _, inputs, outputs, arena = struct.unpack_from('<HHBBH', image, program)
        tensors = program + PROGRAM_HEADER_BYTES
        ports = tensors + RECORD_BYTES * tensor_count
        each.append((ARENA_UNIT * arena,
                     port_bytes(image, ports, inputs, tensors),
                     port_bytes(image, ports + RECORD_BYTES * inputs, outputs, tensors)))
    return [max(column) for column in zip(*each)]


def contents(image):
    """What a residency does not change: sources, generators, tables, weights, metadata."""
    table, programs = sections(image)
    return [image[offset:offset + size] for offset, size in table[programs:-1]]


def check_library(path, image, config):
    """`config` is what "htpw clib --tailor" wrote about the image that it proved."""
    text = Path(config).read_text()
    folder = Path(config).parent.parent
    bytes_proved = re.search(r'HTPW_PROVED_BYTES (\d+)u', text)
    crc_proved = re.search(r'HTPW_PROVED_CRC 0x([0-9a-f]+)u', text)
    if bytes_proved is None or crc_proved is None:
        refuse(config, 'expected HTPW_PROVED_BYTES and HTPW_PROVED_CRC, found not both; write it again: '
                       f'npx htpw clib --tailor {path} -o {folder}')
    if (int(bytes_proved[1]), int(crc_proved[1], 16)) != (len(image), zlib.crc32(image)):
        refuse(path, f'the library in {folder}, CONFIG_HTPW_LIBRARY, was cut to another image; cut it to this one: '
                     f'npx htpw clib --tailor {path} -o {folder}')


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('image')
    parser.add_argument('--residency', help='of the image, which holds what --of holds')
    parser.add_argument('--of', help='the image that another residency was written from')
    parser.add_argument('--library', help='htpw_config.h of a library that was cut to one image')
    options = parser.parse_args()
    path = options.image
    if options.of:
        plan = f'npx htpw plan {options.of} --residency {options.residency} -o {path}'
        original = read_image(options.of)
        if not Path(path).exists():
            refuse(path, f'not found; make it: {plan}')
    image = read_image(path)
    try:
        found = sizes(image)
        same = not options.of or contents(image) == contents(original)
    except (struct.error, ValueError) as error:
        refuse(path, f'expected an image, got records that lead nowhere ({error}); "npx htpw inspect {path}" says which')
    if not same:
        refuse(path, f'expected the weights of {options.of}, got others; make it anew: {plan}')
    if options.library:
        check_library(path, image, options.library)
    print(';'.join(str(size) for size in [len(image), *found]), end='')


main()
