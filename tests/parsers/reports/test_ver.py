import pytest
from report_samples import read


@pytest.mark.parametrize(
    ("line", "version", "build", "pack"),
    [
        ("Windows NT Version 4.0", "4.0", None, None),
        ("Microsoft Windows 2000 [Version 5.00.2195]", "5.00.2195", "2195", None),
        ("Microsoft Windows XP [Version 5.1.2600]", "5.1.2600", "2600", None),
        ("Microsoft Windows [versión 6.1.7601]", "6.1.7601", "7601", None),
        ("Microsoft Windows [Version 10.0.19045.4291]", "10.0.19045.4291", "19045", None),
        ("Version 4.0 (Build 1381: Service Pack 6)", "4.0", "1381", "Service Pack 6"),
        ("Version 4.0 (Build 1381: Service Pack 3, RC 1.76)", "4.0", "1381", "Service Pack 3, RC 1.76"),
        ("Version 4.0 (Build 1381)", "4.0", "1381", ""),
        ("Version 5.1 (Build 2600.xpsp_sp3_gdr.1 : Service Pack 3)", "5.1", "2600", "xpsp_sp3_gdr.1 : Service Pack 3"),
        ("Version 22H2 (OS Build 19045.4291)", None, None, None),
    ],
)
def test_lines(tmp_path, line, version, build, pack):
    reports = read(tmp_path, f"C:\\>ver\n\n{line}\n\nC:\\>net start\n\nX:\n\n   EventLog\n\nDone.\n")
    found = [(report.version, report.build, report.service_pack) for report in reports if report.format == "ver"]
    assert found == ([(version, build, pack)] if version else [])


def test_banner_of_a_prompt(tmp_path):
    (report,) = read(
        tmp_path, "Microsoft Windows XP [Version 5.1.2600]\n(C) Copyright 1985-2001 Microsoft Corp.\n\nC:\\>"
    )
    assert report.build == "2600"
