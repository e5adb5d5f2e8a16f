from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.base.errors import EvidenceError
from evtscan.base.model.source import Source
from evtscan.base.text import DecodedText, decode, decode_as, read_text

WORDS = "Größe: ночь 1\r\n"


@pytest.mark.parametrize(
    ("raw", "text", "encoding"),
    [
        (b"", "", "utf-8"),
        (b"plain", "plain", "utf-8"),
        (b"\xef\xbb\xbf" + WORDS.encode(), WORDS, "utf-8"),
        (WORDS.encode(), WORDS, "utf-8"),
        (b"\xff\xfe" + WORDS.encode("utf-16-le"), WORDS, "utf-16-le"),
        (b"\xfe\xff" + WORDS.encode("utf-16-be"), WORDS, "utf-16-be"),
        ("no mark\r\n".encode("utf-16-le"), "no mark\r\n", "utf-16-le"),
        ("no mark\r\n".encode("utf-16-be"), "no mark\r\n", "utf-16-be"),
        ("Имя узла: SRV\r\n".encode("utf-16-le"), "Имя узла: SRV\r\n", "utf-16-le"),
        ("Größe".encode("cp1252"), "Größe", "cp1252"),
    ],
)
def test_encodings(raw: bytes, text: str, encoding: str) -> None:
    assert decode(raw) == DecodedText(text, encoding)


def test_the_code_page_is_the_callers() -> None:
    assert decode("Größe".encode("cp850"), "cp850").text == "Größe"
    assert decode("ночь".encode("cp866"), "cp866") == DecodedText("ночь", "cp866")
    with pytest.raises(LookupError):
        decode(b"\xff\xe9", "cp0")


def test_bytes_that_a_code_page_lacks_are_kept_and_reported() -> None:
    decoded = decode(b"a\x81\xe9\x9d")
    assert decoded == DecodedText("a\x81é\x9d", "cp1252", lossy=True)


def test_a_character_cut_in_two_is_reported() -> None:
    assert decode(WORDS.encode()[:12]) == DecodedText("Größe: н\xd0", "utf-8", lossy=True)
    assert decode(b"\xff\xfe" + "ab".encode("utf-16-le")[:3]) == DecodedText("a\ufffd", "utf-16-le", lossy=True)
    assert decode_as(b"\x00\xd8a\x00", "utf-16-le") == DecodedText("\ufffda", "utf-16-le", lossy=True)


def test_a_last_byte_of_a_code_page_is_no_cut_utf8() -> None:
    assert decode(b"caf\xe9") == DecodedText("café", "cp1252")


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=200))
def test_any_bytes_give_text_that_can_be_written(raw: bytes) -> None:
    decoded = decode(raw)
    assert decoded.text.encode("utf-8").decode("utf-8") == decoded.text


@settings(deadline=None, max_examples=100)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\ufeff\0")), st.sampled_from(["utf-8-sig", "utf-16"]))
def test_text_with_a_mark_comes_back(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)).text == text


def test_files_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"12345")
    assert read_text(Source(path, "a.txt"), limit=5).text == "12345"
    with pytest.raises(EvidenceError, match=r"a\.txt: larger than 4 bytes"):
        read_text(Source(path, "a.txt"), limit=4)
    with pytest.raises(EvidenceError, match=r"b\.txt: cannot be read"):
        read_text(Source(tmp_path / "b.txt", "b.txt"))
