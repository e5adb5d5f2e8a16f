"""A folder of hosts → one report: assign files to hosts, judge each host, combine the results in a stable order."""

from evtscan.audit.plan import BY_FOLDER, LOOSE, HostPlan, HostsFrom, plan, with_inventory
from evtscan.audit.run import run

__all__ = ["BY_FOLDER", "LOOSE", "HostPlan", "HostsFrom", "plan", "run", "with_inventory"]
