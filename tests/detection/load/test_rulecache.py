"""The cache of compiled rules: what is in it counts only while everything it was made of is the same."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from example_rules import knows, rule_text
from links import link

from evtscan.detection.load import rulecache
from evtscan.detection.load.loader import RuleSet, load_rules
from evtscan.detection.load.rulecache import MOST_KEPT, cache_folder, load_through_cache

DETECTION = "s: {Provider_Name: Disk, EventID: %d}\ncondition: s"
EXPANDED = "s: {Provider_Name|expand: '%disks%', EventID: 7}\ncondition: s"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    (folder / "nt").mkdir(parents=True)
    (folder / "nt" / "one.yml").write_text(rule_text(DETECTION % 7, number=1))
    (folder / "two.yml").write_text(rule_text(DETECTION % 51, number=2))
    (folder / "broken.yml").write_text("title: [")
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[list[Path]]:
    """The calls that compile rules."""
    calls: list[list[Path]] = []

    def counted(paths, *, fact_known):
        calls.append(list(paths))
        return load_rules(paths, fact_known=fact_known)

    monkeypatch.setattr(rulecache, "load_rules", counted)
    return calls


def load(rules: Path, cache: Path, fact_known=knows) -> RuleSet:
    return load_through_cache([rules], fact_known=fact_known, folder=cache)


def told(rules: RuleSet) -> tuple[object, ...]:
    return [rule.info for rule in rules.rules], [rule.detection for rule in rules.rules], rules.problems, rules.query()


def test_folders_of_the_same_content_are_two(rules, cache, compiled):
    copy = rules.with_name("copy")
    shutil.copytree(rules, copy)
    loaded = [load_through_cache([rules, other], fact_known=knows, folder=cache) for other in (rules, copy)]
    assert [len(one.problems) for one in loaded] == [1, 4]
    assert len(compiled) == 2


def test_the_second_run_compiles_nothing_and_says_the_same(rules, cache, compiled):
    first, second = load(rules, cache), load(rules, cache)
    assert len(compiled) == 1
    assert told(first) == told(second) == told(load_rules([rules], fact_known=knows))
    assert [problem.file for problem in second.problems] == ["broken.yml"]


def edit(rules: Path) -> None:
    (rules / "two.yml").write_text(rule_text(DETECTION % 52, number=2))


def same_length_and_time(rules: Path) -> None:
    path = rules / "two.yml"
    before = path.stat()
    path.write_text(path.read_text().replace("51", "52"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def add(rules: Path) -> None:
    (rules / "nt" / "three.YAML").write_text(rule_text(DETECTION % 3, number=3))


def remove(rules: Path) -> None:
    (rules / "two.yml").unlink()


def rename(rules: Path) -> None:
    (rules / "two.yml").rename(rules / "nt" / "two.yml")


def swap_contents(rules: Path) -> None:
    one, two = rules / "nt" / "one.yml", rules / "two.yml"
    first, second = one.read_text(), two.read_text()
    one.write_text(second)
    two.write_text(first)


@pytest.mark.parametrize("change", [edit, same_length_and_time, add, remove, rename, swap_contents])
def test_any_change_of_the_files_compiles_again(rules, cache, compiled, change):
    load(rules, cache)
    change(rules)
    assert told(load(rules, cache)) == told(load_rules([rules], fact_known=knows))
    assert len(compiled) == 2


def test_what_was_there_before_is_still_kept(rules, cache, compiled):
    load(rules, cache)
    text = (rules / "two.yml").read_text()
    edit(rules)
    load(rules, cache)
    (rules / "two.yml").write_text(text)
    load(rules, cache)
    assert len(compiled) == 2


def test_other_code_and_another_catalogue_of_facts_compile_again(rules, cache, compiled, monkeypatch):
    load(rules, cache)
    load(rules, cache, fact_known=lambda name: True)
    assert len(compiled) == 2
    monkeypatch.setattr(rulecache, "_code", lambda: b"the next version")
    load(rules, cache)
    assert len(compiled) == 3


def test_the_code_is_that_of_the_whole_package():
    package = Path(rulecache.__file__).parents[2]
    names = {Path(file).name for file in rulecache._below(package, (".py", ".yaml"))}
    assert {"event.py", "catalogue.py", "sigma.py", "yamltext.py", "sources.yaml"} <= names


@pytest.mark.parametrize("above", [0, 1, 2])
def test_lists_of_placeholders_count_wherever_they_may_lie(tmp_path, cache, compiled, above):
    rules = tmp_path / "a" / "b"
    rules.mkdir(parents=True)
    (rules / "rule.yml").write_text(rule_text(EXPANDED))
    place = [rules, rules.parent, tmp_path][above] / "placeholders.yaml"
    for names in ("[disk]", "[disk, cdrom]"):
        place.write_text(f"disks: {names}\n")
        for paths in ([rules], [rules / "rule.yml"]):
            found = load_through_cache(paths, fact_known=knows, folder=cache)
            assert told(found) == told(load_rules(paths, fact_known=knows))
            assert found.problems == ()
    assert len(compiled) == 4


def test_a_place_is_no_part_of_the_key(rules, cache, compiled, tmp_path):
    load(rules, cache)
    shutil.copytree(rules, tmp_path / "copy" / "rules")
    load(tmp_path / "copy" / "rules", cache)
    assert len(compiled) == 1


def test_a_single_file_is_kept_by_its_name(rules, cache, compiled):
    for name in ("one.yml", "first.yml"):
        (rules / "nt" / "one.yml").rename(rules / name)
        loaded = load(rules / name, cache)
        assert [rule.file for rule in loaded.rules] == [name]
        (rules / name).rename(rules / "nt" / "one.yml")
    assert len(compiled) == 2


# ------------------------------------------------------------------------------------------------ a bad cache


def only_file(cache: Path) -> Path:
    (file,) = cache.iterdir()
    return file


@pytest.mark.parametrize("place", [0, 20, 40, 60, -1])
def test_a_damaged_byte_compiles_again_and_is_mended(rules, cache, compiled, place):
    load(rules, cache)
    data = bytearray(only_file(cache).read_bytes())
    data[place] ^= 1
    only_file(cache).write_bytes(data)
    expected = told(load_rules([rules], fact_known=knows))
    assert told(load(rules, cache)) == expected
    assert told(load(rules, cache)) == expected
    assert len(compiled) == 2


@pytest.mark.parametrize("content", [b"", b"evtscan rules\n", b"something else" * 100])
def test_a_file_that_is_none_of_ours_compiles_again(rules, cache, compiled, content):
    load(rules, cache)
    only_file(cache).write_bytes(content)
    assert len(load(rules, cache).rules) == 2
    assert len(compiled) == 2


def test_rules_of_another_key_are_not_taken(rules, cache, compiled):
    load(rules, cache)
    other = only_file(cache).read_bytes()
    edit(rules)
    load(rules, cache)
    for file in cache.iterdir():
        file.write_bytes(other)
    assert [selector.event_id for selector in load(rules, cache).rules[1].query().selectors] == [52]


def test_a_cache_that_is_well_formed_but_holds_no_rules(rules, cache, compiled):
    load(rules, cache)
    file = only_file(cache)
    key = bytes.fromhex(file.stem.partition("-")[2])
    file.write_bytes(rulecache._head(key, b"\x01") + b"\x01")
    assert len(load(rules, cache).rules) == 2


def test_a_folder_that_cannot_be_made_or_written(rules, tmp_path, compiled, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    for _ in range(2):
        assert len(load(rules, tmp_path / "file").rules) == 2
    monkeypatch.setattr(Path, "write_bytes", lambda self, data: (_ for _ in ()).throw(PermissionError(13, "no")))
    assert len(load(rules, tmp_path / "cache").rules) == 2
    assert len(compiled) == 3
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_disk_that_fills_up_leaves_nothing_behind(rules, cache, monkeypatch):
    def half(self, data):
        with self.open("wb") as stream:
            stream.write(data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    assert len(load(rules, cache).rules) == 2
    assert list(cache.iterdir()) == []


def test_a_file_that_cannot_be_read_is_a_problem_with_and_without_the_cache(rules, cache):
    link(rules / "gone.yml", rules / "nowhere.yml")
    paths = [rules / "gone.yml"]
    assert load_through_cache(paths, fact_known=knows, folder=cache).problems != ()


def test_rules_that_change_while_they_are_compiled_are_not_kept(rules, cache, monkeypatch):
    def slow(paths, *, fact_known):
        loaded = load_rules(paths, fact_known=fact_known)
        edit(rules)
        return loaded

    monkeypatch.setattr(rulecache, "load_rules", slow)
    load(rules, cache)
    assert not cache.exists() or list(cache.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_pipe_is_read_once(tmp_path, cache, compiled):
    pipe = tmp_path / "rule.yml"
    os.mkfifo(pipe)
    writer = subprocess.Popen([sys.executable, "-c", f"open({str(pipe)!r}, 'w').write({rule_text(DETECTION % 7)!r})"])
    assert len(load(pipe, cache).rules) == 1
    assert writer.wait(10) == 0
    assert not cache.exists()


def test_only_the_newest_are_kept(rules, cache):
    for number in range(MOST_KEPT + 3):
        (rules / "two.yml").write_text(rule_text(DETECTION % (100 + number), number=2))
        load(rules, cache)
        for file in cache.iterdir():
            os.utime(file, ns=(file.stat().st_mtime_ns - 10**9,) * 2)
    assert len(list(cache.iterdir())) == MOST_KEPT


def test_runs_that_start_together_get_the_same_rules(rules, cache):
    code = f"""
