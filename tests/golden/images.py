"""Small image files of every kind that the decoders read, what Pillow makes of them, and broken
ones.  images.py FOLDER; needs Pillow.

NAME.png, NAME.jpg  the file
NAME.ppm            exif_transpose(image).convert("RGB"); of 16-bit grey the upper 8 bits
NAME_HxW.ppm        that, resized by Pillow's BILINEAR
bad/                files that are refused
"""
import io
import random
import struct
import sys
import zlib
from pathlib import Path

from PIL import Image, ImageOps

H, W = 13, 17
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 8, 4), (2, 0, 4, 4), (0, 2, 4, 2), (1, 0, 2, 2),
          (0, 1, 2, 1)]  # Adam7: first column and row, then the steps to the next row and column
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
SIZES = [(7, 5), (13, 17), (32, 24), (5, 40), (1, 1)]


def chunk(kind, data, crc=None):
    crc = zlib.crc32(kind + data) if crc is None else crc
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)


def header(width, height, depth, colour, interlaced=0, compression=0, filtering=0):
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, compression,
                                      filtering, interlaced))


def row_bytes(samples, depth):
    if depth == 16:
        return b"".join(struct.pack(">H", s) for s in samples)
    bits = "".join(format(s, f"0{depth}b") for s in samples)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))


def lines(pixels, depth, x0=0, y0=0, dy=1, dx=1):
    out = b""
    for row in pixels[y0::dy]:
        samples = [s for pixel in row[x0::dx] for s in pixel]
        if samples:
            out += b"\0" + row_bytes(samples, depth)
    return out


SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png(depth, colour, interlaced=0, before=b"", after=b"", seed=1, height=H, width=W):
    rng = random.Random(seed)
    channels = CHANNELS[colour]
    top = (1 << depth) - 1
    low = [(31 * i + 130) % 256 if depth == 16 else 0 for i in range(width)]
    pixels = [[[min(top, (x * 7 + y * 5 + c * 11 + rng.randrange(9)) * (top + 1) // 256 + low[x]
                    if depth > 7 else rng.randrange(top + 1)) for c in range(channels)]
               for x in range(width)] for y in range(height)]
    if interlaced:
        data = b"".join(lines(pixels, depth, *p) for p in PASSES)
    else:
        data = lines(pixels, depth)
    palette = b""
    if colour == 3:
        palette = chunk(b"PLTE", bytes(rng.randrange(256) for _ in range(3 << depth)))
    return (SIGNATURE + header(width, height, depth, colour, interlaced) + palette + before +
            chunk(b"IDAT", zlib.compress(data, 9)) + after + chunk(b"IEND", b""))


def exif(orientation, order="<"):
    mark = b"II" if order == "<" else b"MM"
    return (mark + struct.pack(order + "HI", 42, 8) + struct.pack(order + "H", 2) +
            struct.pack(order + "HHII", 0x0100, 4, 1, 17) +
            struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0) +
            struct.pack(order + "I", 0))


def text_chunk(kind, key, text):
    """iTXz: a packed iTXt."""
    packed = zlib.compress(text)
    after = {"tEXt": text, "zTXt": b"\0" + packed, "iTXt": b"\0\0en\0\0" + text,
             "iTXz": b"\1\0\0key\0" + packed}[kind]
    return chunk(kind.replace("z", "t").encode() if kind == "iTXz" else kind.encode(),
                 key + b"\0" + after)


def profile(kind, block):
    """EXIF as a text, as ImageMagick writes it."""
    block = b"Exif\0\0" + block
    digits = block.hex()
    text = f"\nexif\n{len(block):8}\n" + "\n".join(digits[i:i + 72] for i in range(0, len(digits), 72)) + "\n"
    return text_chunk(kind, b"Raw profile type exif", text.encode())


def xmp(orientation):
    """A packet with these attributes or elements of its description."""
    inside = orientation if orientation.startswith("<") else ""
    attribute = "" if inside else orientation
    return (f'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>'
            f'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
            f'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
            f'rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" {attribute}>'
            f'{inside}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>').encode()


ATTRIBUTE, ELEMENT = 'tiff:Orientation="{}"', "<tiff:Orientation>{}</tiff:Orientation>"


def xmp_chunk(kind, packet):
    return text_chunk(kind, b"XML:com.adobe.xmp", packet)


