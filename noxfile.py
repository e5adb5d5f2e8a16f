"""Everything that a change must pass, and what is run now and then: one word each.

``nox`` alone runs what every change must pass; ``nox -l`` lists all sessions. Each session has an environment of its
own; ``nox --no-venv -s lint`` uses the current one.
"""

import nox

nox.options.sessions = ["tests", "lint", "types", "contract", "rules", "docs"]
nox.options.reuse_existing_virtualenvs = True


def install(session: nox.Session, *extras: str) -> None:
    """Install evtscan with some extras, unless the session runs in the current environment."""
    if session.virtualenv.is_sandboxed:
        session.install("--editable", f".[{','.join(extras)}]" if extras else ".")


def python(session: nox.Session, *arguments: str) -> None:
    """Run Python in the environment of the session."""
    session.run("python", *arguments)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests in parallel; arguments after ``--`` go to pytest."""
    install(session, "test")
    python(session, "-m", "pytest", "-n", "auto", *session.posargs)


@nox.session
def corpus(session: nox.Session) -> None:
    """Sweep over the real logs of the corpus (docs/corpus.md)."""
    install(session, "test")
    python(session, "-m", "pytest", "-m", "corpus", "-n", "auto", *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Run the tests and print which lines they reach, by module."""
    install(session, "test", "lint")
    python(session, "-m", "pytest", "-n", "auto", "--cov=evtscan", "--cov-report=term:skip-covered", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check format and lint of Python."""
    install(session, "lint")
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check types (mypy, strict)."""
    install(session, "lint")
    session.run("mypy")


@nox.session
def contract(session: nox.Session) -> None:
    """Check that imports go downwards only."""
    install(session, "test")
    session.run("lint-imports")


@nox.session
def rules(session: nox.Session) -> None:
    """Check the catalogue: lints, schema, cases."""
    install(session)
    python(session, "-m", "evtscan", "rules", "check")


@nox.session
def docs(session: nox.Session) -> None:
    """Check that the generated parts of the documentation are current; ``nox -s docs -- --write`` writes them."""
    install(session, "test")
    python(session, "docs/generate.py", *([] if "--write" in session.posargs else ["--check"]))


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Measure speed against the peers; arguments after ``--`` go to benchmarks/run.py."""
    install(session, "test")
    python(session, "benchmarks/run.py", *session.posargs)


@nox.session
def mutants(session: nox.Session) -> None:
    """Measure how many of a sample of small faults the tests notice (tools/mutants.py)."""
    install(session, "test", "lint")
    python(session, "tools/mutants.py", *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Feed hostile inputs to every entry point: ``nox -s fuzz -- --minutes 10 --seed 1 --out crashes``."""
    install(session, "test")
    python(session, "-m", "tests.fuzz", *session.posargs)


@nox.session
def windows(session: nox.Session) -> None:
    """Try evtscan on a CPython for Windows under Wine, and compare all bytes; ``-- --whole`` runs every test there."""
    install(session, "test")
    if session.virtualenv.is_sandboxed:
        session.install("distlib")
    python(session, "tools/windows_trial.py", *session.posargs)


@nox.session
def build(session: nox.Session) -> None:
    """Build wheel and sdist, and check what they hold: metadata, and that the wheel runs by itself."""
    session.install("build", "twine")
    session.run("python", "-m", "build", "--outdir", "dist")
    session.run("python", "-m", "twine", "check", "--strict", "dist/*")


@nox.session
def portable(session: nox.Session) -> None:
    """Build the folder that runs on Windows without an installed Python; arguments go to tools/portable.py."""
    session.install("distlib")
    python(session, "tools/portable.py", *session.posargs)


@nox.session(venv_backend="none")
def page(session: nox.Session) -> None:
    """Check the JavaScript modules of report.html with ESLint; needs Node 20, which nothing else does."""
    session.run("npx", "--yes", "eslint@9", "evtscan/reporters/html/static", external=True)
