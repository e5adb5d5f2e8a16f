"""Made-up Sigma rules and Sysmon logs for measurements: as many as asked for, shaped like those that people run.

    python benchmarks/sigma_rules.py FOLDER [--rules 2400] [--seed 1]

More than half of the rules are about process creations: an image (``Image|endswith``), texts of the command line
(``contains`` and ``contains|all``), and often exclusions. The others are about image loads, registry values, files,
script blocks, network connections and Security events. The same seed gives the same rules and the same events.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import yaml

Detection = dict[str, object]

SYSMON = "Microsoft-Windows-Sysmon"
SYSMON_CHANNEL = "Microsoft-Windows-Sysmon/Operational"

_PROGRAMS = (
    *("powershell", "pwsh", "cmd", "rundll32", "regsvr32", "mshta", "wscript", "cscript", "reg", "net", "net1", "sc"),
    *("schtasks", "wmic", "certutil", "bitsadmin", "msiexec", "nltest", "whoami", "tasklist", "taskkill", "vssadmin"),
    *("wbadmin", "bcdedit", "fsutil", "wevtutil", "netsh", "ipconfig", "ping", "nslookup", "curl", "findstr", "attrib"),
    *("icacls", "takeown", "explorer", "svchost", "services", "lsass", "winword", "excel", "outlook", "chrome"),
    *("msedge", "firefox", "notepad", "mmc", "dllhost", "conhost", "taskhostw", "winlogon", "wmiprvse", "msbuild"),
    *("installutil", "csc", "cmstp", "control", "hh", "forfiles", "ftp", "gpresult", "hostname", "klist", "quser"),
)
_WORDS = (
    *("account", "address", "agent", "archive", "backup", "block", "branch", "bridge", "buffer", "cache", "chain"),
    *("client", "cloud", "cluster", "config", "copy", "core", "credential", "data", "debug", "delete", "deploy"),
    *("device", "disable", "domain", "download", "driver", "dump", "enable", "encode", "event", "export", "fetch"),
    *("file", "filter", "folder", "forward", "group", "handle", "hidden", "hook", "import", "inject", "install"),
    *("invoke", "kernel", "key", "launch", "layer", "library", "license", "link", "list", "load", "local", "lock"),
    *("log", "manager", "memory", "module", "monitor", "mount", "network", "object", "pack", "patch", "payload"),
    *("policy", "port", "print", "process", "profile", "proxy", "query", "queue", "reader", "record", "remote"),
    *("remove", "report", "reset", "restore", "route", "run", "scan", "script", "secret", "security", "server"),
    *("service", "session", "shadow", "share", "shell", "start", "stop", "storage", "stream", "switch", "system"),
    *("table", "task", "thread", "ticket", "token", "trace", "transfer", "update", "upload", "user", "vault", "view"),
)
_FOLDERS = (
    *("C:\\Windows\\System32", "C:\\Windows\\SysWOW64", "C:\\Program Files\\Common", "C:\\ProgramData"),
    *("C:\\Users\\Public", "C:\\Windows\\Temp", "C:\\Program Files (x86)\\Vendor", "C:\\Perflogs"),
)


class _Maker:
    """Parts of rules and events out of one random sequence."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def word(self, least: int = 1, most: int = 3) -> str:
        parts = self.random.choices(_WORDS, k=self.random.randint(least, most))
        return "".join(part.capitalize() for part in parts)

    def program(self) -> str:
        """A file name; two of three are of well-known programs."""
        return f"{self.random.choice(_PROGRAMS)}.exe" if self.random.random() < 0.67 else self.tool()

    def tool(self) -> str:
        """A file name of a program that is no part of Windows."""
        return f"{self.word(2, 3).lower()}.exe"

    def argument(self) -> str:
        """A piece of a command line, as rules look for it."""
        word = self.word()
        forms = (f" -{word}", f" /{word.lower()}", f"{word}.{word[:3].lower()}", f"{word} ", f"\\{word}\\", f"--{word}")
        return self.random.choice(forms)

    def some(self, make: Callable[[], str], least: int, most: int) -> list[str]:
        return list(dict.fromkeys(make() for _ in range(self.random.randint(least, most))))

    def chance(self, share: float) -> bool:
        return self.random.random() < share


