"""The members of a bundle's zip file, read without believing what it says of itself.

The central directory is read by ``zipfile``, the members here: in pieces that do not depend on
what a stranger wrote, and on past a wrong checksum, so that a verifier can tell the place.
"""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from typing import BinaryIO, Dict, Iterator, List, Tuple

from broker.evidence.source import PIECE_BYTES, Damage

MOST_MEMBERS = 2000

_LOCAL = struct.Struct("<4sHHHHHLLLHH")
_ENCRYPTED = 0x1
_MOST_RATIO = 1032
"""Deflate packs no tighter."""


class BadMember(Exception):
    """A sentence that says what is wrong with it."""


def listed(file: BinaryIO) -> Tuple[Dict[str, zipfile.ZipInfo], List[Damage]]:
    """The members that can be read, by name, and what is wrong with the others.

    Raises BadMember where the file is no zip file at all.
    """
    try:
        with zipfile.ZipFile(file) as whole:
            infos, directory = whole.infolist(), whole.start_dir
    except (zipfile.BadZipFile, struct.error, ValueError, OverflowError, EOFError) as error:
        raise BadMember(f"it is not a whole zip file ({error})") from None
    except NotImplementedError:  # so zipfile says that a newer version is needed to read it
        raise BadMember("it is a zip file of a kind that bundles are not") from None
    if len(infos) > MOST_MEMBERS:
        raise BadMember(f"it has {len(infos)} files; a bundle has at most {MOST_MEMBERS}")
    found: Dict[str, zipfile.ZipInfo] = {}
    damage: List[Damage] = []
    starts = sorted(info.header_offset for info in infos)
    after = dict(zip(starts, [*starts[1:], directory]))
    for info in infos:
        why = _wrong(info, after[info.header_offset])
        if info.orig_filename in found:
            damage.append(Damage(info.orig_filename, f"{shown(info.orig_filename)} is there twice"))
        elif why:
            damage.append(Damage(info.orig_filename, f"{shown(info.orig_filename)} {why}"))
        else:
            found[info.orig_filename] = info
    return found, damage


def shown(name: str) -> str:
    """A name from a stranger's file, safe to print."""
    plain = "".join(char if char.isprintable() else "?" for char in name)
    return plain if len(plain) <= 60 else plain[:59] + "…"


def read(file: BinaryIO, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """A member from its first byte on, in pieces, never more than it says that it has.

    Raises BadMember where it is damaged, after everything that could be read, and OSError.
    """
    file.seek(info.header_offset)
    head = file.read(_LOCAL.size)
    if len(head) < _LOCAL.size or not head.startswith(b"PK\3\4"):
        raise BadMember("does not begin where the bundle says")
    name_bytes, extra_bytes = _LOCAL.unpack(head)[-2:]
    if file.read(name_bytes) != info.orig_filename.encode("ascii"):
        raise BadMember("has another name than the bundle says")
    at = file.tell() + extra_bytes
    left, size, checksum = info.compress_size, 0, 0
    inflate = zlib.decompressobj(-15) if info.compress_type == zipfile.ZIP_DEFLATED else None
    more = False
    while (left or more) and size <= info.file_size:
        file.seek(at)  # whoever takes the pieces may read another member meanwhile
        raw = file.read(min(PIECE_BYTES, left))
        if left and not raw:
            raise BadMember("is cut off")
        at, left = at + len(raw), left - len(raw)
        more = True
        while more:
            piece, raw = _inflated(inflate, raw)
            more = bool(raw) or (inflate is not None and len(piece) == PIECE_BYTES)
            piece = piece[: info.file_size + 1 - size]
            size += len(piece)
            if size > info.file_size:
                break
            checksum = zlib.crc32(piece, checksum)
            yield piece
    if size != info.file_size:
        raise BadMember("is not as long as the bundle says")
    if checksum != info.CRC:
        raise BadMember("is damaged: its checksum is wrong")


def _inflated(inflate: "zlib._Decompress | None", raw: bytes) -> Tuple[bytes, bytes]:
    """Some more of a member, and what of ``raw`` is left to be inflated."""
    if inflate is None:
        return raw, b""
    try:
        piece = inflate.decompress(raw, PIECE_BYTES)
    except zlib.error:
        raise BadMember("is damaged: it can't be unpacked") from None
    return piece, inflate.unconsumed_tail


def _wrong(info: zipfile.ZipInfo, end: int) -> str:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if not info.orig_filename.isascii():
        return "is no name of a file in a bundle"
    if info.flag_bits & _ENCRYPTED:
        return "is encrypted within the zip file; bundles are encrypted as a whole, with age"
    if kind not in (0, stat.S_IFREG):
        return "is not a plain file"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is packed in a way that bundles are not"
    packed = info.header_offset + _LOCAL.size + len(info.orig_filename) + info.compress_size
    if info.header_offset < 0 or packed > end:
        return "lies where something else is"
    if info.file_size > info.compress_size * _MOST_RATIO + _MOST_RATIO:
        return "claims to be longer than it can be"
    return ""
