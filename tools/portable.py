r"""Build a folder, and a zip of it, from which evtscan runs on Windows without an installed Python.

    python tools/portable.py TARGET [--python FOLDER] [--constraint REQUIREMENT ...]

The folder holds the interpreter, the packages that the command line needs (with the extra 7z), byte code for all of
them, and ``evtscan.exe``, which starts ``python\python.exe`` beside it. It writes nothing outside of itself and reads
no settings of other installations of Python. ``--python`` is the home of a Windows CPython (default: that of this
interpreter), whose version chooses the wheels. Also runs on other systems, except for byte code of another version.
"""

import argparse
import compileall
import io
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from py_compile import PycInvalidationMode

ROOT = Path(__file__).resolve().parents[1]
LIBRARY_LEFT_OUT = (
    *("test", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3", "site-packages", "venv", "pydoc_data"),
    *("__pycache__", "turtle.py", "msilib", "__phello__"),
)
MODULES_LEFT_OUT = ("_test*", "_ctypes_test*", "_tkinter*", "tcl*", "tk*", "_msi*", "xx*", "pyshellext*", "winsound*")
PACKAGES_LEFT_OUT = ("pandas", "bin", "data")
"""Packages that only the Python interface uses, and folders that nothing uses."""
NEEDED_ON_WINDOWS = ("colorama", "tzdata")
"""Requirements of packages behind a marker that pip evaluates for the system it runs on."""
EXTRAS = ("7z",)
PYTHON = "python"
"""The folder of the interpreter."""
START = "from evtscan.__main__ import main\nmain()\n"


def build(target: Path, home: Path, constraints: Sequence[str]) -> Path:
    """Build ``target/evtscan`` and return the zip beside it.

    Raises:
        SystemExit: if ``home`` is no Windows Python, or a package cannot be installed.
    """
    folder = target / "evtscan"
    if folder.exists():
        sys.exit(f"{folder}: exists already")
    version = _version_of(home)
    _copy_interpreter(home, folder / PYTHON, version)
    _install(folder / PYTHON / "Lib" / "site-packages", version, constraints)
    if sys.version_info[:2] == version:
        compileall.compile_dir(folder / PYTHON / "Lib", quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
    _write_launcher(folder)
    shutil.copy(ROOT / "LICENSE", folder)
    name = f"evtscan-{_version_of_evtscan()}-windows-x64"
    return Path(shutil.make_archive(str(target / name), "zip", target, "evtscan"))


def _version_of(home: Path) -> tuple[int, int]:
    for file in home.glob("python3*.dll"):
        if (match := re.fullmatch(r"python3(\d+)\.dll", file.name)) is not None:
            return 3, int(match[1])
    sys.exit(f"{home}: no home of a Windows Python; give one with --python")


def _version_of_evtscan() -> str:
    found = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert found is not None
    return found[1]


def _copy_interpreter(home: Path, target: Path, version: tuple[int, int]) -> None:
    shutil.copytree(home / "Lib", target / "Lib", ignore=shutil.ignore_patterns(*LIBRARY_LEFT_OUT))
    shutil.copytree(home / "DLLs", target / "DLLs", ignore=shutil.ignore_patterns(*MODULES_LEFT_OUT))
    for pattern in ("python.exe", "python3*.dll", "vcruntime*.dll", "LICENSE*"):
        for file in home.glob(pattern):
            shutil.copy(file, target)
    # an interpreter with this file ignores the environment, the registry and packages of the user
    (target / f"python3{version[1]}._pth").write_text("Lib\nDLLs\nLib\\site-packages\n", "ascii")


def _install(target: Path, version: tuple[int, int], constraints: Sequence[str]) -> None:
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    wheels = target / "wheels"
    source = f"{ROOT}[{','.join(EXTRAS)}]"
    commands: tuple[list[str | Path], ...] = (
        [*pip, "wheel", "--no-deps", "--wheel-dir", wheels, ROOT, "hexdump"],  # hexdump has no wheel on PyPI
        [
            *(*pip, "install", "--only-binary=:all:", "--platform", "win_amd64", "--implementation", "cp"),
            *("--python-version", f"{version[0]}.{version[1]}", "--find-links", wheels, "--target", target),
            *(f"evtscan[{','.join(EXTRAS)}]", *NEEDED_ON_WINDOWS, *constraints),
        ],
    )
    for command in commands:
        if subprocess.run(command, check=False).returncode:
            sys.exit(f"{source}: cannot be installed")
    shutil.rmtree(wheels)
    for name in PACKAGES_LEFT_OUT:
        for found in [target / name, *target.glob(f"{name}-*.dist-info"), *target.glob(f"{name}.libs")]:
            shutil.rmtree(found, ignore_errors=True)
    for tests in [*target.rglob("tests"), *target.rglob("test")]:
        shutil.rmtree(tests, ignore_errors=True)


def _write_launcher(folder: Path) -> None:
    r"""Write ``evtscan.exe``: a launcher that starts ``python\python.exe`` with the code behind it."""
    stub = (files("distlib") / "t64.exe").read_bytes()  # a start program that ends in a zip, as pip installs them
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr(zipfile.ZipInfo("__main__.py"), START)
    interpreter = f"#!<launcher_dir>\\{PYTHON}\\python.exe\r\n".encode()
    (folder / "evtscan.exe").write_bytes(stub + interpreter + code.getvalue())


def main() -> None:
    """Build the folder, and print its size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", type=Path, help="folder for the result")
    parser.add_argument("--python", type=Path, default=Path(sys.base_prefix), help="home of a Windows CPython")
    parser.add_argument("--constraint", action="append", default=[], help="a further requirement, such as numpy<2")
    given = parser.parse_args()
    archive = build(given.target.resolve(), given.python.resolve(), given.constraint)
    found = [file for file in (given.target / "evtscan").rglob("*") if file.is_file()]
    size = sum(file.stat().st_size for file in found)
    print(
        f"{archive.name}: {archive.stat().st_size / 1e6:.0f} MB, unpacked {size / 1e6:.0f} MB in {len(found):,} files"
    )


if __name__ == "__main__":
    main()
