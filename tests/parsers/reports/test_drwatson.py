from report_samples import DRWATSON, read


def test_history(tmp_path):
    first, last = read(tmp_path, DRWATSON)
    assert (first.computer, first.version, first.build) == ("NTBOX", "4.0", "1381")
    assert (str(first.taken), first.service_pack) == ("1998-01-13T09:26:53.580", None)
    assert (str(last.taken), last.service_pack) == ("2001-03-04T21:07:01.020", "Service Pack 6")
    assert (last.kernel_type, last.taken.local) == ("Uniprocessor Free", True)


def test_none_is_said(tmp_path):
    assert read(tmp_path, DRWATSON.replace("Service Pack: 6", "Service Pack: None"))[1].service_pack == ""


def test_dates_with_the_day_first_are_found_out(tmp_path):
    reports = read(tmp_path, DRWATSON.replace("1/13/1998", "13/1/1998"))
    assert [str(report.taken) for report in reports] == ["1998-01-13T09:26:53.580", "2001-04-03T21:07:01.020"]


def test_of_equal_blocks_the_first_and_the_last_are_kept(tmp_path):
    block = DRWATSON[DRWATSON.rindex("Application") :]
    blocks = [block.replace("3/4/2001", f"3/{day}/2001") for day in range(1, 29)]
    reports = read(tmp_path, "\n".join(blocks))
    assert [str(report.taken)[:10] for report in reports] == ["2001-03-01", "2001-03-28"]
