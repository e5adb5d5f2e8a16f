"""Run evtscan on a CPython for Windows under Wine, and compare its outputs with those of this system.

    python tools/windows_trial.py [--folder DIR] [--tests PATH ... | --whole | --no-tests] [--portable] [--if-possible]

Needs Linux on x86-64 with Wine, MinGW and Maven; as root on Debian, missing packages are installed. The interpreter is
the one that JavaCPP publishes on Maven Central, packages are wheels for Windows. ``--folder`` (default: a temporary
folder) is kept, and a second trial in it starts in seconds. ``--whole`` runs all tests (half an hour on two idle
cores), without it a chosen set runs. ``--portable`` also builds the folder that runs without an installed
Python (tools/portable.py) and starts it. ``--if-possible`` ends with 0 and a sentence where the trial cannot be had.

Exit code: 0 if everything holds, 1 if a check fails, 2 if the trial cannot be set up.
"""

import argparse
import filecmp
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "tools")]

CPYTHON = "3.11.3-1.5.9"
"""Version of JavaCPP's preset: the last one that Wine 8 of Debian 12 runs."""
PACKAGES = ("wine", "wine64", "gcc-mingw-w64-x86-64", "maven", "unzip")
EXTRAS = ("7z", "parquet", "dask", "test")
NEEDED_ON_WINDOWS = ("colorama", "cffi", "tzdata")
"""Requirements of packages that are hidden behind a marker which pip evaluates for this system."""
LIMITS = ("numpy<2", "pandas<3", "pyarrow<18")
"""NumPy 2 uses functions that Wine 8 does not have."""
SOURCE_ONLY = ("hexdump",)
"""Requirements without a wheel on PyPI."""
CHOSEN_TESTS = (
    "tests/base",
    "tests/intake",
    "tests/audit/test_audit_run.py",
    "tests/audit/test_runfolder.py",
    "tests/audit/test_workers.py",
    "tests/cli/test_commands.py",
    "tests/cli/test_audit_runs.py",
    "tests/cli/commands/test_dump.py",
    "tests/collecting",
    "tests/dump",
    "tests/parsers/reports/test_driverfile.py",
    "tests/reporters/test_output.py",
    "tests/test_scan.py",
)
"""Tests of what differs between systems: paths, processes, pipes, outputs, code pages. Less than ten minutes."""
LARGE = 64 << 20
"""Bytes of the large log: enough that a dump starts worker processes."""
MINUTE = 60


class TrialError(Exception):
    """The trial cannot be set up; the text says why."""


@dataclass(frozen=True, slots=True)
class Ran:
    """The end of a program."""

    code: int
    output: str


