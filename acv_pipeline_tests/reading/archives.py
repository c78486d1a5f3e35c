"""Zipped and encrypted workbooks rewritten as other programs would have written them, for tests."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from hashlib import md5
from pathlib import Path

import olefile
from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher
from msoffcrypto.format.ooxml import OOXMLFile
from xlwt.CompoundDoc import XlsDoc

DEFAULT_PASSWORD = "VelvetSweatshop"
BOF, FILEPASS, BOUNDSHEET, INTERFACE_HEADER = 0x0809, 0x002F, 0x0085, 0x00E1


def zipped(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def parts_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {part: archive.read(part) for part in archive.namelist()}


def with_part(path: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    """Rewrite one part of a zipped workbook."""
    parts = parts_of(path)
    parts[name] = change(parts.get(name, b""))
    return zipped(path, parts)


def renamed(path: Path, name: Callable[[str], str], **changes: tuple[str, str]) -> Path:
    """Rename the parts of a zipped workbook; replace texts in all of its XML."""
    parts = {}
    for part, content in parts_of(path).items():
        for old, new in changes.values():
            content = content.replace(old.encode(), new.encode())
        if new_name := name(part):
            parts[new_name] = content
    return zipped(path, parts)


def encrypted_xlsx(path: Path, password: str) -> Path:
    """Encrypt an XLSX as Excel does."""
    plain, target = io.BytesIO(path.read_bytes()), io.BytesIO()
    OOXMLFile(plain).encrypt(password, target)
    path.write_bytes(target.getvalue())
    return path


def encrypted_xls(path: Path, password: str) -> Path:
    """Encrypt an XLS as Excel 97 did: every record but a few, 1024 bytes to a key."""
    with olefile.OleFileIO(path) as container:
        stream = container.openstream("Workbook").read()
    salt, verifier = bytes(range(16)), bytes(range(16, 32))
    locked = _rc4(password, salt, 0, verifier + md5(verifier).digest())
    file_pass = struct.pack("<HHHHH", FILEPASS, 54, 1, 1, 1) + salt + locked
    records = []
    place = 0
    while place + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, place)
        if kind == 0:  # filled up with zeros
            break
        content = stream[place + 4 : place + 4 + size]
        if kind == BOUNDSHEET:  # the sheets move by the record put in
            (start,) = struct.unpack_from("<I", content)
            content = struct.pack("<I", start + len(file_pass)) + content[4:]
        records.append((kind, content))
        if place == 0:
            records.append((FILEPASS, file_pass[4:]))
        place += 4 + size
    plain = b"".join(struct.pack("<HH", kind, len(text)) + text for kind, text in records)
    blocks = range(0, len(plain), 1024)
    secret = b"".join(_rc4(password, salt, at // 1024, plain[at : at + 1024]) for at in blocks)
    result = bytearray(secret)
    place = 0
    for kind, content in records:
        is_open = kind in (BOF, FILEPASS, INTERFACE_HEADER)
        shown = 4 + (len(content) if is_open else 4 if kind == BOUNDSHEET else 0)
        result[place : place + shown] = plain[place : place + shown]
        place += 4 + len(content)
    rest = -len(result) % 4  # the writer fills up with zeros, which are records of four bytes
    XlsDoc().save(str(path), bytes(result) + struct.pack("<HH", 0, rest) + bytes(rest))
    return path


def _rc4(password: str, salt: bytes, block: int, content: bytes) -> bytes:
    first = md5(password.encode("utf-16-le")).digest()[:5]
    second = md5((first + salt) * 16).digest()[:5]
    key = md5(second + struct.pack("<I", block)).digest()
    return Cipher(ARC4(key), mode=None).encryptor().update(content)
