from evtscan.dump.filenames import file_names


def test_names_that_every_system_allows():
    sources = ["case.zip!a/System.evtx", "CON.evtx", "a\n:b", "é" * 300, "X.evtx", "x.evtx"]
    names = file_names(sources, ".csv")
    assert list(names) == sources
    assert [names[source] for source in (*sources[:3], *sources[4:])] == [
        "case.zip!a_System.evtx.csv",
        "_CON.evtx.csv",
        "a__b.csv",
        "X.evtx.csv",
        "x.evtx~2.csv",
    ]
    assert len(names["é" * 300].encode()) < 255