# ---------------------------------------------------------------------------------------------------- rules


def _process_creation(make: _Maker) -> Detection:
    detection: Detection = {}
    parts = []
    with_text = make.chance(0.85)  # a program that is started all the time is no reason for a rule by itself
    if make.chance(0.75):
        names = make.some(make.program if with_text else make.tool, 1, 4)
        detection["selection_img"] = [
            {"Image|endswith": [f"\\{name}" for name in names]},
            {"OriginalFileName": [name.upper() for name in names]},
        ]
        parts.append("selection_img")
    if make.chance(0.2):
        detection["selection_parent"] = {
            "ParentImage|endswith": [f"\\{name}" for name in make.some(make.program, 1, 6)]
        }
        parts.append("selection_parent")
    if with_text or not parts:
        form = make.random.random()
        if form < 0.45:
            cli: Detection = {"CommandLine|contains": make.some(make.argument, 1, 12)}
        elif form < 0.75:
            cli = {"CommandLine|contains|all": make.some(make.argument, 2, 4)}
        elif form < 0.85:
            cli = {"CommandLine|contains|windash": [f" -{word}" for word in make.some(make.word, 1, 3)]}
        elif form < 0.92:
            cli = {"CommandLine|re": rf"(?i)\s[-/]{make.word()}\s+\w{{3,}}\.{make.word(1, 1).lower()}"}
        elif form < 0.96:
            cli = {"CommandLine": [f"*{make.word()}*{make.argument()}*" for _ in range(make.random.randint(1, 3))]}
        else:
            cli = {"CommandLine|base64offset|contains": make.word(2, 3)}
        detection["selection_cli"] = cli
        parts.append("selection_cli")
    if make.chance(0.05):
        algorithm = make.random.choice(("MD5", "SHA256", "IMPHASH"))
        detection["selection_hash"] = {"Hashes|contains": [f"{algorithm}={make.random.getrandbits(128):032X}"]}
        parts.append("selection_hash")
    condition = " and ".join(parts)
    if make.chance(0.35):
        for number in range(make.random.randint(1, 4)):
            detection[f"filter_main_{number}"] = _exclusion(make)
        condition += " and not 1 of filter_main_*"
    return {**detection, "condition": condition}


def _exclusion(make: _Maker) -> Detection:
    forms: tuple[Detection, ...] = (
        {"Image|startswith": [f"{folder}\\" for folder in make.random.sample(_FOLDERS, 2)]},
        {"ParentImage|endswith": f"\\{make.program()}", "CommandLine|contains": make.argument()},
        {"CommandLine": None},
        {"ParentImage": f"{make.random.choice(_FOLDERS)}\\{make.program()}"},
    )
    return make.random.choice(forms)


def _image_load(make: _Maker) -> Detection:
    libraries = [f"\\{name.lower()}.dll" for name in make.some(make.word, 1, 12)]
    if make.chance(0.4):
        libraries += [f"\\{make.random.choice(_PROGRAMS)}.dll"]
    detection: Detection = {"selection": {"ImageLoaded|endswith": libraries}}
    condition = "selection"
    if make.chance(0.3):
        detection["selection_image"] = {"Image|endswith": [f"\\{name}" for name in make.some(make.program, 1, 4)]}
        condition += " and selection_image"
    if make.chance(0.6):
        folders = make.random.sample(_FOLDERS, 3)
        detection["filter_main_path"] = {"ImageLoaded|startswith": [f"{folder}\\" for folder in folders]}
        detection["filter_optional_null"] = {"Image": None}
        condition += " and not 1 of filter_*"
    return {**detection, "condition": condition}


def _registry_set(make: _Maker) -> Detection:
    form = make.chance(0.5)
    key: Detection = (
        {"TargetObject|endswith": [f"\\{make.word()}\\{make.word()}" for _ in range(make.random.randint(1, 4))]}
        if form
        else {"TargetObject|contains|all": [f"\\{make.word()}\\", f"\\{make.word()}"]}
    )
    if make.chance(0.5):
        key["Details"] = make.random.choice(("DWORD (0x00000000)", "DWORD (0x00000001)", "(Empty)"))
    detection: Detection = {"selection": key}
    if make.chance(0.4):
        detection["filter_main"] = {"Image|endswith": f"\\{make.program()}"}
        return {**detection, "condition": "selection and not filter_main"}
    return {**detection, "condition": "selection"}


