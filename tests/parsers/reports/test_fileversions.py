from report_samples import FILEVER, read


def test_filever(tmp_path):
    (report,) = read(tmp_path, FILEVER)
    (entry,) = report.files
    assert (entry.name, entry.version, entry.size, entry.date) == ("rasarp.sys", "4.0.1381.7117", 12944, "2001-12-12")


def test_sigcheck(tmp_path):
    text = (
        "Path,Verified,Date,Publisher,Company,Description,Product,Product Version,File Version,Machine Type\n"
        '"c:\\windows\\system32\\drivers\\tcpip.sys","Signed","8:00 AM 8/4/2004","M","M","D","P","5.1",'
        '"5.1.2600.5512 (xp)","32-bit"\n'
    )
    (report,) = read(tmp_path, text)
    (entry,) = report.files
    assert (entry.name, entry.version, entry.folder) == ("tcpip.sys", "5.1.2600.5512", r"c:\windows\system32\drivers")
    assert entry.location.line == 2


def test_version_info_of_powershell(tmp_path):
    text = (
        '#TYPE Selected\n"ProductVersion","FileVersion","FileName"\n'
        '"4.00","4.0.1381.7117","C:\\WINNT\\rasarp.sys"\n"4.00","4.00","C:\\x.sys"\n'
    )
    (report,) = read(tmp_path, text)
    assert [(entry.name, entry.version) for entry in report.files] == [("rasarp.sys", "4.0.1381.7117")]


def test_a_carriage_return_within_a_line(tmp_path):
    text = 'Path,File Version,Machine Type\n"c:\\x.sys","5.1.2600.5512 (xp)",32\r-bit\n'
    (report,) = read(tmp_path, text)
    assert [(entry.name, entry.version) for entry in report.files] == [("x.sys", "5.1.2600.5512")]
