"""Version, names and link date → a driver of about a kilobyte (PE): headers and one section with a version resource.

It has no code. (Layout: Microsoft, "PE Format"; VS_VERSIONINFO and VS_FIXEDFILEINFO of the Windows SDK documentation.)
"""

import struct

_SECTION_ADDRESS = 0x1000
_ALIGNMENT = 512
_I386, _IS_PROGRAM, _READABLE_DATA = 0x14C, 0x102, 0x40000040
_NATIVE = 1
_RESOURCES = 2
_VERSION_TYPE, _FIRST, _ENGLISH = 16, 1, 1033
_OPTIONAL_HEADER = struct.Struct("<HBBIIIIIIIIIHHHHHHIIIIHHIIIIII")


def driver_file(version: tuple[int, int, int, int] | None, *, original_name: str = "", linked: int = 0) -> bytes:
    """Write a driver linked at ``linked`` (seconds since 1970, UTC).

    Without ``version`` it has no version resource; without ``original_name`` the resource holds no OriginalFilename.
    """
    section = _resources(_version_resource(version, original_name) if version else b"")
    size = len(section)
    directories = [(0, 0)] * 16
    if version:
        directories[_RESOURCES] = (_SECTION_ADDRESS, size)
    optional = _optional_header() + b"".join(struct.pack("<II", *entry) for entry in directories)
    head = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0"
    head += struct.pack("<HHIIIHH", _I386, 1, linked, 0, 0, len(optional), _IS_PROGRAM) + optional
    head += struct.pack("<8s6I2HI", b".rsrc", size, _SECTION_ADDRESS, size, _ALIGNMENT, 0, 0, 0, 0, _READABLE_DATA)
    return head.ljust(_ALIGNMENT, b"\0") + section


def _optional_header() -> bytes:
    image_size = 2 * _SECTION_ADDRESS
    addresses = (0, 0, 0, 0, 0, 0, 0x10000, _SECTION_ADDRESS, _ALIGNMENT)
    versions = (4, 0, 4, 0, 4, 0)  # of the system, of the file, of the subsystem
    return _OPTIONAL_HEADER.pack(
        0x10B, 3, 10, *addresses, *versions, 0, image_size, _ALIGNMENT, 0, _NATIVE, 0, 0, 0, 0, 0, 0, 16
    )


def _resources(resource: bytes) -> bytes:
    """The section: three folders (type, number, language) with an entry each, the place of the resource, itself."""
    steps = ((_VERSION_TYPE, 0x80000018), (_FIRST, 0x80000030), (_ENGLISH, 0x48))
    folders = b"".join(struct.pack("<IIHHHHII", 0, 0, 0, 0, 0, 1, name, target) for name, target in steps)
    section = folders + struct.pack("<4I", _SECTION_ADDRESS + 0x58, len(resource), 0, 0) + resource
    return section + bytes(-len(section) % _ALIGNMENT)


def _version_resource(version: tuple[int, int, int, int], original_name: str) -> bytes:
    """VS_VERSIONINFO: the version in numbers, and the texts that NT 4.0 puts beside it (``4.00``)."""
    high, low = version[0] << 16 | version[1], version[2] << 16 | version[3]
    fixed = struct.pack("<13I", 0xFEEF04BD, 0x10000, high, low, high, low, 0x3F, 0, 0x40004, 3, 7, 0, 0)
    strings = _string("FileVersion", "4.00")
    if original_name:
        strings += _string("OriginalFilename", original_name)
    table = _block("040904B0", children=strings, is_text=True)
    return _block("VS_VERSION_INFO", fixed, _block("StringFileInfo", children=table, is_text=True))


def _string(name: str, text: str) -> bytes:
    return _padded(_block(name, f"{text}\0".encode("utf-16-le"), is_text=True))


def _block(key: str, value: bytes = b"", children: bytes = b"", *, is_text: bool = False) -> bytes:
    """Length, length of the value (of a text in letters), type, key, value, children: each from a multiple of four."""
    head = _padded(bytes(6) + f"{key}\0".encode("utf-16-le"))
    body = _padded(head + value) + children if children else head + value
    length = len(value) // 2 if is_text else len(value)
    return struct.pack("<3H", len(body), length, is_text) + body[6:]


def _padded(raw: bytes) -> bytes:
    return raw + bytes(-len(raw) % 4)