def _file_event(make: _Maker) -> Detection:
    selection: Detection = {"TargetFilename|endswith": [f"\\{make.word()}.{make.word(1, 1).lower()[:3]}"]}
    if make.chance(0.4):
        selection = {"TargetFilename|contains": [f"\\{word}\\" for word in make.some(make.word, 1, 4)]}
    if make.chance(0.5):
        selection["Image|endswith"] = [f"\\{name}" for name in make.some(make.program, 1, 5)]
    return {"selection": selection, "condition": "selection"}


def _script(make: _Maker) -> Detection:
    words = [f"{make.word(1, 1)}-{make.word()}" for _ in range(make.random.randint(1, 8))]
    field = "ScriptBlockText|contains|all" if make.chance(0.3) else "ScriptBlockText|contains"
    return {"selection": {field: words}, "condition": "selection"}


def _network(make: _Maker) -> Detection:
    return {
        "selection": {"Initiated": "true", "Image|endswith": f"\\{make.program()}"},
        "port": {"DestinationPort": make.random.sample(range(1, 9999), 3)},
        "filter_main_local": {"DestinationIp|cidr": ["10.0.0.0/8", "127.0.0.0/8", "192.168.0.0/16", "fe80::/10"]},
        "condition": "selection and (port or not filter_main_local)",
    }


def _security(make: _Maker) -> Detection:
    selection: Detection = {"EventID": make.random.choice((4624, 4625, 4663, 4688, 4697, 4720, 5145, 5156))}
    selection["ObjectName|endswith" if make.chance(0.5) else "ServiceName"] = [make.word() for _ in range(3)]
    detection = {"selection": selection, "filter": {"SubjectUserName|endswith": "$"}}
    return {**detection, "condition": "selection and not filter"}


def _keywords(make: _Maker) -> Detection:
    return {"keywords": [f"{make.word()}: {make.word()}" for _ in range(3)], "condition": "keywords"}


_KINDS: tuple[tuple[float, Mapping[str, str], Callable[[_Maker], Detection]], ...] = (
    (0.56, {"category": "process_creation"}, _process_creation),
    (0.05, {"category": "image_load"}, _image_load),
    (0.09, {"category": "registry_set"}, _registry_set),
    (0.08, {"category": "file_event"}, _file_event),
    (0.07, {"category": "ps_script"}, _script),
    (0.04, {"category": "network_connection"}, _network),
    (0.10, {"service": "security"}, _security),
    (0.01, {"service": "system"}, _keywords),
)


def rule_documents(count: int, seed: int = 1) -> Iterator[dict[str, object]]:
    """Rules as the maps that YAML files hold."""
    random = Random(seed)
    make = _Maker(random)
    weights = [share for share, _, _ in _KINDS]
    for number in range(count):
        (_, logsource, detection) = random.choices(_KINDS, weights)[0]
        yield {
            "title": f"{make.word(2, 3)} {number}",
            "id": str(UUID(int=random.getrandbits(128), version=4)),
            "status": "test",
            "description": f"A made-up rule for measurements, number {number}.",
            "tags": ["attack.execution", f"attack.t1{random.randrange(600):03}"],
            "logsource": {"product": "windows", **logsource},
            "detection": detection(make),
            "level": random.choice(("low", "medium", "high")),
        }


