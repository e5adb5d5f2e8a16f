from evtscan.base.ledger import Lines, part, skipped_part
from evtscan.base.model.source import SkippedFile


def test_a_part_has_its_label_once_and_says_what_it_leaves_out() -> None:
    lines = part("damaged", [f"file {number}" for number in range(22)])
    assert lines[:2] == ["damaged   file 0", "          file 1"]
    assert lines[20:] == ["          and 2 more"]
    assert part("damaged", ["file"], 5) == ["damaged   file", "          and 4 more"]
    assert part("damaged", []) == []


def test_text_of_evidence_is_made_visible() -> None:
    assert part("files", ["a\x1b[31m\nb"]) == [r"files     a\x1b[31m b"]


def test_the_commonest_reason_comes_first_with_the_first_names() -> None:
    skipped = [SkippedFile(source_file=f"{name}.txt", reason="not evidence") for name in "gfedcba"]
    skipped.append(SkippedFile(source_file="0.bin", reason="empty"))
    assert skipped_part(skipped) == [
        "skipped   7 not evidence: a.txt, b.txt, c.txt, d.txt, e.txt and 2 more",
        "          1 empty: 0.bin",
    ]


def test_a_line_that_is_said_already_counts_once() -> None:
    lines = Lines()
    for text in ("one", "one", "two"):
        lines.add(text)
    assert lines.part("warnings") == ["warnings  one", "          two"]
