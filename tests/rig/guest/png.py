"""Writes a PNG."""
import struct, zlib


def write(path, width, height, stride, pixels, order):
    """pixels: four bytes each, of which those at order are red, green and blue."""
    rows = bytearray()
    for y in range(height):
        line = pixels[y * stride:y * stride + width * 4]
        row = bytearray(width * 3)
        for place, byte in enumerate(order):
            row[place::3] = line[byte::4]
        rows += b'\0' + row
    with open(path, 'wb') as file:
        file.write(b'\x89PNG\r\n\x1a\n')
        for kind, data in ((b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)),
                           (b'IDAT', zlib.compress(rows, 1)), (b'IEND', b'')):
            file.write(struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data)))