class Windows:
    """A Windows CPython under Wine, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.drive = folder / "prefix" / "drive_c"
        self.python = self.drive / "Python311"
        self.wine = _wine()
        self.environment = {
            **os.environ,
            "WINEPREFIX": str(folder / "prefix"),
            "WINEARCH": "win64",
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree=;mshtml=;winemenubuilder.exe=",
            "LC_ALL": "C.UTF-8",
        }

    def start(self, program: str, *arguments: str, cwd: Path | None = None) -> "subprocess.Popen[bytes]":
        """Start a program. All streams are pipes: files and /dev/null are invalid handles for Wine."""
        pipe = subprocess.PIPE
        command = [self.wine, program, *arguments]
        return subprocess.Popen(
            command, cwd=cwd or self.folder, env=self.environment, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT
        )

    def run(self, program: str, *arguments: str, cwd: Path | None = None, minutes: float = 10) -> Ran:
        """Run a program to its end, and return its exit code and what it printed.

        Raises:
            TrialError: if it takes too long.
        """
        process = self.start(program, *arguments, cwd=cwd)
        try:
            output, _ = process.communicate(b"", timeout=minutes * MINUTE)
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise TrialError(f"{program} {' '.join(arguments)}: not finished after {minutes:g} minutes") from error
        return Ran(process.returncode, output.decode("utf-8", "replace").replace("\r\n", "\n"))

    def evtscan(self, *arguments: str, cwd: Path, minutes: float = 10) -> Ran:
        """Run evtscan."""
        return self.run(r"C:\Python311\python.exe", "-m", "evtscan", *arguments, cwd=cwd, minutes=minutes)


# ------------------------------------------------------------------------------------------------------- set up


def _wine() -> str:
    for path in ("/usr/lib/wine/wine64", "wine64", "wine"):
        if (found := shutil.which(path)) is not None:
            return found
    return ""


def _check_possible() -> None:
    """Install what is missing, where that can be done.

    Raises:
        TrialError: if something is missing for good.
    """
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise TrialError("the trial needs Linux on x86-64")
    tools = ("x86_64-w64-mingw32-gcc", "mvn")
    if (not _wine() or not all(map(shutil.which, tools))) and shutil.which("apt-get") and os.getuid() == 0:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "--yes", "--no-install-recommends", *PACKAGES]):
            subprocess.run(
                ["apt-get", "-qq", *command], env=environment, stdout=subprocess.DEVNULL, timeout=600, check=False
            )
    missing = [name for name in ("wine", *tools) if not (_wine() if name == "wine" else shutil.which(name))]
    if missing:
        raise TrialError(f"no {', '.join(missing)} here (Debian: apt-get install {' '.join(PACKAGES)})")


def _run(*command: str | Path, cwd: Path | None = None) -> None:
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=15 * MINUTE, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TrialError(f"{command[0]}: {error}") from error
    if done.returncode:
        raise TrialError(f"{' '.join(map(str, command))}: {(done.stdout + done.stderr)[-2000:]}")


def set_up(folder: Path) -> Windows:
    """Install a Windows with Python and all packages in a folder, or use the one that is there.

    Raises:
        TrialError: if that fails.
    """
    _check_possible()
    windows = Windows(folder)
    ready = folder / "ready"
    if not ready.exists():
        folder.mkdir(parents=True, exist_ok=True)
        windows.run("wineboot", "-i")
        windows.run("winecfg", "-v", "win10")
        _install_python(windows)
        _complete_libraries(windows)
        ready.touch()
    installed = folder / "requirements.txt"
    wanted = "\n".join(_requirements())
    if not installed.exists() or installed.read_text("utf-8") != wanted:
        _install_packages(windows)
        installed.write_text(wanted, "utf-8")
    _install_evtscan(windows)
    return windows


def _install_python(windows: Windows) -> None:
    """Unpack the interpreter, and move its files to where Windows has them."""
    artifact = f"org.bytedeco:cpython:{CPYTHON}:jar:windows-x86_64"
    _run("mvn", "-q", "dependency:get", f"-Dartifact={artifact}", "-Dtransitive=false")
    _run("mvn", "-q", "dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={windows.folder}")
    (jar,) = windows.folder.glob("cpython-*.jar")
    with zipfile.ZipFile(jar) as archive:
        archive.extractall(windows.folder / "jar")
    unpacked = windows.folder / "jar" / "org" / "bytedeco" / "cpython" / "windows-x86_64"
    home, modules = windows.python, windows.python / "DLLs"
    shutil.copytree(unpacked / "lib", home / "Lib", dirs_exist_ok=True)
    shutil.copytree(unpacked / "libs", home / "libs", dirs_exist_ok=True)
    modules.mkdir(exist_ok=True)
    for name in ("python.exe", "python311.dll"):
        shutil.copy(unpacked / name, home)
    for file in [*(home / "Lib").glob("*.pyd"), *(home / "Lib").glob("*.dll")]:
        file.replace((home if file.name.startswith("vcruntime140") else modules) / file.name)


def _complete_libraries(windows: Windows) -> None:
    """Build two missing libraries: python3.dll (stable ABI) and bcryptprimitives.dll (random numbers of Rust)."""
    compiler = "x86_64-w64-mingw32-gcc"
    build = windows.folder / "build"
    build.mkdir(exist_ok=True)

    def names(library: str) -> set[str]:
        found = subprocess.run(
            ["x86_64-w64-mingw32-nm", windows.python / "libs" / library], capture_output=True, text=True, check=False
        ).stdout
        return {line.split()[-1] for line in found.splitlines() if len(line.split()) > 1}

    stable, everything = names("python3.lib"), names("python311.lib")
    prefix = "__imp_"
    exported = sorted(name.removeprefix(prefix) for name in stable & everything if name.startswith(prefix))
    lines = [f"  {name} = python311.{name}{'' if name in stable else ' DATA'}" for name in exported]
    (build / "python3.def").write_text("\n".join(["LIBRARY python3.dll", "EXPORTS", *lines, ""]))
    (build / "empty.c").write_text("int __stdcall DllMain(void *a, unsigned b, void *c) { return 1; }\n")
    (build / "random.c").write_text(
        "#include <windows.h>\nBOOLEAN NTAPI SystemFunction036(PVOID, ULONG);\n__declspec(dllexport) "
        "BOOL WINAPI ProcessPrng(PBYTE p, SIZE_T n) { return SystemFunction036(p, (ULONG)n); }\n"
    )
    stable_abi = windows.python / "python3.dll"
    _run(compiler, "-shared", "-nostartfiles", "-e", "DllMain", "-o", stable_abi, "empty.c", "python3.def", cwd=build)
    random = windows.drive / "windows" / "system32" / "bcryptprimitives.dll"
    _run(compiler, "-shared", "-o", random, "random.c", "-ladvapi32", cwd=build)


def _install_packages(windows: Windows) -> None:
    """Install all requirements as wheels for Windows, with the pip of this system: the one under Wine takes minutes."""
    wheels = windows.folder / "wheels"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "-q")
    _run(*pip, "wheel", "--no-deps", "--wheel-dir", wheels, *SOURCE_ONLY)
    for_windows = ("--platform", "win_amd64", "--python-version", "3.11", "--implementation", "cp")
    target = windows.python / "Lib" / "site-packages"
    shutil.rmtree(target, ignore_errors=True)
    _run(
        *(*pip, "install", "--only-binary=:all:", *for_windows, "--find-links", wheels, "--target", target),
        *(*_requirements(), *NEEDED_ON_WINDOWS, *LIMITS),
    )


def _requirements() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [line for extra in EXTRAS for line in project["optional-dependencies"][extra]]
    system = {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "python_version": "3.11"}
    found = []
    for line in (*project["dependencies"], *extras):
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate(system):
            requirement.marker = None
            found.append(str(requirement))
    return found


def _install_evtscan(windows: Windows) -> None:
    """Install evtscan as a wheel, and copy the sources for the tests."""
    target = windows.python / "Lib" / "site-packages"
    for old in target.glob("evtscan*"):
        shutil.rmtree(old)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "-q")
    _run(*pip, "install", "--no-deps", "--target", target, "--upgrade", ROOT)
    shutil.rmtree(windows.drive / "evtscan", ignore_errors=True)
    left_out = shutil.ignore_patterns(".venv", ".git", "__pycache__", ".mypy_cache", ".ruff_cache", "dist", "build")
    shutil.copytree(ROOT, windows.drive / "evtscan", ignore=left_out)
    shutil.rmtree(windows.drive / "work", ignore_errors=True)
    (windows.drive / "work").mkdir()


# ------------------------------------------------------------------------------------------------------- checks


def _here(*arguments: str | Path, cwd: Path) -> None:
    """Run evtscan on this system."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "evtscan", *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise TrialError(f"evtscan on this system: {done.stderr}")


