"""ZIP archives as hosts of an audit."""

from io import BytesIO
from zipfile import ZipFile


def archive(**files: bytes | str) -> bytes:
    """A ZIP archive with these files; two underscores in a name stand for a dot."""
    stream = BytesIO()
    with ZipFile(stream, "w") as zipped:
        for name, content in files.items():
            zipped.writestr(name.replace("__", "."), content)
    return stream.getvalue()
