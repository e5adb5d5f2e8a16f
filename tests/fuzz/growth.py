"""How the work of a function grows with its input: operations are counted, since times depend on the machine.

An operation is a line of Python that is run, or a call of a function that is not written in Python. The work that such
a function does inside (a regular expression, say) is not seen; for that, ``seconds`` measures processor time.
"""

import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any


def operations(run: Callable[[], object]) -> int:
    """How many operations a function takes."""
    count = 0

    def on_line(frame: FrameType, kind: str, argument: Any) -> Any:
        nonlocal count
        count += 1
        return on_line

    def on_call(frame: FrameType, kind: str, argument: Any) -> None:
        nonlocal count
        count += kind == "c_call"

    before = sys.gettrace(), sys.getprofile()
    sys.setprofile(on_call)
    sys.settrace(on_line)
    try:
        run()
    finally:
        sys.settrace(before[0])
        sys.setprofile(before[1])
    return count


def seconds(run: Callable[[], object]) -> float:
    """Processor time of a function."""
    began = time.process_time()
    run()
    return time.process_time() - began