def _differences(ours: Path, theirs: Path) -> list[str]:
    """The names of files that are missing or differ."""
    names = sorted(path.name for path in ours.iterdir() if path.is_file())
    assert names
    _, unequal, missing = filecmp.cmpfiles(ours, theirs, names, shallow=False)
    return [*unequal, *missing]


def _compared(ran: Ran, ours: Path, theirs: Path) -> str:
    """An empty text if a run ended well and its outputs are the same, else what is wrong."""
    if ran.code:
        return f"exit code {ran.code}: {ran.output[-2000:]}"
    unequal = _differences(ours, theirs)
    return f"not the same: {', '.join(unequal)}" if unequal else ""


def check_samples(windows: Windows) -> str:
    """The audit of all samples gives the same bytes."""
    work = windows.drive / "work"
    shutil.copytree(ROOT / "samples" / "hosts", work / "hosts", dirs_exist_ok=True)
    _here("audit", "hosts", "-o", "here/", "-q", "-C", cwd=work)
    return _compared(windows.evtscan("audit", "hosts", "-o", "there\\", "-q", cwd=work), work / "here", work / "there")


def check_workers(windows: Windows) -> str:
    """An audit with two worker processes that is killed and resumed gives the same bytes."""
    work = windows.drive / "work" / "workers"
    for sample in sorted((ROOT / "samples" / "hosts").iterdir()):
        for number in range(4 if sample.is_dir() else 0):
            shutil.copytree(sample, work / "fleet" / f"{sample.name}-{number}")
    _here("audit", "fleet", "-o", "here/", "-q", cwd=work)
    command = ("-m", "evtscan", "audit", "fleet", "-o", "there\\", "-q", "-j", "2")
    process = windows.start(r"C:\Python311\python.exe", *command, cwd=work)
    finished = work / "there" / "run" / "hosts"
    begun = time.monotonic()
    while process.poll() is None and len(list(finished.glob("*.jsonl"))) < 3:
        if time.monotonic() - begun > 10 * MINUTE:
            break
        time.sleep(0.05)
    was_running = process.poll() is None
    process.kill()
    process.communicate()
    kept = {file.name: file.stat().st_mtime_ns for file in finished.glob("*.jsonl")}
    ran = windows.evtscan("audit", "fleet", "-o", "there\\", "-q", "-j", "2", cwd=work)
    read_again = [name for name, time_ in kept.items() if (finished / name).stat().st_mtime_ns != time_]
    if not was_running or not kept or read_again:
        return f"nothing to resume (killed: {was_running}, kept: {len(kept)}, read again: {len(read_again)})"
    return _compared(ran, work / "here", work / "there")


