"""One host in a process of its own, which can be ended: for where worker processes cannot be had.

The process is ``python -m evtscan.audit.single``; it reads a plan and the work on stdin and writes the reports to
stdout, both as a pickle from and for the process that started it.
"""

import pickle
import subprocess
import sys

from evtscan.audit.hosts import Finished, Work, failed, overdue, scan_plan
from evtscan.audit.plan import HostPlan


def scan_in_own_process(plan: HostPlan, work: Work, timeout: float) -> Finished:
    """Judge one host in a process that has so many seconds for it, start-up included."""
    command = [sys.executable, "-m", "evtscan.audit.single"]
    task = pickle.dumps((plan, work), pickle.HIGHEST_PROTOCOL)
    try:
        done = subprocess.run(command, input=task, stdout=subprocess.PIPE, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        return overdue(plan, timeout)
    if done.returncode != 0:
        return failed(plan, f"its process ended with {done.returncode}; the host was left out")
    return Finished(plan, pickle.loads(done.stdout))


def main() -> None:
    """Judge the host that is handed in."""
    plan, work = pickle.loads(sys.stdin.buffer.read())
    sys.stdout.buffer.write(pickle.dumps(scan_plan(plan, work), pickle.HIGHEST_PROTOCOL))


if __name__ == "__main__":
    main()