def write_rules(folder: Path, count: int, seed: int = 1) -> Path:
    """Write rules into a folder, one to a file, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, document in enumerate(rule_documents(count, seed)):
        text = yaml.dump(document, sort_keys=False, width=1000, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper))
        (folder / f"rule-{number:05}.yml").write_text(text, encoding="utf-8")
    return folder


# --------------------------------------------------------------------------------------------------- events


def process_creation_fields(count: int, seed: int = 1) -> Iterator[dict[str, str]]:
    """Data of Sysmon process creations (event 1); every second command line is unique."""
    make = _Maker(Random(seed))
    random = make.random
    begun = datetime(2026, 1, 15)
    weights = [1 / (rank + 1) for rank in range(len(_PROGRAMS))]
    usual = [f"{make.word()} -{make.word()} {make.argument()}" for _ in range(400)]
    for number in range(count):
        name, parent = random.choices(_PROGRAMS, weights, k=2)
        rest = random.choice(usual)
        if make.chance(0.5):
            rest = f"{' '.join(make.argument() for _ in range(4))} {random.getrandbits(64):x} {make.word()}.log"
        image = f"C:\\Windows\\System32\\{name}.exe"
        md5, sha256 = random.choice(_hashes(name)), f"{hash_of(name):064X}"
        yield {
            "RuleName": "-",
            "UtcTime": f"{begun + timedelta(seconds=number)}.123",
            "ProcessGuid": f"{{{UUID(int=random.getrandbits(128))}}}".upper(),
            "ProcessId": str(random.randrange(4, 60_000, 4)),
            "Image": image,
            "FileVersion": "10.0.19041.1 (WinBuild.160101.0800)",
            "Description": f"{name} of Windows",
            "Product": "Microsoft® Windows® Operating System",
            "Company": "Microsoft Corporation",
            "OriginalFileName": f"{name}.exe".upper(),
            "CommandLine": f'"{image}" {rest}',
            "CurrentDirectory": f"{random.choice(_FOLDERS)}\\",
            "User": random.choice(("NT AUTHORITY\\SYSTEM", "CONTOSO\\alice", "CONTOSO\\bob")),
            "LogonGuid": f"{{{UUID(int=number // 50)}}}".upper(),
            "LogonId": hex(number // 50 * 4096 + 999),
            "TerminalSessionId": str(random.randrange(3)),
            "IntegrityLevel": random.choice(("System", "High", "Medium")),
            "Hashes": f"MD5={md5},SHA256={sha256},IMPHASH={md5[::-1]}",
            "ParentProcessGuid": f"{{{UUID(int=random.getrandbits(128))}}}".upper(),
            "ParentProcessId": str(random.randrange(4, 60_000, 4)),
            "ParentImage": f"C:\\Windows\\System32\\{parent}.exe",
            "ParentCommandLine": f"C:\\Windows\\System32\\{parent}.exe {random.choice(usual)}",
            "ParentUser": "NT AUTHORITY\\SYSTEM",
        }


def image_load_fields(count: int, seed: int = 1) -> Iterator[dict[str, str]]:
    """Data of Sysmon image loads (event 7): few programs and libraries, many processes."""
    make = _Maker(Random(seed))
    random = make.random
    begun = datetime(2026, 1, 15)
    libraries = [make.word().lower() for _ in range(400)] + list(_PROGRAMS)
    for number in range(count):
        library, program = random.choice(libraries), random.choice(_PROGRAMS)
        yield {
            "RuleName": "-",
            "UtcTime": f"{begun + timedelta(milliseconds=number * 7)}",
            "ProcessGuid": f"{{{UUID(int=number // 40)}}}".upper(),
            "ProcessId": str(number // 40 * 4 + 4),
            "Image": f"C:\\Windows\\System32\\{program}.exe",
            "ImageLoaded": f"{random.choice(_FOLDERS[:3])}\\{library}.dll",
            "FileVersion": "10.0.19041.1 (WinBuild.160101.0800)",
            "Description": f"{library} library",
            "Product": "Microsoft® Windows® Operating System",
            "Company": "Microsoft Corporation",
            "OriginalFileName": f"{library}.dll",
            "Hashes": f"MD5={_hashes(library)[0]},SHA256={hash_of(library):064X}",
            "Signed": "true",
            "Signature": "Microsoft Windows",
            "SignatureStatus": "Valid",
            "User": "NT AUTHORITY\\SYSTEM",
        }


def hash_of(name: str) -> int:
    """A number of 256 bits that goes with a name."""
    return Random(name).getrandbits(256)


def _hashes(name: str) -> list[str]:
    random = Random(name)
    return [f"{random.getrandbits(128):032X}" for _ in range(3)]


def main() -> None:
    """Write rules."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rules", type=int, default=2400)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(f"{options.rules:,} rules in {write_rules(options.folder, options.rules, options.seed)}")


if __name__ == "__main__":
    main()