def check_dump(windows: Windows) -> str:
    """The dump of a large log, shared among worker processes, gives the same bytes."""
    from assemble import assemble

    work = windows.drive / "work" / "dump"
    work.mkdir()
    assemble(sorted((ROOT / "samples").rglob("*.evtx")), work / "large.evtx", LARGE)
    for folder in ("here", "there"):
        (work / folder).mkdir()
    _here("dump", "large.evtx", "-o", "here/large.csv", "-q", cwd=work)
    ran = windows.evtscan("dump", "large.evtx", "-o", "there\\large.csv", "-q", "-j", "2", cwd=work)
    return _compared(ran, work / "here", work / "there")


def check_collect(windows: Windows) -> str:
    """Scripts of ``collect`` for cmd run in Wine's cmd, and the facts of what they gather are known."""
    for generation in ("nt4", "2000"):
        work = windows.drive / "work" / f"collect-{generation}"
        work.mkdir()
        ran = windows.evtscan("collect", "--for", generation, "-o", "collect.cmd", cwd=work)
        if ran.code:
            return ran.output
        ran = windows.run("cmd", "/c", "collect.cmd", f"C:\\work\\collect-{generation}\\out", cwd=work, minutes=5)
        gathered = {file.name.lower() for file in (work / "out").glob("*")}
        wanted = {"currentversion.reg", "services.reg", "productoptions.reg", "ver.txt", "drivers-dir.txt"}
        if ran.code or "yntax" in ran.output or not wanted <= gathered:
            return f"{generation}: exit code {ran.code}, without {', '.join(wanted - gathered)}: {ran.output[-2000:]}"
        facts = windows.evtscan("facts", "out", cwd=work)
        if "os.version" not in facts.output:
            return f"{generation}: {facts.output[-2000:]}"
    return ""