def good_xmp():
    """EXIF counts if it names an orientation, even one that does not exist; else XMP does."""
    plain = exif(6).replace(b"\x12\x01", b"\x13\x01")  # another tag in the place of the orientation
    six, eight = xmp(ATTRIBUTE.format(6)), xmp(ELEMENT.format(8))
    yield "xmp_attribute.jpg", jpeg(xmp=six)
    yield "xmp_element.jpg", jpeg(xmp=eight)
    yield "xmp_nine.jpg", jpeg(xmp=xmp(ATTRIBUTE.format(9)))
    yield "xmp_quotes.jpg", jpeg(xmp=xmp("tiff:Orientation='6' " + ATTRIBUTE.format(3)))
    yield "xmp_none.jpg", jpeg(xmp=xmp('tiff:Make="x"'))
    yield "xmp_exif.jpg", jpeg(exif=b"Exif\0\0" + exif(3), xmp=six)
    yield "xmp_exif_one.jpg", jpeg(exif=b"Exif\0\0" + exif(1), xmp=six)
    yield "xmp_exif_nine.jpg", jpeg(exif=b"Exif\0\0" + exif(9), xmp=six)
    yield "xmp_exif_none.jpg", jpeg(exif=b"Exif\0\0" + plain, xmp=six)
    for kind in ("tEXt", "zTXt", "iTXt", "iTXz"):
        yield f"xmp_{kind}.png", png(8, 2, before=xmp_chunk(kind, six))
    yield "xmp_long.png", png(8, 2, before=xmp_chunk("zTXt", six + b" " * 300000))
    yield "xmp_late.png", png(8, 2, after=xmp_chunk("iTXt", eight))
    yield "xmp_last.png", png(8, 2, before=xmp_chunk("iTXt", six) + xmp_chunk("iTXt", eight))
    yield "xmp_chunk.png", png(8, 2, before=xmp_chunk("iTXt", six) + chunk(b"eXIf", exif(3)))
    yield "xmp_chunk_none.png", png(8, 2, before=chunk(b"eXIf", plain) + profile("tEXt", exif(3)) +
                                    xmp_chunk("iTXt", six))
    yield "xmp_profile.png", png(8, 2, before=xmp_chunk("iTXt", six) + profile("tEXt", exif(3)))
    yield "xmp_profile_none.png", png(8, 2, before=xmp_chunk("iTXt", six) + profile("tEXt", plain))


def picture(mode="RGB"):
    rng = random.Random(5)
    image = Image.new("RGB", (W, H))
    image.putdata([(x * 15 % 256, y * 19 % 256, (x * y * 3 + rng.randrange(20)) % 256)
                   for y in range(H) for x in range(W)])
    return image.convert(mode)


def jpeg(mode="RGB", **options):
    out = io.BytesIO()
    picture(mode).save(out, "JPEG", **options)
    return out.getvalue()


def good():
    for depth in (1, 2, 4, 8, 16):
        yield f"grey{depth}.png", png(depth, 0)
    for depth in (1, 2, 4, 8):
        yield f"palette{depth}.png", png(depth, 3)
    yield "palette_clear.png", png(4, 3, before=chunk(b"tRNS", bytes([0, 128, 255])))
    yield "grey_key.png", png(8, 0, before=chunk(b"tRNS", struct.pack(">H", 20)))
    yield "rgb_key.png", png(8, 2, before=chunk(b"tRNS", struct.pack(">HHH", 3, 14, 25)))
    for depth in (8, 16):
        yield f"rgb{depth}.png", png(depth, 2)
        yield f"grey_alpha{depth}.png", png(depth, 4)
        yield f"rgb_alpha{depth}.png", png(depth, 6)
    yield "interlaced.png", png(8, 2, 1)
    yield "interlaced_palette.png", png(2, 3, 1)
    yield "interlaced_tiny.png", png(8, 0, 1, height=1, width=2)
    yield "gamma.png", png(8, 2, before=chunk(b"gAMA", struct.pack(">I", 100000)))
    yield "turned_before.png", png(8, 2, before=chunk(b"eXIf", exif(6)))
    yield "turned_after.png", png(8, 2, after=chunk(b"eXIf", exif(8, ">")))
    for kind in ("tEXt", "zTXt", "iTXt", "iTXz"):
        yield f"turned_{kind}.png", png(8, 2, before=profile(kind, exif(5)))
    yield "turned_late.png", png(8, 2, after=profile("zTXt", exif(3, ">")))
    yield "turned_chunk.png", png(8, 2, before=profile("tEXt", exif(3)) + chunk(b"eXIf", exif(6)))
    yield "turned_last.png", png(8, 2, before=profile("tEXt", exif(3)) + profile("tEXt", exif(7)))
    yield "colour444.jpg", jpeg(subsampling=0)
    yield "colour422.jpg", jpeg(subsampling=1)
    yield "colour420.jpg", jpeg(subsampling=2)
    yield "coarse.jpg", jpeg(quality=10)
    yield "progressive.jpg", jpeg(progressive=True)
    yield "progressive_grey.jpg", jpeg("L", progressive=True)
    yield "grey.jpg", jpeg("L")
    yield "restart.jpg", jpeg(restart_marker_blocks=1)
    yield "rgb.jpg", jpeg(keep_rgb=True)
    for turn in range(1, 9):
        yield f"turned{turn}.jpg", jpeg(exif=b"Exif\0\0" + exif(turn, "<>"[turn % 2]))
    yield "turned_nine.jpg", jpeg(exif=b"Exif\0\0" + exif(9))
    yield "exif_cut.jpg", jpeg(exif=b"Exif\0\0" + exif(6)[:30])


