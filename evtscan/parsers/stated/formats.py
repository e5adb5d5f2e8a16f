"""The format of facts that a person states."""

from evtscan.parsers.formats import Format, Kind

FACTS = Format(
    name="facts",
    title="Facts that a person states (facts.yaml)",
    kind=Kind.FACTS,
    module="evtscan.parsers.stated.factsfile",
    recognises=lambda head, name: name.lower() == "facts.yaml",
    keeps="values, from when on each held, and their source",
    loses="evidence: it is a person's statement",
    known_by="its name, `facts.yaml`: the one file that is known by its name",
)
