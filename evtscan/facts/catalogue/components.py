"""The evidence by which components of Windows are recognised: a table for ``presence``, with the source articles.

To add a component, add a row.
"""

from dataclasses import dataclass

from evtscan.base.model.query import Selector


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A row of ``COMPONENTS``.

    ``name`` is the last part of the fact (``component.NAME``), ``title`` the usual name, ``articles`` the sources.

    - ``services``: a service or driver with one of these names shows that the component is installed. If all services
      are known and none has such a name, it is absent. A file with such a name counts too, as drivers are named after
      it.
    - ``has_driver``: one of its services is a driver, so a list of services without drivers does not show its absence.
    - ``key_is_enough``: the registry key of a service counts without a start type. Otherwise it needs one: Windows 7
      has keys with parameters only of components that were never installed (SNMP, W3SVC), and a removal leaves such
      keys.
    - ``events``: events that only the installed component logs. ``features``: its names in component servicing.
    - ``unsettling``: services, and ``unsettling_events`` events, that leave its presence undecided; ``why`` is the
      reason, in which ``{shown}`` is replaced by the service or event.
    - ``leftovers``: events that show registry keys which outlived a removal; they state ``component.NAME.leftovers``.
    - ``before``: the first version of Windows without this component, whatever its services and events are.
    """

    name: str
    title: str
    articles: tuple[str, ...]
    services: tuple[str, ...] = ()
    has_driver: bool = False
    key_is_enough: bool = False
    events: tuple[Selector, ...] = ()
    features: tuple[str, ...] = ()
    unsettling: tuple[str, ...] = ()
    unsettling_events: tuple[Selector, ...] = ()
    why: str = ""
    leftovers: tuple[Selector, ...] = ()
    before: str = ""

    @property
    def fact(self) -> str:
        """The name of the fact: whether the component is installed."""
        return f"component.{self.name}"

    @property
    def leftovers_fact(self) -> str:
        """The name of the fact: whether registry keys of the component outlived its removal."""
        return f"{self.fact}.leftovers"


def _system(source: str, *event_ids: int) -> tuple[Selector, ...]:
    return tuple(Selector("System", source, number) for number in event_ids) or (Selector("System", source),)


COMPONENTS: tuple[Component, ...] = (
    Component(
        name="ras",
        title="Remote Access Service of Windows NT",
        # Q177118 lists its keys, Q175719 those of RRAS, which has all of them but RasArp; events: Q124919, Q167205
        articles=("Q177118", "Q175719", "Q167205", "Q181548"),
        services=("RasArp",),
        has_driver=True,
        key_is_enough=True,
        events=_system("RemoteAccess"),
        unsettling=("Router", "WanArp"),
        unsettling_events=_system("Router"),
        why="Routing and Remote Access is installed ({shown}), and no article says whether it behaves as RAS does",
        leftovers=(*_system("Tcpip", 4119), *_system("NetBT", 4311)),
        # from Windows 2000 on remote access is a part of Windows: WanArp is always there, RasArp never
        before="5.0",
    ),
    Component(
        name="rras",
        title="Routing and Remote Access Service Update of Windows NT 4.0",
        articles=("Q175719", "Q172290"),
        services=("Router",),
        events=_system("Router"),
    ),
    Component(
        name="dhcp_server",
        title="DHCP Server",
        articles=("Q151237", "Q163055"),
        services=("DhcpServer",),
        events=_system("DhcpServer"),
        features=("DHCPServer",),
    ),
    Component(
        name="dns_server",
        title="DNS Server",
        # on Windows NT 4.0 it logs to the System log; later it has a log of its own, where 2 says that it started
        articles=("Q197146", "Q171781"),
        services=("DNS",),
        events=(*_system("DNS"), Selector("DNS Server", "DNS", 2)),
        features=("DNS-Server-Full-Role",),
    ),
    Component(
        name="wins",
        title="WINS Server",
        articles=("Q151237", "Q172692"),
        services=("Wins",),
        events=_system("WINS"),
    ),
    Component(
        name="snmp",
        title="SNMP service",
        articles=("Q151237", "Q163595"),
        services=("SNMP",),
        events=_system("SNMP"),
        features=("SNMP",),
    ),
    Component(
        name="iis",
        title="Internet Information Server",
        articles=("Q154485",),
        services=("W3SVC", "MSFTPSVC"),
        events=_system("W3SVC"),
        features=("IIS-WebServer",),
    ),
    Component(
        name="exchange",
        title="Exchange Server",
        # not the key Exchange\Setup, which the administrator program alone makes too (Q149205)
        articles=("Q147374", "Q149205"),
        services=("MSExchangeIS", "MSExchangeSA", "MSExchangeMTA", "MSExchangeDS"),
        events=(Selector("Application", "MSExchangeSA"),),
    ),
    Component(
        name="cluster",
        title="Cluster service",
        articles=("Q175779", "Q233349"),
        services=("ClusSvc",),
        events=_system("ClusSvc"),
        features=("FailoverCluster-FullServer",),
    ),
    Component(
        name="print_server_lpd",
        title="TCP/IP Printing Service",
        articles=("Q151237", "Q160055"),
        services=("LPDSVC",),
    ),
    Component(
        name="macintosh",
        title="Services for Macintosh",
        articles=("Q130633",),
        services=("MacFile",),
        events=_system("MacFile"),
    ),
    Component(
        name="dfs_replication",
        title="DFS Replication",
        articles=("https://learn.microsoft.com/windows-server/storage/dfs-replication/dfsr-overview",),
        services=("DFSR",),
        events=(Selector("DFS Replication", "DFSR", 1004),),
    ),
    Component(
        name="hyper_v",
        title="Hyper-V",
        articles=("https://learn.microsoft.com/windows-server/virtualization/hyper-v/hyper-v-overview",),
        services=("vmms",),
        features=("Microsoft-Hyper-V",),
    ),
)