def scans():
    """A progressive file whose last scan comes again and again."""
    data = jpeg(progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * 300 + data[-2:]


def sof(data, change):
    at = data.index(b"\xff\xc0")
    return data[:at] + change(bytearray(data[at:]))


def put(at, value):
    def change(part):
        part[at:at + len(value)] = value
        return bytes(part)
    return change


def without(data, marker):
    at = data.index(marker)
    return data[:at] + data[at + 2 + struct.unpack(">H", data[at + 2:at + 4])[0]:]


def bad():
    whole, end = png(8, 2), chunk(b"IEND", b"")
    data = zlib.compress(b"\0" * (3 * W + 1) * H)
    ihdr = SIGNATURE + header(W, H, 8, 2)
    yield "empty.png", b""
    yield "text.png", b"<!DOCTYPE html><title>404</title>"
    yield "signature.png", SIGNATURE
    yield "header.png", whole[:33]
    yield "cut.png", whole[:200]
    yield "no_end.png", whole[:-40]
    yield "header_crc.png", whole[:29] + b"\0\0\0\0" + whole[33:]
    yield "data_crc.png", whole[:-20] + b"\0\0" + whole[-18:]
    yield "no_width.png", SIGNATURE + header(0, H, 8, 2) + chunk(b"IDAT", data) + end
    yield "wide.png", SIGNATURE + header(16385, 1, 8, 2) + chunk(b"IDAT", data) + end
    yield "bomb.png", SIGNATURE + header(16384, 16384, 8, 2) + chunk(b"IDAT", data) + end
    yield "huge.png", SIGNATURE + header(0x7fffffff, 0x7fffffff, 8, 2) + end
    yield "depth.png", SIGNATURE + header(W, H, 3, 0) + chunk(b"IDAT", data) + end
    yield "colour.png", SIGNATURE + header(W, H, 8, 5) + chunk(b"IDAT", data) + end
    yield "interlace.png", SIGNATURE + header(W, H, 8, 2, 2) + chunk(b"IDAT", data) + end
    yield "no_palette.png", SIGNATURE + header(W, H, 8, 3) + chunk(b"IDAT", data) + end
    yield "no_data.png", ihdr + end
    yield "no_zlib.png", ihdr + chunk(b"IDAT", b"these are no packed bytes") + end
    yield "checksum.png", ihdr + chunk(b"IDAT", data[:-4] + b"\0\0\0\0") + end
    yield "short.png", ihdr + chunk(b"IDAT", zlib.compress(b"\0" * 40)) + end
    yield "filter.png", ihdr + chunk(b"IDAT", zlib.compress(b"\7" * (3 * W + 1) * H)) + end
    yield "critical.png", ihdr + chunk(b"ABCD", b"") + chunk(b"IDAT", data) + end
    yield "long_chunk.png", ihdr + struct.pack(">I", 0x7fffffff) + b"IDAT" + data
    yield "no_height.png", SIGNATURE + header(W, 0, 8, 2) + chunk(b"IDAT", data) + end
    yield "tall.png", SIGNATURE + header(1, 16385, 8, 2) + chunk(b"IDAT", data) + end
    yield "compression.png", SIGNATURE + header(W, H, 8, 2, 0, 1) + chunk(b"IDAT", data) + end
    yield "filtering.png", SIGNATURE + header(W, H, 8, 2, 0, 0, 1) + chunk(b"IDAT", data) + end
    yield "short_header.png", SIGNATURE + chunk(b"IHDR", struct.pack(">II", W, H)) + bytes(30)
    yield "two_headers.png", ihdr + header(W, H, 8, 2) + chunk(b"IDAT", data) + end
    yield "late_palette.png", (SIGNATURE + header(W, H, 8, 3) + chunk(b"IDAT", data) +
                               chunk(b"PLTE", bytes(768)) + end)
    yield "odd_palette.png", (SIGNATURE + header(W, H, 8, 3) + chunk(b"PLTE", bytes(7)) +
                              chunk(b"IDAT", data) + end)
    yield "newlines.png", png(8, 2).replace(b"\r\n", b"\n")
    yield "jpeg2000.jpg", b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(20)
    yield "jpegxl.jpg", b"\xff\x0a" + bytes(20)
    yield "avif.png", b"\0\0\0\x1cftypavif" + bytes(20)
    yield "gif.png", b"GIF89a" + bytes(20)
    yield "webp.jpg", b"RIFF\x20\0\0\0WEBPVP8 " + bytes(20)
    yield "bmp.jpg", b"BM" + bytes(60)
    yield "tiff.jpg", b"II*\0" + bytes(20)
    yield "heic.jpg", b"\0\0\0\x18ftypheic" + bytes(20)
    plain = jpeg()
    yield "start.jpg", plain[:3]
    yield "header.jpg", plain[:60]
    yield "cut.jpg", plain[:-200]
    yield "cut_progressive.jpg", jpeg(progressive=True)[:-150]
    yield "no_scan.jpg", plain[:plain.index(b"\xff\xda")] + b"\xff\xd9"
    yield "no_tables.jpg", without(plain, b"\xff\xdb")
    yield "cmyk.jpg", jpeg("CMYK")
    yield "bits12.jpg", sof(plain, put(4, b"\x0c"))
    yield "no_height.jpg", sof(plain, put(5, b"\0\0"))
    yield "large.jpg", sof(plain, put(5, b"\xff\xdc\xff\xdc"))
    yield "long_side.jpg", sof(plain, put(5, b"\x40\x01\x00\x10"))
    yield "lossless.jpg", sof(plain, put(1, b"\xc3"))
    yield "marker.jpg", plain[:20] + b"\xff\xdb\x00\x01" + plain[24:]
    yield "zeros.jpg", bytes(500)
    yield "five_channels.jpg", sof(plain, put(9, b"\x05"))
    yield "no_width.jpg", sof(plain, put(7, b"\0\0"))
    yield "sampling.jpg", sof(plain, put(11, b"\x50"))
    yield "component.jpg", plain.replace(b"\xff\xda\x00\x0c\x03\x01", b"\xff\xda\x00\x0c\x03\x09")
    yield "two_frames.jpg", plain[:plain.index(b"\xff\xda")] + plain[plain.index(b"\xff\xc0"):]
    yield "codes.jpg", plain.replace(b"\xff\xc4\x00\x1f\x00\x00", b"\xff\xc4\x00\x1f\x00\xff")
    yield "table.jpg", plain.replace(b"\xff\xdb\x00\x43\x00", b"\xff\xdb\x00\x43\x09")
    yield "middle.jpg", plain[:len(plain) // 2] + plain[len(plain) // 2 + 40:-60]
    yield "two_starts.jpg", b"\xff\xd8" + plain
    yield "scans.jpg", scans()


def save(path, image):
    if image.mode == "I;16":
        image = Image.frombytes("L", image.size, image.tobytes()[1::2])
    image.convert("RGB").save(path)


def main():
    folder = Path(sys.argv[1])
    (folder / "bad").mkdir(parents=True, exist_ok=True)
    for name, data in (*good(), *good_xmp()):
        (folder / name).write_bytes(data)
        save((folder / name).with_suffix(".ppm"), ImageOps.exif_transpose(Image.open(folder / name)))
    image = Image.open(folder / "rgb8.png")
    for h, w in SIZES:
        image.resize((w, h), Image.Resampling.BILINEAR).save(folder / f"rgb8_{h}x{w}.ppm")
    box = image.crop((3, 2, 14, 12)).resize((6, 8), Image.Resampling.BILINEAR)
    box.save(folder / "rgb8_window_8x6.ppm")
    for name, data in bad():
        (folder / "bad" / name).write_bytes(data)


main()
