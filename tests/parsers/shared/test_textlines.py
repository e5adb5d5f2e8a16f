from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.base.errors import EvidenceError
from evtscan.base.model.source import Source
from evtscan.parsers.shared.textlines import LONGEST_LINE, TextLines, is_prompt


def lines_of(folder: Path, content: bytes) -> tuple[TextLines, list[tuple[int, str]]]:
    path = folder / "x.txt"
    path.write_bytes(content)
    lines = TextLines(Source(path, "x.txt"))
    return lines, list(lines)


@pytest.mark.parametrize(
    ("content", "encoding", "expected"),
    [
        (b"a\r\nb\n", "utf-8", ["a", "b"]),
        (b"\xef\xbb\xbfa\r\nb", "utf-8", ["a", "b"]),
        ("Größe\r\n".encode(), "utf-8", ["Größe"]),
        ("Größe\r\n".encode("cp1252"), "cp1252", ["Größe"]),
        ("Größe, für\r\n".encode("cp850"), "cp850", ["Größe, für"]),
        ("Größe\r\n".encode("utf-16"), "utf-16-le", ["Größe"]),
        ("Größe and more\r\n".encode("utf-16-le"), "utf-16-le", ["Größe and more"]),
        (b"\xfe\xff" + "Größe\r\n".encode("utf-16-be"), "utf-16-be", ["Größe"]),
        (b"a\r\r\n\x1a", "utf-8", ["a", ""]),
        (b"a\x1a\r\n\x0cb\r\n\xef\xbb\xbfc\r\n", "utf-8", ["a", "b", "c"]),
        (b"one\rline\r\n", "utf-8", ["one\rline"]),
        (b"", "utf-8", []),
    ],
)
def test_encodings_and_line_ends(tmp_path: Path, content: bytes, encoding: str, expected: list[str]) -> None:
    lines, found = lines_of(tmp_path, content)
    assert lines.encoding == encoding
    assert [text for _, text in found] == expected
    assert lines.guessed is encoding.startswith("cp")


def test_each_iteration_reads_anew_and_counts_from_one(tmp_path: Path) -> None:
    lines, found = lines_of(tmp_path, b"a\n\nb\n")
    assert found == list(lines) == [(1, "a"), (2, ""), (3, "b")]


def test_a_letter_that_comes_late_decides_for_the_whole_file(tmp_path: Path) -> None:
    lines, found = lines_of(tmp_path, b"x" * 5000 + b"\n" + "ß".encode("cp1252"))
    assert lines.encoding == "cp1252"
    assert found[1] == (2, "ß")


def test_one_flipped_byte_does_not_turn_utf8_into_a_code_page(tmp_path: Path) -> None:
    lines, found = lines_of(tmp_path, "äöü".encode() * 10 + b"\xff" + "ß".encode())
    assert lines.encoding == "utf-8"
    assert found[0][1].startswith("äöü")
    assert found[0][1].endswith("ÿß")


def test_a_line_without_end_comes_in_pieces(tmp_path: Path) -> None:
    _, found = lines_of(tmp_path, b"x" * (2 * LONGEST_LINE + 5) + b"\nb")
    assert [(number, len(text)) for number, text in found] == [(1, LONGEST_LINE), (1, LONGEST_LINE), (1, 5), (2, 1)]


def test_prompts() -> None:
    assert is_prompt(r"C:\>dumpel -l system")
    assert is_prompt(r"D:\Documents and Settings\a>psloglist")
    assert not is_prompt(r"C:\WINNT\system32\services.exe failed")
    assert not is_prompt("x>y")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="cannot be read"):
        TextLines(Source(tmp_path / "x.txt", "x.txt"))


@settings(deadline=None, max_examples=100)
@given(content=st.binary(max_size=300))
def test_any_bytes_give_lines(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    _, found = lines_of(tmp_path_factory.mktemp("any"), content)
    assert [number for number, _ in found] == list(range(1, len(found) + 1))
    assert all("\n" not in text for _, text in found)