from pathlib import Path
from evtscan.detection.load.rulecache import load_through_cache
from evtscan.facts.catalogue.names import is_known
loaded = load_through_cache([Path({str(rules)!r})], fact_known=is_known, folder=Path({str(cache)!r}))
print([rule.detection.text if hasattr(rule.detection, 'text') else rule.info.id for rule in loaded.rules])
"""
    runs = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    outputs = {run.communicate(timeout=60)[0] for run in runs}
    assert [run.returncode for run in runs] == [0, 0, 0, 0]
    assert len(outputs) == 1
    assert [file.suffix for file in cache.iterdir()] == [".bin"]


def test_a_run_out_of_the_cache_does_not_load_pysigma(rules, cache):
    code = f"""
import sys
from pathlib import Path
from evtscan.detection.load.rulecache import load_through_cache
from evtscan.facts.catalogue.names import is_known
loaded = load_through_cache([Path({str(rules)!r})], fact_known=is_known, folder=Path({str(cache)!r}))
print(len(loaded.rules), [rule.detection is not None for rule in loaded.rules], "sigma" in sys.modules)
"""
    outputs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert outputs == ["2 [True, True] True\n", "2 [True, True] False\n"]


# --------------------------------------------------------------------------------------------------- places


def test_the_folder_is_the_one_that_is_named_else_the_platforms(monkeypatch, tmp_path):
    monkeypatch.setenv("EVTSCAN_CACHE_DIR", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("EVTSCAN_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    monkeypatch.setattr(sys, "platform", "linux")
    assert cache_folder() == tmp_path / "xdg" / "evtscan"
    monkeypatch.setattr(sys, "platform", "win32")
    assert cache_folder() == tmp_path / "local" / "evtscan" / "Cache"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_folder().parts[-3:] == ("Library", "Caches", "evtscan")