def check_names(windows: Windows) -> str:
    """Files called like a device, and below a path of more than 260 characters, are read."""
    folder = windows.drive / "work" / "names"
    deep = folder / "hosts" / ("a" * 120) / ("b" * 120) / "nul"
    deep.mkdir(parents=True)
    shutil.copy(next((ROOT / "samples" / "hosts").rglob("*.evtx")), deep / "System.evtx")
    (folder / "hosts" / "AUX.zip").write_bytes(b"no archive")
    ran = windows.evtscan("metrics", "hosts", cwd=folder, minutes=3)
    return "" if ran.code == 0 and "1 read, 1 skipped" in ran.output else f"exit code {ran.code}: {ran.output[-2000:]}"


def check_tests(windows: Windows, tests: Sequence[str], minutes: float) -> str:
    """The tests pass."""
    ran = windows.run(
        *(r"C:\Python311\python.exe", "-m", "pytest", "-n", "2", "-p", "no:cacheprovider", "--tb=short", *tests),
        cwd=windows.drive / "evtscan",
        minutes=minutes,
    )
    print(ran.output[-20000:])
    return "" if ran.code == 0 else f"exit code {ran.code}"


def check_portable(windows: Windows) -> str:
    """The folder without an installed Python is built, starts, and gives the same bytes."""
    from portable import build

    target = windows.drive / "portable"
    shutil.rmtree(target, ignore_errors=True)
    archive = build(target, windows.python, LIMITS)
    work = windows.drive / "work"
    program = r"C:\portable\evtscan\evtscan.exe"
    seconds = []
    for _ in range(3):
        begun = time.monotonic()
        version = windows.run(program, "--version", cwd=work)
        seconds.append(time.monotonic() - begun)
    print(f"{archive.name}: {archive.stat().st_size >> 20} MiB; {version.output.strip()} after {min(seconds):.2f} s")
    ran = windows.run(program, "audit", "hosts", "-o", "portable\\", "-q", "-j", "2", cwd=work)
    return _compared(ran, work / "here", work / "portable")


def main() -> int:
    """Run the trial and return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="folder to work in, which is kept")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--tests", nargs="+", default=CHOSEN_TESTS, help="tests to run instead of the chosen ones")
    choice.add_argument("--whole", action="store_true", help="run all tests")
    choice.add_argument("--no-tests", action="store_true", help="run no tests")
    parser.add_argument("--portable", action="store_true", help="also build and start the folder without Python")
    parser.add_argument("--if-possible", action="store_true", help="succeed where the trial cannot be set up")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evtscan-windows-") as temporary:
        try:
            windows = set_up((given.folder or Path(temporary)).resolve())
        except TrialError as error:
            print(f"no trial on Windows: {error}", file=sys.stderr)
            return 0 if given.if_possible else 2
        tests, minutes = ([], 120) if given.whole else (given.tests, 20)
        checks: dict[str, Callable[[], str]] = {
            "samples: same bytes": lambda: check_samples(windows),
            "two workers, killed and resumed: same bytes": lambda: check_workers(windows),
            "dump of a large log: same bytes": lambda: check_dump(windows),
            "long paths and names of devices": lambda: check_names(windows),
            "collect scripts in cmd": lambda: check_collect(windows),
        }
        if given.portable:
            checks["folder without an installed Python: same bytes"] = lambda: check_portable(windows)
        if not given.no_tests:
            checks["tests"] = lambda: check_tests(windows, tests, minutes)
        failed = [name for name, check in checks.items() if _report(name, check)]
        return 1 if failed else 0


def _report(name: str, check: Callable[[], str]) -> bool:
    """Run a check, print how it ended, and return whether it failed."""
    begun = time.monotonic()
    try:
        problem = check()
    except TrialError as error:
        problem = str(error)
    took = f"{time.monotonic() - begun:.0f} s"
    print(f"{'FAILED' if problem else 'ok':<7} {name} ({took}){': ' + problem if problem else ''}", flush=True)
    return bool(problem)


if __name__ == "__main__":
    sys.exit(main())
